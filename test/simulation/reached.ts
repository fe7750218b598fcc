/** Rare situations that a run of the suite has to have been in; one that stays at 0 means that the simulation no longer tries what it is there for. */
export const situations = [
  'append fenced',
  'append repeated',
  'append landed after its owner died',
  'opening fenced an owner',
  'lease ran out while its owner was paused',
  'shard handed over',
  'hand-over in mid-batch',
  'epoch lost in a failover',
  'records lost in a failover',
  'snapshot stored',
  'snapshot older than stored',
  'snapshot torn',
  'names struck out of the archive',
  'erased user',
  'journal trimmed while being read',
  'frame lost',
  'frame doubled',
  'frame out of order',
  'no responders',
  'partition one way',
  'clogged link',
  'bus full',
  'slow consumer',
  'mailbox full',
  'pending table full',
  'refused by overload',
  'refused by the breaker of a shard',
  'overload of a shard',
  'command after its deadline',
  'request repeated',
  'stale view',
  'view read anew',
  'refused by the view',
  'line full',
  'limit reached',
  'sold out',
  'reservation given back after a lost answer',
  'leave by who has no claim',
  'hold expired',
  'place ended by absence',
  'back in time',
  'tab closed',
  'late payment kept',
  'late payment refunded',
  'payment declined',
  'order cancelled uncharged',
  'paid order refunded in part',
  'paid order refunded as a whole',
  'refund of a former order told',
  'order cancelled and refunded',
  'payment answered twice',
  'payment outcome unknown',
  'charge after absent',
  'order queue lost everything',
  'order delivered twice',
  'client moved to another gateway',
  'two devices of a user',
  'paused sale',
  'restocked sale',
  'edited sale',
  'order for a former price',
  'record of a user read cold',
  'cold record fenced',
  'owner lost in a draw',
  'beacon taken',
  'beacon brought twice',
  'beacon too late',
  'second beacon refused',
] as const

export type Situation = (typeof situations)[number]

/** How often each situation came up. */
export class Reached {
  private readonly counts = new Map<Situation, number>(situations.map((situation) => [situation, 0]))

  count(situation: Situation, times = 1): void {
    this.counts.set(situation, (this.counts.get(situation) ?? 0) + times)
  }

  of(situation: Situation): number {
    return this.counts.get(situation) ?? 0
  }

  add(other: Readonly<Record<string, number>>): void {
    for (const situation of situations) this.count(situation, other[situation] ?? 0)
  }

  get missing(): readonly Situation[] {
    return situations.filter((situation) => this.of(situation) === 0)
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries(this.counts)
  }
}
