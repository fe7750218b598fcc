import type { Work } from '../work.ts'
import { aligned } from './saved-columns.ts'

/** Paid orders that one SKU remembers for refunds; the oldest go first. */
export const paidOrdersMax = 1_000_000

const restoredPerSlice = 4_096

/** One paid order, as it stands now. */
export interface PaidOrder {
  readonly claim: number
  /** Its buyer's row of the user table, which stays because something was bought. */
  readonly row: number
  readonly qty: number
  readonly orderTag: number
  readonly amountMinor: number
}

/**
 * Orders that were paid, oldest first, long after their claims have made way for others: what may go back of each and what has gone. A ring of columns, 42
 * bytes an order and 4 a user: a sale pays hundreds of thousands. Written by `evolve` alone.
 */
export class PaidOrders {
  private columns = columnsOf(64)
  /** By row: 1 and the number of its latest order among all there ever were; 0 for none. */
  private latest = new Uint32Array(64)
  /** How many there ever were. */
  private count = 0
  private head = 0

  push({ claim, row, qty, orderTag, amountMinor }: PaidOrder): void {
    if (this.count - this.head === paidOrdersMax) this.head++
    if (this.count - this.head === this.columns.claims.length) this.grow()
    const { columns } = this
    const slot = this.slotOf(this.count)
    columns.claims[slot] = claim
    columns.rows[slot] = row
    columns.qtys[slot] = qty
    columns.orderTags[slot] = orderTag
    columns.amounts[slot] = amountMinor
    columns.asked[slot] = 0
    columns.refunded[slot] = 0
    this.remember(row)
    this.count++
  }

  /** The place of an order, for the others here; -1 if it is not remembered. Cost: a look at every order, but for the latest of its buyer. */
  find(claim: number, orderTag: number, row = -1): number {
    const latest = row < 0 ? 0 : (this.latest[row] ?? 0)
    if (latest > this.head && this.columns.claims[this.slotOf(latest - 1)] === claim) return this.slotOf(latest - 1)
    for (let number = this.count - 1; number >= this.head; number--) {
      const slot = this.slotOf(number)
      if (this.columns.claims[slot] === claim && this.columns.orderTags[slot] === orderTag) return slot
    }
    return -1
  }

  /** What has gone back of the order that this claim of the row is. */
  refundedOf(row: number, claim: number): number {
    const latest = this.latest[row] ?? 0
    const slot = this.slotOf(latest - 1)
    return latest > this.head && this.columns.claims[slot] === claim ? (this.columns.refunded[slot] as number) : 0
  }

  at(slot: number): PaidOrder & { readonly askedMinor: number; readonly refundedMinor: number } {
    const { claims, rows, qtys, orderTags, amounts, asked, refunded } = this.columns
    return {
      claim: claims[slot] as number,
      row: rows[slot] as number,
      qty: qtys[slot] as number,
      orderTag: orderTags[slot] as number,
      amountMinor: amounts[slot] as number,
      askedMinor: asked[slot] as number,
      refundedMinor: refunded[slot] as number,
    }
  }

  /** So much more of it is on its way back, or with a negative number not any more. */
  ask(slot: number, amountMinor: number): void {
    this.columns.asked[slot] = (this.columns.asked[slot] as number) + amountMinor
  }

  /** So much of what is on its way has gone back. */
  refund(slot: number, amountMinor: number): void {
    this.columns.refunded[slot] = (this.columns.refunded[slot] as number) + amountMinor
  }

  get length(): number {
    return this.count - this.head
  }

  /** `ranks` says where each row of the user table comes to in its own saved form. */
  save(ranks: Uint32Array): SavedPaid {
    const { claims, rows, qtys, orderTags, amounts, asked, refunded } = this.unrolled(this.length)
    for (let i = 0; i < rows.length; i++) rows[i] = ranks[rows[i] as number] as number
    const bytes = (column: { readonly buffer: ArrayBuffer }): Uint8Array => new Uint8Array(column.buffer)
    return {
      ...{ claims: bytes(claims), rows: bytes(rows), qtys: bytes(qtys), orderTags: bytes(orderTags) },
      ...{ amounts: bytes(amounts), asked: bytes(asked), refunded: bytes(refunded) },
    }
  }

  /** Fills an empty table. */
  *restore(saved: SavedPaid): Work<void> {
    const rows = new Uint32Array(aligned(saved.rows))
    const claims = new Uint32Array(aligned(saved.claims))
    const qtys = new Uint16Array(aligned(saved.qtys))
    const orderTags = new Uint32Array(aligned(saved.orderTags))
    const amounts = new Float64Array(aligned(saved.amounts))
    const asked = new Float64Array(aligned(saved.asked))
    const refunded = new Float64Array(aligned(saved.refunded))
    let capacity = this.columns.claims.length
    while (capacity < claims.length) capacity *= 2
    this.columns = columnsOf(capacity)
    for (let i = 0; i < claims.length; i++) {
      const [claim, row, qty] = [claims[i] as number, rows[i] as number, qtys[i] as number]
      this.push({ claim, row, qty, orderTag: orderTags[i] as number, amountMinor: amounts[i] as number })
      const slot = this.slotOf(this.count - 1)
      this.columns.asked[slot] = asked[i] as number
      this.columns.refunded[slot] = refunded[i] as number
      if ((i + 1) % restoredPerSlice === 0) yield i / claims.length
    }
  }

  private remember(row: number): void {
    if (row >= this.latest.length) {
      const larger = new Uint32Array(Math.max(row + 1, this.latest.length * 2))
      larger.set(this.latest)
      this.latest = larger
    }
    this.latest[row] = this.count + 1
  }

  private slotOf(number: number): number {
    return number & (this.columns.claims.length - 1)
  }

  private grow(): void {
    const larger = this.unrolled(this.columns.claims.length * 2)
    // A number keeps its place by its low bits, so the ring begins anew with number 0.
    for (let row = 0; row < this.latest.length; row++) this.latest[row] = Math.max(0, (this.latest[row] as number) - this.head)
    this.count -= this.head
    this.head = 0
    this.columns = larger
  }

  /** The columns from the oldest on, with this many places. */
  private unrolled(length: number): Columns {
    const to = columnsOf(length)
    for (let i = 0; i < this.length; i++) {
      const slot = this.slotOf(this.head + i)
      for (const name of columnNames) to[name][i] = this.columns[name][slot] as number
    }
    return to
  }
}

const columnNames = ['claims', 'rows', 'qtys', 'orderTags', 'amounts', 'asked', 'refunded'] as const

interface Columns {
  readonly claims: Uint32Array<ArrayBuffer>
  readonly rows: Uint32Array<ArrayBuffer>
  readonly qtys: Uint16Array<ArrayBuffer>
  readonly orderTags: Uint32Array<ArrayBuffer>
  readonly amounts: Float64Array<ArrayBuffer>
  /** What has gone back or is on its way. */
  readonly asked: Float64Array<ArrayBuffer>
  readonly refunded: Float64Array<ArrayBuffer>
}

function columnsOf(length: number): Columns {
  return {
    claims: new Uint32Array(length),
    rows: new Uint32Array(length),
    qtys: new Uint16Array(length),
    orderTags: new Uint32Array(length),
    amounts: new Float64Array(length),
    asked: new Float64Array(length),
    refunded: new Float64Array(length),
  }
}

/** The columns as bytes, oldest first, little-endian. */
export type SavedPaid = { readonly [K in keyof Columns]: Uint8Array }
