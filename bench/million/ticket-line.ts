import type { Batch } from '../../actors/actor.ts'
import { InventoryActor } from '../../actors/inventory/inventory-actor.ts'
import { Notices } from '../../actors/notices.ts'
import { RecordWriter } from '../../actors/record.ts'
import { Replies } from '../../actors/replies.ts'
import { type Entry, entryHeadBytes, op, type Op, writeEntry } from '../../protocol/entry.ts'
import { hashBytes, hashBytesAgain } from '../../protocol/hash.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import { benchSettings } from '../micro/bench-sale.ts'
import { benchSku } from '../micro/buy-calls.ts'

const now = 1_700_000_000_000
const noBytes = new Uint8Array(0)
const utf8 = new TextEncoder()
const sku = utf8.encode(benchSku)
/** Entries of a batch. */
const batchEntries = 1_024

/** An inventory actor with one unit, which the first user holds, and a line of others behind it, by the entries that a shard would hand it. */
export class TicketLine {
  readonly actor = new InventoryActor(0)
  private readonly record = new RecordWriter()
  private readonly replies = new Replies()
  private readonly notices = new Notices()
  private readonly entries = new Uint8Array(batchEntries * (entryHeadBytes + sku.length + userBytes))
  private readonly view = new DataView(this.entries.buffer)
  private requests = 0

  constructor() {
    this.begin()
    this.run(entryOf(op.configure, noBytes, noBytes, 0, packInner({ settings: benchSettings(1), incarnation: 'bench1' })))
    this.run(entryOf(op.setPhase, sku, noBytes, 0, packInner({ phase: 'open' })))
    this.join(0, 1)
  }

  /** Users with these numbers come, each for the last place of the line; resolves with the work in ms. */
  join(from: number, count: number): number {
    return this.calls(op.buy, count, (i) => from + i)
  }

  leave(count: number, userAt: (i: number) => number): number {
    return this.calls(op.leave, count, userAt)
  }

  /** Users ask where they stand. */
  look(count: number, userAt: (i: number) => number): number {
    return this.calls(op.claim, count, userAt)
  }

  /** Entries are written outside of the measured time. */
  private calls(operation: Op, count: number, userAt: (i: number) => number): number {
    let ms = 0
    for (let done = 0; done < count;) {
      const entries = Math.min(batchEntries, count - done)
      let length = 0
      for (let i = 0; i < entries; i++) {
        const entry = entryOf(operation, sku, userOf(userAt(done + i)), ++this.requests, noBytes)
        length = writeEntry(this.entries, this.view, length, entry)
      }
      this.begin()
      const since = performance.now()
      this.actor.foresee(this.view, 0, entries)
      for (let at = 0; at < length; at += this.view.getUint16(at, true)) this.actor.command(this.batch(), this.entries, this.view, at)
      ms += performance.now() - since
      // As a shard does once a tick; what has changed is not kept for ever.
      this.actor.broadcast(now)
      done += entries
    }
    return ms
  }

  private begin(): void {
    this.replies.release(() => {})
    this.record.begin(now)
    this.replies.to('sluice.gw.bench')
  }

  private run(entry: Entry): void {
    const bytes = new Uint8Array(entryHeadBytes + entry.sku.length + entry.user.length + entry.payload.length)
    const view = new DataView(bytes.buffer)
    writeEntry(bytes, view, 0, entry)
    this.actor.command(this.batch(), bytes, view, 0)
  }

  private batch(): Batch {
    return { now, epoch: 1, seq: 1, record: this.record, replies: this.replies, notices: this.notices }
  }
}

const userBytes = 16

/** A user id of 16 bytes. */
export function userName(number: number): string {
  return `user-${String(number).padStart(userBytes - 5, '0')}`
}

function userOf(number: number): Uint8Array {
  return utf8.encode(userName(number))
}

function entryOf(operation: Op, skuBytes: Uint8Array, user: Uint8Array, request: number, payload: Uint8Array): Entry {
  const id = utf8.encode(`request-${request}`)
  return {
    op: operation,
    slot: 1,
    turn: 1,
    msgid: 0xffff_ffff,
    deadlineAt: now + 10_000,
    skuHash: hashBytes(skuBytes, 0, skuBytes.length),
    userHash: hashBytes(user, 0, user.length),
    requestHi: hashBytes(id, 0, id.length),
    requestLo: hashBytesAgain(id, 0, id.length),
    qty: operation === op.buy ? 1 : 0,
    sku: skuBytes,
    user,
    payload,
  }
}
