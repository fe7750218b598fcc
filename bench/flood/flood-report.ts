import type { LoadTally } from '../load/load-run.ts'
import type { CheckoutFigures } from './checkouts.ts'
import type { FloodCase } from './flood-options.ts'

/** What was seen while calls came at one rate. */
export interface PhaseFigures {
  readonly offeredPerSecond: number
  readonly servedPerSecond: number
  readonly refusedPerSecond: Readonly<Record<string, number>>
  /** Of calls that were served, from when they were due. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly refusedP99Ms: number
  readonly checkouts: {
    readonly done: number
    readonly codes: Readonly<Record<string, number>>
    readonly p50Ms: number
    readonly p99Ms: number
  }
  readonly generatorCores: number
  readonly memory: { readonly fromMb: number; readonly toMb: number; readonly mostMb: number; readonly bytesPerServed: number }
}

export interface FloodFigures extends FloodCase {
  readonly times: number
  /** Served in a closed loop. */
  readonly capPerSecond: number
  readonly half: PhaseFigures
  readonly flood: PhaseFigures
  /** Refusals by layer of the funnel. */
  readonly layers: Readonly<Record<string, number>>
}

/** What issue and README promise of a flood. */
export const promised = { goodputShare: 0.8, p99Times: 3, checkoutP99Times: 3, growthMbMax: 32 } as const

export interface FloodVerdict {
  readonly goodputShare: number
  readonly p99Times: number
  readonly checkoutsRefused: number
  readonly checkoutP99Times: number
  /** Beyond what as many served calls cost at half load, which stays: claims are state. */
  readonly growthMb: number
  readonly holds: boolean
}

export interface FloodReport {
  readonly seconds: number
  readonly cases: readonly (FloodFigures & { readonly verdict: FloodVerdict })[]
}

export function phaseOf(rate: number, tally: LoadTally, checkouts: CheckoutFigures, memory: readonly number[]): PhaseFigures {
  const { calls, seconds, codes, latencies, refusedLatencies } = tally
  const { done, codes: refused, p50Ms, p99Ms } = checkouts
  const [from = 0, to = 0] = [memory[0], memory.at(-1)]
  return {
    offeredPerSecond: Math.round(rate),
    servedPerSecond: Math.round(calls / seconds),
    refusedPerSecond: Object.fromEntries(Object.entries(codes).map(([code, times]) => [code, Math.round(times / seconds)])),
    p50Ms: latencies.p50Ms,
    p99Ms: latencies.p99Ms,
    refusedP99Ms: refusedLatencies.p99Ms,
    checkouts: { done, codes: refused, p50Ms, p99Ms },
    generatorCores: hundredths(tally.generatorCores),
    memory: {
      fromMb: mb(from),
      toMb: mb(to),
      mostMb: mb(Math.max(0, ...memory)),
      bytesPerServed: Math.round((to - from) / Math.max(1, calls)),
    },
  }
}

export function verdictOf({ capPerSecond, half, flood }: FloodFigures, seconds: number): FloodVerdict {
  const goodputShare = hundredths(flood.servedPerSecond / capPerSecond)
  const p99Times = hundredths(flood.p99Ms / half.p99Ms)
  const checkoutsRefused = Object.values(flood.checkouts.codes).reduce((sum, one) => sum + one, 0)
  const checkoutP99Times = hundredths(flood.checkouts.p99Ms / half.checkouts.p99Ms)
  const explained = mb(Math.max(0, half.memory.bytesPerServed) * flood.servedPerSecond * seconds)
  const growthMb = flood.memory.toMb - flood.memory.fromMb - explained
  const holds =
    goodputShare >= promised.goodputShare &&
    p99Times < promised.p99Times &&
    checkoutsRefused === 0 &&
    checkoutP99Times < promised.checkoutP99Times &&
    growthMb < promised.growthMbMax
  return { goodputShare, p99Times, checkoutsRefused, checkoutP99Times, growthMb, holds }
}

/** For a reader at a terminal. */
export function linesOf({ cases }: FloodReport): readonly string[] {
  return cases.flatMap(({ transport, addresses, times, capPerSecond, half, flood, verdict }) => [
    `${transport} from ${addresses} address${addresses === 'one' ? '' : 'es'}: serves ${count(capPerSecond)} calls/s; ${times} times what its store takes came: ${count(flood.offeredPerSecond)} calls/s`,
    `  served ${count(flood.servedPerSecond)} calls/s, ${Math.round(verdict.goodputShare * 100)} % of that (promised: ${promised.goodputShare * 100} %); refused a second: ${codesIn(flood)}`,
    `  p99 of those ${flood.p99Ms} ms, ${verdict.p99Times} times that at half load, ${half.p99Ms} ms (promised: under ${promised.p99Times}); refusals p99 ${flood.refusedP99Ms} ms`,
    `  checkouts of holders: ${flood.checkouts.done} done, ${verdict.checkoutsRefused} refused; p99 ${flood.checkouts.p99Ms} ms, at half load ${half.checkouts.p99Ms} ms`,
    `  memory ${flood.memory.fromMb} to ${flood.memory.toMb} MB, ${verdict.growthMb} MB more than its claims take; generator ${flood.generatorCores} cores`,
    `  ${verdict.holds ? 'holds' : 'DOES NOT HOLD'}`,
  ])
}

function codesIn({ refusedPerSecond }: PhaseFigures): string {
  const parts = Object.entries(refusedPerSecond).map(([code, times]) => `${code} ${count(times)}`)
  return parts.length === 0 ? 'none' : parts.join(', ')
}

function mb(bytes: number): number {
  return Math.round(bytes / (1024 * 1024))
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
