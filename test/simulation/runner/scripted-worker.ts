import { runScripted } from './scripted-seeds.ts'
import { serveSeeds } from './seed-service.ts'

// Stands for a process of the simulation. Its argument is the sabotage, if there is one; one called stale cannot be had.

const [sabotage] = process.argv.slice(2)

await serveSeeds(process, () => {
  if (sabotage === 'no-chain') return Promise.reject(Object.assign(new Error('the store has no such switch'), { code: 'SABOTAGE_STALE' }))
  return Promise.resolve((task) => runScripted(task, sabotage !== undefined))
})
