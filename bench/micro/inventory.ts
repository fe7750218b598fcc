import type { Batch } from '../../actors/actor.ts'
import { InventoryActor } from '../../actors/inventory/inventory-actor.ts'
import { Notices } from '../../actors/notices.ts'
import { eachEvent, RecordWriter } from '../../actors/record.ts'
import { Replies } from '../../actors/replies.ts'
import { type Entry, entryHeadBytes, op, type Op, writeEntry } from '../../protocol/entry.ts'
import { hashBytes } from '../../protocol/hash.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import { benchSettings } from './bench-sale.ts'
import { benchSku } from './buy-calls.ts'
import type { MicroSuite } from './micro-case.ts'

const buys = 1_024
const now = 1_700_000_000_000
/** Users after which a case begins anew, so that memory stays bounded; large enough that the tables do not fit the processor's caches. */
const usersMax = 1_000_000
const utf8 = new TextEncoder()
const replyTo = 'sluice.gw.bench'
const plenty = 1_000_000_000
const noBytes = new Uint8Array(0)
const sku = utf8.encode(benchSku)
const entryBytes = entryHeadBytes + sku.length + 16

/** The inventory actor alone, by the entries that a shard would hand it. */
export const inventory: MicroSuite = () => {
  const perBuy = { operations: buys, unit: 'buy' }
  const holds = new BuyBench(plenty)
  const tickets = new BuyBench(1)
  const repeats = new BuyBench(plenty)
  repeats.nextBuyers()
  repeats.decide()
  const replay = new ReplayBench()
  return {
    cases: [
      { ...perBuy, name: 'inventory: buy gets a hold', prepare: () => holds.nextBuyers(), run: () => holds.decide() },
      { ...perBuy, name: 'inventory: buy joins the line', prepare: () => tickets.nextBuyers(), run: () => tickets.decide() },
      { ...perBuy, name: 'inventory: the same buy again', prepare: () => repeats.begin(), run: () => repeats.decide() },
      { ...perBuy, name: 'inventory: replay of a hold', prepare: () => replay.next(), run: () => replay.evolve() },
    ],
  }
}

/** Blocks of buys on one SKU with so much stock. */
class BuyBench {
  readonly record = new RecordWriter()
  /** The record that made and opened the SKU of the present actor. */
  opening: Uint8Array = noBytes
  private actor = new InventoryActor(0)
  private readonly replies = new Replies()
  private readonly notices = new Notices()
  private readonly entries = new Uint8Array(buys * entryBytes)
  private readonly view = new DataView(this.entries.buffer)
  private readonly stock: number
  private users = usersMax

  constructor(stock: number) {
    this.stock = stock
  }

  /** Entries of users who are new to the actor. */
  nextBuyers(): void {
    if (this.users >= usersMax) this.restart()
    for (let i = 0; i < buys; i++) {
      const user = utf8.encode(`user-${String(this.users++).padStart(11, '0')}`)
      writeEntry(this.entries, this.view, i * entryBytes, entryOf({ op: op.buy, sku, user, qty: 1 }))
    }
    this.begin()
  }

  begin(): void {
    this.replies.release(() => {})
    this.record.begin(now)
    this.replies.to(replyTo)
  }

  decide(): void {
    const batch = this.batch()
    for (let at = 0; at < this.entries.length; at += entryBytes) this.actor.command(batch, this.entries, this.view, at)
  }

  private restart(): void {
    this.users = 0
    this.actor = new InventoryActor(0)
    this.begin()
    this.run(entryOf({ op: op.configure, payload: packInner({ settings: benchSettings(this.stock), incarnation: 'bench1' }) }))
    this.run(entryOf({ op: op.setPhase, sku, payload: packInner({ phase: 'open' }) }))
    this.opening = this.record.seal(0).slice()
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

/** The records of one actor, applied to another. */
class ReplayBench {
  private readonly source = new BuyBench(plenty)
  private follower = new InventoryActor(0)
  private opening: Uint8Array | undefined
  private record: Uint8Array = noBytes

  next(): void {
    this.source.nextBuyers()
    if (this.opening !== this.source.opening) {
      this.opening = this.source.opening
      this.follower = new InventoryActor(0)
      this.apply(this.opening)
    }
    this.source.decide()
    this.record = this.source.record.seal(0).slice()
  }

  evolve(): void {
    this.apply(this.record)
  }

  private apply(record: Uint8Array): void {
    const view = new DataView(record.buffer, record.byteOffset, record.length)
    eachEvent(record, view, (at) => this.follower.evolve(record, view, at, now))
  }
}

interface EntryParts {
  readonly op: Op
  readonly sku?: Uint8Array
  readonly user?: Uint8Array
  readonly qty?: number
  readonly payload?: Uint8Array
}

function entryOf(parts: EntryParts): Entry {
  const { sku: skuBytes = noBytes, user = noBytes, qty = 0, payload = noBytes } = parts
  const userHash = hashBytes(user, 0, user.length)
  return {
    op: parts.op,
    slot: 1,
    turn: 1,
    msgid: 0xffff_ffff,
    deadlineAt: now + 10_000,
    skuHash: hashBytes(skuBytes, 0, skuBytes.length),
    userHash,
    requestHi: userHash,
    requestLo: 7,
    qty,
    sku: skuBytes,
    user,
    payload,
  }
}
