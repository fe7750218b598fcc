import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { CommanderError } from 'commander'
import { BenchFault } from './bench-fault.ts'
import { generatorCommand, type GeneratorOptions, generatorOptionsOf } from './generators/generator-options.ts'
import { otherGenerators, type Pair, runPairs } from './generators/generator-run.ts'
import { thisCommit, thisMachine } from './machine.ts'
import { rounded, spreadOf } from './peers/race-rounds.ts'

/** Ends: 0 done, 1 failed, 2 asked for wrongly, and as shells have it 128 + 2 after Ctrl-C. */
const exitCode = { done: 0, failed: 1, misused: 2, interrupted: 130 } as const

process.exitCode = await main(process.argv.slice(2))

async function main(words: readonly string[]): Promise<number> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.once(signal, () => process.exit(exitCode.interrupted))
      stop.abort()
    })
  }
  try {
    await compareGenerators(generatorOptionsOf(generatorCommand().parse([...words], { from: 'user' })), stop.signal)
    return exitCode.done
  } catch (error) {
    if (stop.signal.aborted) return exitCode.interrupted
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.misused
    if (!(error instanceof BenchFault)) throw error
    process.stderr.write(`bench:generators: ${error.message}\n`)
    return exitCode.failed
  }
}

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
  if (options.into !== undefined) writeFileSync(options.into, `${JSON.stringify(result, null, 2)}\n`)
  if (options.json) print(JSON.stringify(result))
}

function ratioOf(pairs: readonly Pair[], name: string): number {
  const pair = pairs.find(({ other }) => other === name)
  return rounded((pair?.theirs ?? NaN) / (pair?.ours ?? NaN))
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
