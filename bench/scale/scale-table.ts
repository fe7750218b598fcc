import { alignedRows } from '../aligned-rows.ts'
import type { Spread } from '../peers/race-rounds.ts'
import type { CurveResult, ScaleResult, Standing } from './scale-result.ts'

/** For a reader at a terminal. */
export function tableOf({ curves, halfOfPeak, rounds }: ScaleResult): readonly string[] {
  const lines = Object.values(curves).flatMap((curve) => ['', `${curve.title}: ${curve.about}`, ...alignedRows(rowsOf(curve))])
  const verdicts = Object.entries(halfOfPeak).map(
    ([line, { p99Ms, p99MsMax, loopDelayP99Ms, loopDelayP99MsMax, holds }]) =>
      `At half of the peak, ${line}: p99 ${p99Ms} ms (promised: under ${p99MsMax}), event loop p99 ${loopDelayP99Ms} ms (under ${loopDelayP99MsMax}): ${holds ? 'holds' : 'DOES NOT HOLD'}`,
  )
  return [...lines, '', `Medians of ${rounds} rounds, forwards and backwards in turns, with the least and the most.`, ...verdicts]
}

function rowsOf({ xTitle, lines }: CurveResult): readonly (readonly string[])[] {
  const head = ['', xTitle, 'calls/s', '', 'p50 ms', 'p99 ms', 'loop p99 ms', 'events/record', 'memory MB', 'errors']
  return [head, ...Object.entries(lines).flatMap(([line, standings]) => standings.map((standing) => rowOf(line, standing)))]
}

function rowOf(line: string, one: Standing): readonly string[] {
  const { callsPerSecond, p50Ms, p99Ms, loopDelayP99Ms, batchMean, memoryMb, errors } = one
  return [
    line,
    count(one.x),
    count(callsPerSecond.median),
    `${count(callsPerSecond.least)} to ${count(callsPerSecond.most)}`,
    medianOf(p50Ms),
    medianOf(p99Ms),
    medianOf(loopDelayP99Ms),
    medianOf(batchMean),
    medianOf(memoryMb),
    count(errors),
  ]
}

function medianOf({ median }: Spread): string {
  return `${median}`
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
