import { mix32 } from '../../protocol/hash.ts'
import { isSameUser } from '../pseudonym.ts'
import type { Work } from '../work.ts'
import { ClaimRows } from './claim-rows.ts'
import { UserBytes } from './user-bytes.ts'
import { cellSize, firstCell, UserIndex } from './user-index.ts'

const rowsMin = 64
const growth = 1.5
/** Columns grow one after the other, with so much of a table's room between two of them. */
const growStep = 1 / 48
const restoredPerSlice = 2_048

/**
 * Everyone who ever claimed units of one SKU: a row each, in columns, with the user's latest claim. 46 to 69 bytes a row, 16 or more for the id,
 * 11 to 22 for the index and 4 for the claim's number. Only `evolve` writes; every change of a row stands between `begin` and `end`, which keep
 * the digest of all rows up to date.
 *
 * No `add` pays for moving a million rows: it moves one column at most (some milliseconds), or one part of the index.
 */
export class UserTable {
  claim = new Uint32Array(rowsMin)
  state = new Uint8Array(rowsMin)
  qty = new Uint16Array(rowsMin)
  bought = new Uint32Array(rowsMin)
  /** Of these the units that were given back and count against the limit no more. */
  returned = new Uint32Array(rowsMin)
  /** Of the claim's order: `orderTag` of protocol/ids.ts. */
  orderTag = new Uint32Array(rowsMin)
  /** Of the claim's hold, and of the order that it became: the number of its price (sku-prices.ts). */
  price = new Uint16Array(rowsMin)
  requestHi = new Uint32Array(rowsMin)
  requestLo = new Uint32Array(rowsMin)
  /** When the hold or the payment ends, without the SKU's shift (sku-state.ts). */
  deadline = new Float64Array(rowsMin)
  /** Sum of all rows' hashes modulo 2^32: equal on two replicas with the same rows, however they came to them. */
  digest = 0
  /** Rows in use. */
  count = 0

  private hash = new Uint32Array(rowsMin)
  private user = new Uint32Array(rowsMin)
  private userLength = new Uint8Array(rowsMin)
  private readonly rowOfClaim = new ClaimRows()
  private readonly bytes = new UserBytes()
  private readonly index = new UserIndex()
  private readonly freeRows: number[] = []
  private used = 0
  /** Every column has room for so many rows, and the first `grown` of them for the next capacity. */
  private capacity = rowsMin
  private grown = 0
  private growAt = 0
  private readonly enlarge: readonly ((rows: number) => void)[] = [
    (rows) => (this.hash = larger(this.hash, new Uint32Array(rows))),
    (rows) => (this.user = larger(this.user, new Uint32Array(rows))),
    (rows) => (this.userLength = larger(this.userLength, new Uint8Array(rows))),
    (rows) => (this.claim = larger(this.claim, new Uint32Array(rows))),
    (rows) => (this.state = larger(this.state, new Uint8Array(rows))),
    (rows) => (this.qty = larger(this.qty, new Uint16Array(rows))),
    (rows) => (this.bought = larger(this.bought, new Uint32Array(rows))),
    (rows) => (this.returned = larger(this.returned, new Uint32Array(rows))),
    (rows) => (this.orderTag = larger(this.orderTag, new Uint32Array(rows))),
    (rows) => (this.price = larger(this.price, new Uint16Array(rows))),
    (rows) => (this.requestHi = larger(this.requestHi, new Uint32Array(rows))),
    (rows) => (this.requestLo = larger(this.requestLo, new Uint32Array(rows))),
    (rows) => (this.deadline = larger(this.deadline, new Float64Array(rows))),
  ]

  constructor() {
    this.setCapacity(rowsMin)
  }

  /** The row of this user, or -1; also if the one name is the pseudonym of the other. */
  find(hash: number, bytes: Uint8Array, from: number, length: number): number {
    const cells = this.index.part(hash)
    const mask = cells.length - 1
    for (let at = firstCell(hash, mask); ; at = (at + cellSize) & mask) {
      const cell = cells[at + 1] as number
      if (cell === 0) return -1
      const row = cell - 1
      if (cells[at] === hash && this.userLength[row] === length && this.bytes.equal(this.user[row] as number, length, bytes, from))
        return row
      if (cells[at] === hash && isSameUser(this.userBytes(row), bytes.subarray(from, from + length))) return row
    }
  }

  /** Touches the memory where {@link find} will begin; worth calling for many users before the first is looked for. Returns what is of no use. */
  touch(hash: number): number {
    const cells = this.index.part(hash)
    return cells[firstCell(hash, cells.length - 1)] as number
  }

  /** A row for a user who has none, begun: its claim columns are zero, and the caller fills them and calls {@link end}. */
  add(hash: number, bytes: Uint8Array, from: number, length: number): number {
    const row = this.freeRows.pop() ?? this.used++
    if (row >= this.growAt) this.grow()
    this.hash[row] = hash
    this.user[row] = this.bytes.add(bytes, from, from + length)
    this.userLength[row] = length
    this.index.insert(hash, row)
    this.count++
    return row
  }

  isNamed(row: number, bytes: Uint8Array, from: number, length: number): boolean {
    return this.userLength[row] === length && this.bytes.equal(this.user[row] as number, length, bytes, from)
  }

  /** Another name for the same user: the hash stays, and so does the digest. */
  rename(row: number, bytes: Uint8Array, from: number, length: number): void {
    this.bytes.free(this.user[row] as number)
    this.user[row] = this.bytes.add(bytes, from, from + length)
    this.userLength[row] = length
  }

  /** Forgets a user. */
  remove(row: number): void {
    this.digest = (this.digest - this.rowDigest(row)) >>> 0
    this.index.remove(this.hash[row] as number, row)
    this.bytes.free(this.user[row] as number)
    this.rowOfClaim.delete(this.claim[row] as number)
    this.claim[row] = 0
    this.state[row] = 0
    this.qty[row] = 0
    this.bought[row] = 0
    this.returned[row] = 0
    this.orderTag[row] = 0
    this.price[row] = 0
    this.requestHi[row] = 0
    this.requestLo[row] = 0
    this.deadline[row] = 0
    this.userLength[row] = 0
    this.freeRows.push(row)
    this.count--
  }

  begin(row: number): void {
    this.digest = (this.digest - this.rowDigest(row)) >>> 0
  }

  end(row: number): void {
    this.digest = (this.digest + this.rowDigest(row)) >>> 0
  }

  /** Makes `claim` the row's claim; the number of its former one finds nobody any more. */
  setClaim(row: number, claim: number): void {
    const former = this.claim[row] as number
    if (former !== 0) this.rowOfClaim.delete(former)
    this.rowOfClaim.set(claim, row)
    this.claim[row] = claim
  }

  /** The row whose latest claim has this number, or -1. */
  rowOf(claim: number): number {
    return this.rowOfClaim.get(claim)
  }

  userBytes(row: number): Uint8Array {
    return this.bytes.get(this.user[row] as number, this.userLength[row] as number)
  }

  userHash(row: number): number {
    return this.hash[row] as number
  }

  /** Every row in use, in row order. */
  *rows(): Generator<number> {
    for (let row = 0; row < this.used; row++) if (this.userLength[row] !== 0) yield row
  }

  /** Where each row comes to in what {@link save} gives. */
  ranks(): Uint32Array {
    const ranks = new Uint32Array(this.used)
    const rows = this.rowsInUse()
    for (let rank = 0; rank < rows.length; rank++) ranks[rows[rank] as number] = rank
    return ranks
  }

  save(): SavedUsers {
    const rows = this.rowsInUse()
    let usersBytes = 0
    for (let i = 0; i < rows.length; i++) usersBytes += this.userLength[rows[i] as number] as number
    const users = new Uint8Array(usersBytes)
    for (let i = 0, at = 0; i < rows.length; i++) at += this.copyUser(rows[i] as number, users, at)
    const pick = <T extends Column>(column: T, into: T): Uint8Array => {
      for (let i = 0; i < rows.length; i++) into[i] = column[rows[i] as number] as number
      return new Uint8Array(into.buffer)
    }
    const count = rows.length
    return {
      count,
      users,
      userLengths: pick(this.userLength, new Uint8Array(count)),
      hashes: pick(this.hash, new Uint32Array(count)),
      claims: pick(this.claim, new Uint32Array(count)),
      states: pick(this.state, new Uint8Array(count)),
      qtys: pick(this.qty, new Uint16Array(count)),
      bought: pick(this.bought, new Uint32Array(count)),
      returned: pick(this.returned, new Uint32Array(count)),
      orderTags: pick(this.orderTag, new Uint32Array(count)),
      ...(this.hasPrices(rows) ? { prices: pick(this.price, new Uint16Array(count)) } : {}),
      requestHis: pick(this.requestHi, new Uint32Array(count)),
      requestLos: pick(this.requestLo, new Uint32Array(count)),
      deadlines: pick(this.deadline, new Float64Array(count)),
    }
  }

  /** Fills an empty table. */
  *restore(saved: SavedUsers): Work<void> {
    const { count } = saved
    yield* this.reserve(count)
    const columns: readonly (readonly [into: Column, from: Uint8Array | undefined])[] = [
      [this.hash, saved.hashes],
      [this.userLength, saved.userLengths],
      [this.claim, saved.claims],
      [this.state, saved.states],
      [this.qty, saved.qtys],
      [this.bought, saved.bought],
      [this.returned, saved.returned],
      [this.orderTag, saved.orderTags],
      [this.price, saved.prices],
      [this.requestHi, saved.requestHis],
      [this.requestLo, saved.requestLos],
      [this.deadline, saved.deadlines],
    ]
    for (const [into, from] of columns) if (from !== undefined) yield* copyColumn(from, into)
    for (let row = 0, at = 0; row < count; row++) {
      const length = this.userLength[row] as number
      this.user[row] = this.bytes.add(saved.users, at, at + length)
      at += length
      this.index.insert(this.hash[row] as number, row)
      if (this.claim[row] !== 0) this.rowOfClaim.set(this.claim[row] as number, row)
      this.end(row)
      if ((row + 1) % restoredPerSlice === 0) yield row / count
    }
    this.used = count
    this.count = count
  }

  /** Makes room in an empty table, and some more, so that the next to come do not have all columns grow at once. */
  private *reserve(count: number): Work<void> {
    const rows = Math.max(rowsMin, Math.ceil(count / (1 - this.enlarge.length * growStep)))
    this.index.reserve(count)
    for (const enlarge of this.enlarge) {
      enlarge(rows)
      if (count > restoredPerSlice) yield 0
    }
    this.setCapacity(rows)
  }

  private rowsInUse(): Uint32Array {
    const rows = new Uint32Array(this.count)
    for (let row = 0, i = 0; row < this.used; row++) if (this.userLength[row] !== 0) rows[i++] = row
    return rows
  }

  private hasPrices(rows: Uint32Array): boolean {
    for (let i = 0; i < rows.length; i++) if (this.price[rows[i] as number] !== 0) return true
    return false
  }

  private copyUser(row: number, to: Uint8Array, at: number): number {
    const length = this.userLength[row] as number
    this.bytes.copy(this.user[row] as number, length, to, at)
    return length
  }

  private rowDigest(row: number): number {
    const deadline = this.deadline[row] as number
    let digest = mix32((this.hash[row] as number) ^ (this.claim[row] as number))
    digest = Math.imul(digest ^ (this.state[row] as number) ^ ((this.qty[row] as number) << 8), 0x9e37_79b1)
    const tag = this.orderTag[row] as number
    const returned = this.returned[row] as number
    const price = this.price[row] as number
    // Journals in which no order has a tag, nothing was given back and no price was changed have digests without it.
    if (returned !== 0) digest = Math.imul(digest ^ returned, 0x9e37_79b1)
    if (price !== 0) digest = Math.imul(digest ^ price, 0x27d4_eb2f)
    if (tag !== 0) digest = Math.imul(digest ^ tag, 0x2545_f491)
    digest = Math.imul(digest ^ (this.bought[row] as number), 0x85eb_ca77)
    digest = Math.imul(digest ^ (this.requestHi[row] as number), 0xc2b2_ae3d)
    digest = Math.imul(digest ^ (this.requestLo[row] as number), 0x27d4_eb2f)
    digest = Math.imul(digest ^ (deadline / 0x1_0000_0000), 0x1656_67b1)
    return mix32(digest ^ deadline)
  }

  /** Gives the next column more room. */
  private grow(): void {
    const rows = Math.ceil(this.capacity * growth)
    this.enlarge[this.grown]?.(rows)
    this.grown++
    if (this.grown === this.enlarge.length) this.setCapacity(rows)
    else this.growAt += this.stepRows
  }

  private setCapacity(rows: number): void {
    this.capacity = rows
    this.grown = 0
    this.growAt = rows - (this.enlarge.length - 1) * this.stepRows
  }

  private get stepRows(): number {
    return Math.floor(this.capacity * growStep)
  }
}

/** The table's columns as bytes, without the rows that are free. Little-endian, as every machine that Node runs on. */
export interface SavedUsers {
  readonly count: number
  readonly users: Uint8Array
  readonly userLengths: Uint8Array
  readonly hashes: Uint8Array
  readonly claims: Uint8Array
  readonly states: Uint8Array
  readonly qtys: Uint8Array
  readonly bought: Uint8Array
  /** Not in snapshots of versions that had none. */
  readonly returned?: Uint8Array
  /** Not in snapshots of versions that had none. */
  readonly orderTags?: Uint8Array
  /** Where all have their SKU's first price it is left out. */
  readonly prices?: Uint8Array
  readonly requestHis: Uint8Array
  readonly requestLos: Uint8Array
  readonly deadlines: Uint8Array
}

type Column = Uint8Array | Uint16Array | Uint32Array | Float64Array

/** A copy whose buffer begins with the first byte, as typed arrays of wider items need it. */
export function aligned(bytes: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.length)
  new Uint8Array(copy).set(bytes)
  return copy
}

/** Bytes that one slice copies. */
const copiedPerSlice = 256 * 1024

/** Copies a saved column to the front of one that has room for it. */
export function* copyColumn(from: Uint8Array, into: Column): Work<void> {
  const bytes = new Uint8Array(into.buffer)
  for (let at = 0; at < from.length; at += copiedPerSlice) {
    bytes.set(from.subarray(at, at + copiedPerSlice), at)
    if (at + copiedPerSlice < from.length) yield at / from.length
  }
}

function larger<T extends Column>(from: T, to: T): T {
  to.set(from)
  return to
}
