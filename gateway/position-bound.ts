/** People this near the front hear of every change at once. */
export const nearAhead = 100
/** Every waiting client hears of a change of its place within this time, as far as the send budget reaches (G10). */
export const freshWithinMs = 2_000
/** What those near the front may take of the budget; the rest is kept for everybody's turn, so that crowded fronts of many lines delay nobody for good. */
export const nearShare = 0.5

/** A change may just have missed the shard's broadcast and the round after it, and the sends of a round are spread over the tick that follows. */
const ticksOnTheWay = 3
/** For what a busy machine adds to all of these. */
const marginMs = 200

export interface SendRate {
  /** Frames. */
  readonly budgetPerSecond: number
  readonly tickMs: number
}

/** The time in which each of so many waiting clients has its turn: as long as the promise allows, and longer where the budget does not reach. */
export function turnMsOf(waiting: number, rate: SendRate): number {
  const allowedMs = Math.max(rate.tickMs, freshWithinMs - onTheWayMs(rate))
  const neededMs = (waiting * 1000) / (rate.budgetPerSecond * (1 - nearShare))
  return Math.max(allowedMs, neededMs)
}

/** Within this time each of so many waiting clients hears of a change of its place: a turn, and the way from the shard to the socket. */
export function boundMsOf(waiting: number, rate: SendRate): number {
  return Math.max(freshWithinMs, Math.ceil(turnMsOf(waiting, rate) + onTheWayMs(rate)))
}

/** From a change in the shard to a client whose turn it is. */
export function onTheWayMs({ tickMs }: Pick<SendRate, 'tickMs'>): number {
  return ticksOnTheWay * tickMs + marginMs
}
