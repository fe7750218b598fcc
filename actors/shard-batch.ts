import type { Batch } from './actor.ts'
import { Notices } from './notices.ts'
import { RecordWriter } from './record.ts'
import { Replies } from './replies.ts'

/**
 * One batch on its way through a shard: what was decided, and what will be said once it is stored. A shard has two of them, so that one can be
 * decided while the other is being stored; nothing of either leaves before its own record is safe.
 */
export class ShardBatch implements Batch {
  readonly record = new RecordWriter()
  readonly replies = new Replies()
  readonly notices = new Notices()
  readonly epoch: number
  now = 0
  seq = 0
  /** Commands taken, and the bytes of their frames. */
  entries = 0
  bytes = 0
  private isBegun = false

  constructor(epoch: number) {
    this.epoch = epoch
  }

  /** Fixes the batch's time and the number of the record before its own, unless that was done when its first command was decided. */
  begin(now: number, seq: number): void {
    if (this.isBegun) return
    this.isBegun = true
    this.now = now
    this.seq = seq
    this.record.begin(now)
  }

  took(entries: number, bytes: number): void {
    this.entries += entries
    this.bytes += bytes
  }

  /** Nothing was changed and nobody is to be told anything. */
  get isSilent(): boolean {
    return this.record.events === 0 && this.replies.isEmpty && this.notices.isEmpty
  }

  /** Lets out what was said, and makes room for the next batch. */
  release(send: (subject: string, frame: Uint8Array) => void): void {
    this.replies.release(send)
    this.notices.release(send)
    this.reset()
  }

  /** Forgets all of it. */
  drop(): void {
    this.replies.drop()
    this.notices.drop()
    this.reset()
  }

  private reset(): void {
    this.isBegun = false
    this.entries = 0
    this.bytes = 0
    this.record.begin(this.now)
  }
}
