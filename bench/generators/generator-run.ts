import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { BenchFault } from '../bench-fault.ts'
import { runLoad, type SocketTarget } from '../load/load-run.ts'
import { newRun } from '../load/peer-load.ts'
import { startSluice } from '../servers/sluice-peer.ts'
import { benchSku, benchUserHeader } from '../servers/sluice-sale.ts'
import { TempFolder } from '../servers/temp-folder.ts'
import { ab } from './ab.ts'
import type { GeneratorOptions } from './generator-options.ts'
import { startNginxProxy } from './nginx-proxy.ts'
import type { OtherGenerator } from './other-generator.ts'
import { wrk } from './wrk.ts'

export const otherGenerators = [wrk, ab] as const

/** Answers a second, by ours and by the other, of the same calls. */
export interface Pair {
  readonly other: string
  readonly ours: number
  readonly theirs: number
}

/**
 * All generators once, in pairs of ours and another, which ask one node after both have warmed it up: what differs is the generator. Who comes first takes turns.
 */
export async function runPairs(round: number, options: GeneratorOptions, stop: AbortSignal): Promise<readonly Pair[]> {
  const pairs: Pair[] = []
  for (const other of otherGenerators) {
    const pair = await withNode(other.isOld, async (target) => {
      const byOurs = (seconds: number): Promise<number> => runOurs(target, { ...options, seconds }, other.isOld, stop)
      const byOther = (seconds: number): Promise<number> => runOther(target, { ...options, seconds }, other, stop)
      await byOurs(options.warmup)
      await byOther(options.warmup)
      if (round % 2 === 0) return { ours: await byOurs(options.seconds), theirs: await byOther(options.seconds) }
      const theirs = await byOther(options.seconds)
      return { ours: await byOurs(options.seconds), theirs }
    })
    pairs.push({ other: other.name, ours: Math.round(pair.ours), theirs: Math.round(pair.theirs) })
  }
  return pairs
}

/** Who knows HTTP/1.0 alone, which a gateway does not speak, comes through an nginx, and is compared with what comes the same way. */
async function withNode<T>(isThroughNginx: boolean, measure: (target: SocketTarget) => Promise<T>): Promise<T> {
  const node = await startSluice({ transport: 'http', durability: 'fsync', run: newRun(), snapshots: false })
  const stops = [() => node.stop()]
  try {
    if (!isThroughNginx) return await measure(node.target)
    const proxy = await startNginxProxy(node.target.port)
    stops.unshift(() => proxy.stop())
    return await measure({ ...node.target, port: proxy.port })
  } finally {
    for (const stopOne of stops) await stopOne()
  }
}

async function runOurs(target: SocketTarget, options: Length, isRepeated: boolean, stop: AbortSignal): Promise<number> {
  const { connections, seconds } = options
  const plan = { connections, depth: 1, seconds, warmupSeconds: 0, rate: undefined }
  // Users of a run of its own: those of the warm-up have all that they can get.
  const fresh = { ...target, run: newRun(), isRepeated }
  const tally = await runLoad(plan, fresh, { measuring: () => {}, measured: () => {}, progress: () => {} }, stop)
  if (tally.errors > 0) throw new BenchFault(`ours: not all were served: ${JSON.stringify(tally.codes)}`)
  return tally.calls / seconds
}

type Length = Pick<GeneratorOptions, 'connections' | 'seconds'>

async function runOther(
  { host, port }: SocketTarget,
  { connections, seconds }: Length,
  other: OtherGenerator,
  stop: AbortSignal,
): Promise<number> {
  const folder = new TempFolder(other.name)
  const body = JSON.stringify([benchSku, 1, 'r-#'])
  const url = `http://${host}:${port}/v1/call/buy`
  try {
    const words = other.wordsFor({ folder: folder.path, url, userHeader: benchUserHeader, body, run: newRun(), connections, seconds })
    return await outputOf(other, words, stop)
  } finally {
    await folder.remove()
  }
}

async function outputOf(other: OtherGenerator, words: readonly string[], signal: AbortSignal): Promise<number> {
  const { stdout } = await promisify(execFile)(other.program, words, { signal }).catch((error: unknown) => {
    signal.throwIfAborted()
    throw new BenchFault(`${other.name} cannot be run; on Debian: apt-get install ${other.package}`, error)
  })
  const perSecond = other.readCount(stdout)
  if (!(perSecond > 0)) throw new BenchFault(`${other.name} printed no figure: ${stdout}`)
  return perSecond
}
