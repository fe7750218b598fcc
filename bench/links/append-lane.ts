import type { ShardName, Store } from '../../cluster/store.ts'
import type { Timers } from '../../cluster/world.ts'
import type { Lane, LaneListener } from '../load/lane.ts'
import { BuyRecords } from './buy-records.ts'

export interface AppendLaneParts {
  readonly store: Store
  readonly shard: ShardName
  readonly epoch: number
  readonly timers: Timers
  readonly depth: number
  readonly listener: LaneListener
}

/** As a shard's limit has it. */
const batchMax = 16_384
const free = 0

/** Calls as events of records, the way a shard stores them: everything that waits goes into one record, and what comes while that is being stored into the next. */
export class AppendLane implements Lane {
  readonly index = 0
  underWay = 0
  isOpen = true
  bytes = 0
  private readonly parts: AppendLaneParts
  private readonly records: BuyRecords
  /** A ring: calls are answered in the order in which they came. */
  private readonly sentAt: Float64Array
  private from = 0
  private isAppending = false
  private seq = 0

  constructor(parts: AppendLaneParts) {
    this.parts = parts
    this.records = new BuyRecords(Math.min(batchMax, parts.depth))
    this.sentAt = new Float64Array(parts.depth)
  }

  send(count: number, sentAt: number): void {
    const { length } = this.sentAt
    for (let i = 0; i < count; i++) this.sentAt[(this.from + this.underWay + i) % length] = sentAt
    this.underWay += count
    if (this.isAppending) return
    this.isAppending = true
    this.parts.timers.soon(() => {
      this.appendAll().catch((error: unknown) => {
        this.isOpen = false
        this.parts.listener.lost(this, error instanceof Error ? error : new Error(String(error)))
      })
    })
  }

  close(unanswered: (sentAt: number) => void): void {
    for (const sentAt of this.sentAt) if (sentAt !== free) unanswered(sentAt)
    this.isOpen = false
  }

  private async appendAll(): Promise<void> {
    const { store, shard, epoch, listener } = this.parts
    while (this.underWay > 0 && this.isOpen) {
      const count = Math.min(batchMax, this.underWay)
      const record = this.records.of(count)
      this.bytes += record.length
      const outcome = await store.append(shard, { epoch, seq: ++this.seq }, record)
      if (outcome === 'fenced') throw new Error('the shard of the bench has another owner')
      // It was closed meanwhile, and nobody waits.
      if (!this.isOpen) break
      const now = performance.now()
      for (let left = count; left > 0; left--) this.answer(now)
      listener.settled(this, now)
    }
    this.isAppending = false
  }

  private answer(now: number): void {
    const sentAt = this.sentAt[this.from] as number
    this.sentAt[this.from] = free
    this.from = (this.from + 1) % this.sentAt.length
    this.underWay--
    this.parts.listener.answered(sentAt, now, undefined)
  }
}
