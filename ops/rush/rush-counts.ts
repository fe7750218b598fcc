/** Where a shopper of a rush is. */
export const stages = ['outside', 'arriving', 'early', 'queued', 'held', 'paying'] as const
export type Stage = (typeof stages)[number]

/**
 * How a shopper's visit ended, by what the server told:
 *
 *     bought      paid                          left        gave up the place or the hold
 *     declined    the payment was declined      lapsed      let the hold run out
 *     refunded    paid too late, money back     refused     any other final no: the limit, a closed sale
 *     soldout     told so                       unfinished  had a place or a hold when the rush was stopped
 *     unanswered  never heard what became of a call, or was not told of an end that came
 */
export const outcomes = ['bought', 'declined', 'refunded', 'soldout', 'left', 'lapsed', 'refused', 'unfinished', 'unanswered'] as const
export type Outcome = (typeof outcomes)[number]

export type StageCounts = Readonly<Record<Stage, number>>
export type OutcomeCounts = Readonly<Record<Outcome, number>>

/** Counts shoppers by where they are and how they ended: each is in one place. */
export class RushCounts {
  private readonly byStage = { outside: 0, arriving: 0, early: 0, queued: 0, held: 0, paying: 0 }
  private readonly byOutcome = {
    bought: 0,
    declined: 0,
    refunded: 0,
    soldout: 0,
    left: 0,
    lapsed: 0,
    refused: 0,
    unfinished: 0,
    unanswered: 0,
  }

  constructor(users: number) {
    this.byStage.outside = users
  }

  move(from: Stage, to: Stage): void {
    this.byStage[from]--
    this.byStage[to]++
  }

  end(from: Stage, outcome: Outcome): void {
    this.byStage[from]--
    this.byOutcome[outcome]++
  }

  get stages(): StageCounts {
    return { ...this.byStage }
  }

  get outcomes(): OutcomeCounts {
    return { ...this.byOutcome }
  }

  get done(): number {
    return Object.values(this.byOutcome).reduce((sum, count) => sum + count, 0)
  }
}
