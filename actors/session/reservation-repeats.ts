import type { Log } from '../../cluster/world.ts'
import { op } from '../../protocol/entry.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import type { ShardCalls } from '../payment/shard-calls.ts'
import { Repeats } from '../repeats.ts'
import type { OpenReservation, OpenReservations } from './open-reservations.ts'

/** A `buy` that goes well is heard of before; a lost one is given back after that. */
const askAfterMs = 1_000
/** Reservations that one tick looks at, so that a shard with very many has time for its calls. */
const looksMax = 1_024
/** Questions under way at once, per shard. */
const underWayMax = 256

/** Asks SKUs' shards what became of reservations, until each has a definite end. (SPEC LIM-14) */
export class ReservationRepeats {
  private readonly open: OpenReservations
  private readonly calls: ShardCalls
  private readonly repeats: Repeats<OpenReservation>
  private round: Iterator<OpenReservation, undefined> | undefined

  constructor(open: OpenReservations, calls: ShardCalls, askEveryMs: number, log: Log) {
    this.open = open
    this.calls = calls
    this.repeats = new Repeats({ firstMs: askAfterMs, mostMs: askEveryMs, underWayMax }, log)
  }

  /** Once a tick, when everything in the state is stored. */
  pump(now: number): void {
    for (let looks = Math.min(looksMax, this.open.size); looks > 0 && !this.repeats.isFull; looks--) {
      const reservation = this.next()
      if (reservation === undefined) return
      this.repeats.offer(reservation, now, askAfterMs, (one) => this.ask(one))
    }
  }

  private next(): OpenReservation | undefined {
    this.round ??= this.open.values()
    const { value } = this.round.next()
    if (value !== undefined) return value
    this.round = this.open.values()
    return this.round.next().value
  }

  private async ask({ user, sku, number }: OpenReservation): Promise<void> {
    const { calls } = this
    const asked = await calls.request('inv', calls.shardOfText(sku), { op: op.reservationAsk, sku, user, payload: packInner({ number }) })
    if (asked.error !== null) throw new Error(`${sku} did not say what became of a reservation of ${user}: ${asked.error.code}`)
    const news = await calls.request('ses', calls.shardOfText(user), { op: op.reservationNews, user, payload: packInner(asked.result) })
    if (news.error !== null) throw new Error(`the session of ${user} did not take the news of its reservation: ${news.error.code}`)
  }
}
