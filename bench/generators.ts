import { loadavg } from 'node:os'
import { print, stoppableProgram } from './bench-program.ts'
import { generatorCommand, type GeneratorOptions, generatorOptionsOf } from './generators/generator-options.ts'
import { otherGenerators, type Pair, runPairs } from './generators/generator-run.ts'
import { keepResult } from './kept-result.ts'
import { thisCommit, thisMachine } from './machine.ts'
import { rounded, spreadOf } from './peers/race-rounds.ts'

await stoppableProgram(generatorCommand(), generatorOptionsOf, compareGenerators)

interface GeneratorRound {
  readonly at: string
  readonly loadAverage: number
  readonly pairs: readonly Pair[]
}

async function compareGenerators(options: GeneratorOptions, stop: AbortSignal): Promise<void> {
  const { connections, rounds: count, seconds, warmup } = options
  const commit = thisCommit()
  const rounds: GeneratorRound[] = []
  for (let left = count; left > 0; left--) {
    const [loadAverage = 0] = loadavg()
    const round = {
      at: new Date().toISOString(),
      loadAverage: Math.round(loadAverage * 10) / 10,
      pairs: await runPairs(left, options, stop),
    }
    for (const { other, ours, theirs } of round.pairs) print(`${other} counted ${theirs} answers/s, ours ${ours}`)
    rounds.push(round)
  }
  const ratios = Object.fromEntries(otherGenerators.map(({ name }) => [name, spreadOf(rounds.map(({ pairs }) => ratioOf(pairs, name)))]))
  for (const [name, { median, least, most }] of Object.entries(ratios))
    print(`${name} counted ${median} times as much as ours (median of ${count}; ${least} to ${most})`)
  const result = {
    what: `npm run bench:generators -- --connections ${connections} --rounds ${count} --seconds ${seconds} --warmup ${warmup}`,
    commit,
    machine: thisMachine(),
    ratios,
    rounds,
  }
  if (options.into !== undefined) keepResult(options.into, result)
  if (options.json) print(JSON.stringify(result))
}

function ratioOf(pairs: readonly Pair[], name: string): number {
  const pair = pairs.find(({ other }) => other === name)
  return rounded((pair?.theirs ?? NaN) / (pair?.ours ?? NaN))
}
