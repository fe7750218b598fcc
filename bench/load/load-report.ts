import type { Peer, PeerFacts } from '../servers/peer.ts'
import type { ServerFigures } from '../servers/server-figures.ts'
import type { LoadOptions } from './load-options.ts'
import type { LoadTally } from './load-run.ts'

/** The outcome of one run, as `--json` prints it. */
export interface LoadReport {
  readonly peer: string
  readonly transport: string
  readonly connections: number
  readonly depth: number
  readonly rate?: number
  readonly seconds: number
  readonly calls: number
  readonly callsPerSecond: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
  readonly errors: number
  readonly codes: Readonly<Record<string, number>>
  readonly generatorCores: number
  readonly server: PeerFacts & ServerFigures
}

export function reportOf(options: LoadOptions, peer: Peer, tally: LoadTally, figures: ServerFigures): LoadReport {
  const { calls, errors, codes, seconds, latencies, generatorCores } = tally
  return {
    peer: peer.name,
    transport: peer.name === 'redis' ? 'resp' : options.transport,
    connections: options.connections,
    depth: options.depth,
    ...(options.rate === undefined ? {} : { rate: options.rate }),
    seconds,
    calls,
    callsPerSecond: Math.round(calls / seconds),
    ...latencies,
    errors,
    codes,
    generatorCores: rounded(generatorCores),
    server: { ...peer.facts, ...roundedFigures(figures) },
  }
}

/** For a reader at a terminal. */
export function linesOf(report: LoadReport): readonly string[] {
  const { server } = report
  const loop = report.rate === undefined ? 'closed loop' : `${count(report.rate)} calls/s on schedule`
  const lines = [
    `${report.peer} by ${report.transport}: ${report.connections} connections x ${report.depth} calls, ${loop}, ${report.seconds} s`,
    `  ${count(report.callsPerSecond)} calls/s, ${count(report.errors)} errors${codesIn(report)}`,
    `  latency p50 ${report.p50Ms} ms, p90 ${report.p90Ms} ms, p99 ${report.p99Ms} ms, p99.9 ${report.p999Ms} ms, longest ${report.maxMs} ms`,
  ]
  const { recordsPerSecond, batchMean, cores } = server
  if (recordsPerSecond !== undefined && batchMean !== undefined) {
    lines.push(`  ${count(recordsPerSecond)} records/s with ${count(batchMean)} events each (${server.durability ?? 'unknown durability'})`)
  }
  lines.push(`  processor: server ${cores ?? '?'} cores, load generator ${report.generatorCores} cores`)
  return lines
}

function codesIn({ codes }: LoadReport): string {
  const parts = Object.entries(codes).map(([code, times]) => `${code} ${count(times)}`)
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

function roundedFigures(figures: ServerFigures): ServerFigures {
  const { cores, recordsPerSecond, batchMean } = figures
  return {
    ...figures,
    ...(cores === undefined ? {} : { cores: rounded(cores) }),
    ...(recordsPerSecond === undefined ? {} : { recordsPerSecond: Math.round(recordsPerSecond) }),
    ...(batchMean === undefined ? {} : { batchMean: Math.round(batchMean) }),
  }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
