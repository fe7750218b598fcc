import type { Peer, PeerFacts } from '../servers/peer.ts'
import { given, type ServerFigures } from '../servers/server-figures.ts'
import type { LoadTally } from './load-run.ts'
import type { Load } from './load.ts'

/** The outcome of one run, as `--json` prints it. */
export interface LoadReport {
  readonly peer: string
  readonly transport: string
  readonly connections: number
  readonly depth: number
  readonly processes?: number
  /** The link that was alone, of Sluice. */
  readonly link?: string
  /** Of the load generator, if more than one. */
  readonly threads?: number
  /** Calls are then refusals with SOLD_OUT. */
  readonly isSoldOut?: boolean
  readonly rate?: number
  readonly seconds: number
  readonly calls: number
  readonly callsPerSecond: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
  /** Of refusals, which are not in the latencies above. */
  readonly refusedP99Ms?: number
  readonly errors: number
  readonly codes: Readonly<Record<string, number>>
  readonly generatorCores: number
  readonly bytesPerCall: number
  readonly server: PeerFacts & ServerFigures
}

/** `rate` is that of an open loop. */
export function reportOf(load: Load, rate: number | undefined, peer: Peer, tally: LoadTally, figures: ServerFigures): LoadReport {
  const { seconds, generatorCores, bytesPerCall } = tally
  const { calls, errors, codes, latencies, refusedLatencies } = load.isSoldOut === true ? refusalsOf(tally) : tally
  return {
    peer: peer.name,
    transport: peer.protocol ?? load.transport,
    connections: load.connections,
    depth: load.depth,
    ...(load.processes === undefined ? {} : { processes: load.processes }),
    ...(load.link === undefined ? {} : { link: load.link }),
    ...(load.threads === undefined ? {} : { threads: load.threads }),
    ...(load.isSoldOut === true ? { isSoldOut: true } : {}),
    ...(rate === undefined ? {} : { rate }),
    seconds,
    calls,
    callsPerSecond: Math.round(calls / seconds),
    ...latencies,
    ...(errors === 0 ? {} : { refusedP99Ms: refusedLatencies.p99Ms }),
    errors,
    codes,
    generatorCores: rounded(generatorCores),
    bytesPerCall,
    server: { ...peer.facts, ...roundedFigures(figures) },
  }
}

/** Where all is sold out, to say so is what was asked for. */
function refusalsOf({
  codes,
  errors,
  refusedLatencies,
  latencies,
}: LoadTally): Omit<LoadTally, 'seconds' | 'generatorCores' | 'bytesPerCall'> {
  const { SOLD_OUT: calls = 0, ...others } = codes
  return { calls, errors: errors - calls, codes: others, latencies: refusedLatencies, refusedLatencies: latencies }
}

/** For a reader at a terminal. */
export function linesOf(report: LoadReport): readonly string[] {
  const { server } = report
  const loop = report.rate === undefined ? 'closed loop' : `${count(report.rate)} calls/s on schedule`
  const lines = [
    `${report.peer}${report.link === undefined ? '' : `, ${report.link} alone,`}${report.isSoldOut === true ? ', sold out,' : ''} by ${report.transport} (${server.server}): ${report.connections} connections x ${report.depth} calls${report.threads === undefined ? '' : ` over ${report.threads} threads`}, ${loop}, ${report.seconds} s`,
    `  ${count(report.callsPerSecond)} calls/s, ${count(report.errors)} errors${codesIn(report)}`,
    `  latency p50 ${report.p50Ms} ms, p90 ${report.p90Ms} ms, p99 ${report.p99Ms} ms, p99.9 ${report.p999Ms} ms, longest ${report.maxMs} ms`,
  ]
  const { recordsPerSecond, batchMean, cores, coresOf } = server
  if (recordsPerSecond !== undefined && batchMean !== undefined) {
    lines.push(`  ${count(recordsPerSecond)} records/s with ${count(batchMean)} events each (${server.durability ?? 'unknown durability'})`)
  }
  const ownLink = report.link !== undefined && cores === undefined
  if (ownLink) lines.push(`  processor: this process, the link and the load generator, ${report.generatorCores} cores`)
  else lines.push(`  processor: server ${cores ?? '?'} cores${partsOf(coresOf)}, load generator ${report.generatorCores} cores`)
  const { loopDelayP99Ms, loopDelayP99MsOf, memoryMb, memoryMbOf } = server
  if (loopDelayP99Ms !== undefined && memoryMb !== undefined) {
    lines.push(`  event loop p99 ${loopDelayP99Ms} ms late${partsOf(loopDelayP99MsOf)}; memory ${memoryMb} MB${partsOf(memoryMbOf)}`)
  }
  return lines
}

function partsOf(each: Readonly<Record<string, number>> = {}): string {
  const parts = Object.entries(each).map(([name, one]) => `${name} ${one}`)
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

function codesIn({ codes }: LoadReport): string {
  const parts = Object.entries(codes).map(([code, times]) => `${code} ${count(times)}`)
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

function roundedFigures(figures: ServerFigures): ServerFigures {
  const { cores, coresOf, recordsPerSecond, batchMean, loopDelayP99Ms, loopDelayP99MsOf, memoryMb, memoryMbOf } = figures
  return {
    ...figures,
    ...given('cores', cores === undefined ? undefined : rounded(cores)),
    ...given('coresOf', eachRounded(coresOf, rounded)),
    ...given('recordsPerSecond', recordsPerSecond === undefined ? undefined : Math.round(recordsPerSecond)),
    ...given('batchMean', batchMean === undefined ? undefined : Math.round(batchMean)),
    ...given('loopDelayP99Ms', loopDelayP99Ms === undefined ? undefined : rounded(loopDelayP99Ms)),
    ...given('loopDelayP99MsOf', eachRounded(loopDelayP99MsOf, rounded)),
    ...given('memoryMb', memoryMb === undefined ? undefined : Math.round(memoryMb)),
    ...given('memoryMbOf', eachRounded(memoryMbOf, Math.round)),
  }
}

function eachRounded(
  values: Readonly<Record<string, number>> | undefined,
  round: (value: number) => number,
): Readonly<Record<string, number>> | undefined {
  return values === undefined ? undefined : Object.fromEntries(Object.entries(values).map(([name, value]) => [name, round(value)]))
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
