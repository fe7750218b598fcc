/** How well the store and the way to it do. May be changed at any time; requests that are sent from then on, or arrive, meet the new one. */
export interface StoreWeather {
  /** ms for one way, from and to. */
  latencyMs: readonly [from: number, to: number]
  /** Share of requests that fail and change nothing. */
  failShare: number
  /** Share of requests that are carried out and answered with a failure. */
  loseAnswerShare: number
  /** Share of snapshot reads that get the snapshot before the newest, as from a replica that lags behind. */
  staleReadShare: number
  /** Until then nothing that arrives is served, in ms since 1970. */
  outageUntil: number
  /** Share of requests that wait through an outage, and are carried out after it. The others fail at once. */
  hangShare: number
  /** A process waits so long for an answer; the request may be carried out all the same, later. */
  answerWithinMs: number
}

export function fairWeather(): StoreWeather {
  return { latencyMs: [0, 3], failShare: 0, loseAnswerShare: 0, staleReadShare: 0, outageUntil: 0, hangShare: 0.5, answerWithinMs: 1_500 }
}
