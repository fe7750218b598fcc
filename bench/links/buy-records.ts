import type { Batch } from '../../actors/actor.ts'
import { InventoryActor } from '../../actors/inventory/inventory-actor.ts'
import { Notices } from '../../actors/notices.ts'
import { recordHeadBytes, recordOffset, RecordWriter } from '../../actors/record.ts'
import { Replies } from '../../actors/replies.ts'
import { type Entry, entryHeadBytes, op, writeEntry } from '../../protocol/entry.ts'
import { hashBytes } from '../../protocol/hash.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import { userMark } from '../load/wire.ts'
import { benchSettings } from '../micro/bench-sale.ts'
import { plentyOfStock } from '../servers/buy-script.ts'
import { benchSku } from '../servers/sluice-sale.ts'

const sampleBuys = 64
const now = 1_700_000_000_000

/** Records as an inventory actor writes them for buys: for a store, which looks at their size alone, a few real events again and again. */
export class BuyRecords {
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private readonly eventBytes: number

  /** For batches of up to `eventsMax`. */
  constructor(eventsMax: number) {
    const sample = sampleRecord()
    const events = sample.subarray(recordHeadBytes)
    this.eventBytes = events.length / sampleBuys
    if (!Number.isInteger(this.eventBytes)) throw new Error('buys have events of several lengths')
    this.bytes = new Uint8Array(recordHeadBytes + eventsMax * this.eventBytes)
    this.view = new DataView(this.bytes.buffer)
    this.bytes.set(sample.subarray(0, recordHeadBytes))
    for (let at = recordHeadBytes; at < this.bytes.length; at += events.length) {
      this.bytes.set(events.subarray(0, Math.min(events.length, this.bytes.length - at)), at)
    }
  }

  /** A record of so many buys; its bytes are the same memory each time. */
  of(buys: number): Uint8Array {
    this.view.setUint32(recordOffset.events, buys, true)
    return this.bytes.subarray(0, recordHeadBytes + buys * this.eventBytes)
  }
}

/** What one actor wrote for a batch of buys. */
function sampleRecord(): Uint8Array {
  const actor = new InventoryActor(0)
  const replies = new Replies()
  const record = new RecordWriter()
  const batch: Batch = { now, epoch: 1, seq: 1, record, replies, notices: new Notices() }
  const run = (entry: Entry): void => {
    const bytes = new Uint8Array(entryHeadBytes + entry.sku.length + entry.user.length + entry.payload.length)
    const view = new DataView(bytes.buffer)
    writeEntry(bytes, view, 0, entry)
    actor.command(batch, bytes, view, 0)
  }
  record.begin(now)
  replies.to('nobody')
  run(entryOf({ op: op.configure, payload: packInner({ settings: benchSettings(plentyOfStock), incarnation: 'bench1' }) }))
  run(entryOf({ op: op.setPhase, sku: utf8.encode(benchSku), payload: packInner({ phase: 'open' }) }))
  record.begin(now)
  for (let i = 0; i < sampleBuys; i++)
    run(entryOf({ op: op.buy, sku: utf8.encode(benchSku), user: utf8.encode(userMark('smpl', i)), qty: 1 }))
  return record.seal(actor.digest())
}

const utf8 = new TextEncoder()
const noBytes = new Uint8Array(0)

function entryOf(parts: Pick<Entry, 'op'> & Partial<Entry>): Entry {
  const { sku = noBytes, user = noBytes } = parts
  const userHash = hashBytes(user, 0, user.length)
  const numbers = { slot: 0, turn: 1, msgid: 0, deadlineAt: now, requestHi: userHash, requestLo: 1, qty: 0 }
  return { ...numbers, skuHash: hashBytes(sku, 0, sku.length), userHash, sku, user, payload: noBytes, ...parts }
}
