import type { Position } from '../../cluster/store.ts'
import type { Log } from '../../cluster/world.ts'
import { op } from '../../protocol/entry.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import type { ShardCalls } from '../payment/shard-calls.ts'
import { Repeats } from '../repeats.ts'
import { reportOf } from './decide-reserved.ts'
import type { InventoryState } from './inventory-state.ts'
import type { Reservation } from './reservations.ts'
import type { SkuState } from './sku-state.ts'

const limits = { firstMs: 1_000, mostMs: 30_000, underWayMax: 1_024 }

/** Tells users' sessions what became of their reservations, until they have it durably: what counts against a limit is given back this way. (SPEC LIM-6) */
export class ReservationReports {
  private readonly state: InventoryState
  private readonly calls: ShardCalls
  private readonly repeats: Repeats<Reservation>

  constructor(state: InventoryState, calls: ShardCalls, log: Log) {
    this.state = state
    this.calls = calls
    this.repeats = new Repeats(limits, log)
  }

  /** `position`: the last record; everything in the state is in it or before it. Cost: a step per user who has to be told. */
  pump(now: number, position: Position): void {
    for (const sku of this.state.skus) {
      for (const reservation of sku.reservations.owed()) {
        if (this.repeats.isFull) return
        this.repeats.offer(reservation, now, 0, () => this.tell(sku, reservation, position))
      }
    }
  }

  private async tell(sku: SkuState, { user, word }: Reservation, position: Position): Promise<void> {
    const { calls } = this
    const payload = packInner(reportOf(sku, user, position))
    const news = await calls.request('ses', calls.shardOfText(user), { op: op.reservationNews, user, payload })
    if (news.error !== null) throw new Error(`the session of ${user} did not take the news of its reservation: ${news.error.code}`)
    const id = sku.settings.sku
    const told = await calls.request('inv', calls.shardOfText(id), { op: op.reservationTold, sku: id, user, payload: packInner({ word }) })
    if (told.error !== null) throw new Error(`the session of ${user} will be told of its reservation again: ${told.error.code}`)
  }
}
