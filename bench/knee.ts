import { cpus } from 'node:os'
import { print, stoppableProgram } from './bench-program.ts'
import { keepResult, keepText } from './kept-result.ts'
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

await stoppableProgram(kneeCommand(), kneeOptionsOf, async (options, stop) => {
  const result = await find(options, stop)
  for (const line of linesOf(result)) print(line)
  const words = process.argv.slice(2)
  const kept = {
    what: ['npm run bench:knee', ...(words.length === 0 ? [] : ['--', ...words])].join(' '),
    commit: thisCommit(),
    machine: thisMachine(),
    ...result,
  }
  if (options.svg !== undefined) keepText(options.svg, latencyCurve(result))
  if (options.into !== undefined) keepResult(options.into, kept)
  if (options.json) print(JSON.stringify(kept))
})

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
