import type { Round } from './failover-run.ts'

/** The outcome, as `--json` prints it. */
export interface FailoverReport {
  /** Of the kills, in each the time until the last of its shards answered. */
  readonly kills: number
  readonly firstAnswersMedianMs: number | undefined
  readonly firstAnswersMostMs: number | undefined
  /** Of all shards that were handed over, each the longest time in which it answered nothing. */
  readonly handedOver: number
  readonly silenceP50Ms: number | undefined
  readonly silenceP99Ms: number | undefined
  readonly silenceMostMs: number | undefined
  readonly failedCalls: number
}

export function reportOf(rounds: readonly Round[]): FailoverReport {
  const kills = rounds.filter(({ how }) => how === 'SIGKILL').map(({ shardsMs }) => Math.max(...shardsMs))
  const silences = rounds.filter(({ how }) => how === 'SIGTERM').flatMap(({ shardsMs }) => shardsMs)
  return {
    kills: kills.length,
    firstAnswersMedianMs: quantile(kills, 0.5),
    firstAnswersMostMs: quantile(kills, 1),
    handedOver: silences.length,
    silenceP50Ms: quantile(silences, 0.5),
    silenceP99Ms: quantile(silences, 0.99),
    silenceMostMs: quantile(silences, 1),
    failedCalls: rounds.reduce((sum, { failures }) => sum + failures.length, 0),
  }
}

export function linesOf(report: FailoverReport): readonly string[] {
  const { kills, firstAnswersMedianMs, firstAnswersMostMs, handedOver, silenceP50Ms, silenceP99Ms, silenceMostMs, failedCalls } = report
  return [
    ...(kills === 0
      ? []
      : [`owner killed: every shard answers after ${firstAnswersMedianMs} ms (median of ${kills}; longest ${firstAnswersMostMs} ms)`]),
    ...(handedOver === 0
      ? []
      : [
          `owner asked to end: a shard answers nothing for ${silenceP50Ms} ms at p50, ${silenceP99Ms} ms at p99, ${silenceMostMs} ms at most (${handedOver} shards)`,
        ]),
    `${failedCalls} calls failed`,
  ]
}

/** The least value that at least this part of all values do not exceed, in whole ms. */
function quantile(values: readonly number[], part: number): number | undefined {
  const value = values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * part) - 1)]
  return value === undefined ? undefined : Math.round(value)
}
