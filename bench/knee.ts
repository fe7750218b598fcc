import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { CommanderError } from 'commander'
import { BenchFault } from './bench-fault.ts'
import type { LinkRate } from './knee/bottleneck.ts'
import { climb } from './knee/climb.ts'
import { type Climbing, KneeBed, type KneePoint } from './knee/knee-bed.ts'
import { kneeCommand, type KneeOptions, kneeOptionsOf } from './knee/knee-options.ts'
import { type KneeResult, resultOf } from './knee/knee-result.ts'
import { linesOf } from './knee/knee-text.ts'
import { latencyCurve } from './knee/latency-curve.ts'
import { linkNames } from './links/links.ts'
import { mayHaveThreads } from './load/load-options.ts'
import { thisCommit, thisMachine } from './machine.ts'

/** Ends: 0 done, 1 failed, 2 asked for wrongly, 130 after Ctrl-C. What it started ends with it. */
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
  let options: KneeOptions
  try {
    options = kneeOptionsOf(kneeCommand().parse([...words], { from: 'user' }))
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.misused
    return failed(error, exitCode.misused)
  }
  try {
    const result = await find(options, stop.signal)
    for (const line of linesOf(result)) print(line)
    const kept = {
      what: ['npm run bench:knee', ...(words.length === 0 ? [] : ['--', ...words])].join(' '),
      commit: thisCommit(),
      machine: thisMachine(),
      ...result,
    }
    if (options.svg !== undefined) writeFileSync(options.svg, latencyCurve(result))
    if (options.into !== undefined) writeFileSync(options.into, `${JSON.stringify(kept, null, 2)}\n`)
    if (options.json) print(JSON.stringify(kept))
    return exitCode.done
  } catch (error) {
    return stop.signal.aborted ? exitCode.interrupted : failed(error, exitCode.failed)
  }
}

async function find(options: KneeOptions, stop: AbortSignal): Promise<KneeResult> {
  const { limits, bed, link } = options
  const climbed = await onBed(bed, stop, (measure) => climb(limits, measure))
  const links: LinkRate[] = []
  const { threads, connections } = climbed.byConnections.at(-1) ?? { threads: 1, connections: 1 }
  for (const name of link === undefined ? linkNames : []) {
    const at = { threads: mayHaveThreads(options.peer, name) ? threads : 1, connections }
    const { callsPerSecond, least, most } = await onBed({ ...bed, link: name }, stop, (measure) => measure(at))
    links.push({ name, callsPerSecond, least, most })
  }
  return resultOf(options, climbed, links, cpus().length)
}

/** Says on standard error what is measured next, if somebody is looking: a climb takes minutes. */
async function onBed<T>(
  settings: KneeOptions['bed'],
  stop: AbortSignal,
  run: (measure: (at: Climbing) => Promise<KneePoint>) => Promise<T>,
): Promise<T> {
  const bed = new KneeBed(settings, stop)
  try {
    return await run(async (at) => {
      const point = await bed.measure(at)
      if (process.stderr.isTTY) {
        const what = `${settings.link ?? 'all'}: ${point.threads} threads, ${point.connections} connections`
        process.stderr.write(`${what}: ${point.callsPerSecond} calls/s, p50 ${point.p50Ms} ms\n`)
      }
      return point
    })
  } finally {
    await bed.close()
  }
}

function failed(error: unknown, code: number): number {
  const reason =
    error instanceof BenchFault
      ? error.message
      : error instanceof Error && 'code' in error
        ? `${String(error.code)}: ${error.message}`
        : undefined
  if (reason === undefined) throw error
  process.stderr.write(`bench:knee: ${reason}\n`)
  return code
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
