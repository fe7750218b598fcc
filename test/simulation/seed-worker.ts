import { serveSeeds } from './runner/seed-service.ts'
import { sabotageOf } from './sabotage.ts'
import { loadSabotaged } from './sabotaged-code.ts'

// One process of the simulation. Its only argument, if there is one, is the sabotage under which all its seeds run.

const [name] = process.argv.slice(2)

await serveSeeds(process, async () => {
  const sabotage = name === undefined ? undefined : sabotageOf(name)
  const load = () => import('./run-seed.ts')
  const { runSeed } = sabotage?.where === 'code' ? await loadSabotaged(sabotage.patches, load) : await load()
  return (task) => runSeed({ ...task, sabotage: sabotage?.where === 'store' ? sabotage.name : undefined })
})
