import { isSameUser } from '../pseudonym.ts'
import type { Work } from '../work.ts'
import { ClaimRows } from './claim-rows.ts'
import type { Column } from './saved-columns.ts'
import { UserBytes } from './user-bytes.ts'
import { cellSize, firstCell, UserIndex } from './user-index.ts'
import { type UserColumn, UserPage, userColumns } from './user-page.ts'

const pageBits = 13
const pageRows = 1 << pageBits
const pageMask = pageRows - 1
/** Of the first page, which doubles until it is as large as all others. */
const rowsMin = 64
const restoredPerSlice = 2_048

/**
 * Everyone who ever claimed units of one SKU: a row each, with the user's latest claim. 46 bytes a row, 16 or more for the id, 11 to 22 for the index and 4 for the claim's number. Only `evolve` writes;
 * every change of a row stands between `begin` and `end`, which keep the digest of all rows up to date.
 *
 * Rows lie in pages, so that one more user never pays for moving a million, and what is allocated is what is used: columns that are copied when they grow cost a rush an eighth of its calls, most of it in
 * pages that the system has to clear and in garbage.
 */
export class UserTable {
  /** Sum of all rows' hashes modulo 2^32: equal on two replicas with the same rows, however they came to them. */
  digest = 0
  /** Rows in use. */
  count = 0

  private readonly pages: UserPage[] = [new UserPage(rowsMin)]
  /** Rows that all pages have. */
  private room = rowsMin
  private readonly rowOfClaim = new ClaimRows()
  private readonly bytes = new UserBytes()
  private readonly index = new UserIndex()
  private readonly freeRows: number[] = []
  private used = 0

  /** The row of this user, or -1; also if the one name is the pseudonym of the other. */
  find(hash: number, bytes: Uint8Array, from: number, length: number): number {
    const cells = this.index.part(hash)
    const mask = cells.length - 1
    for (let at = firstCell(hash, mask); ; at = (at + cellSize) & mask) {
      const cell = cells[at + 1] as number
      if (cell === 0) return -1
      if (cells[at] !== hash) continue
      const row = cell - 1
      if (this.isNamed(row, bytes, from, length) || isSameUser(this.userBytes(row), bytes.subarray(from, from + length))) return row
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
    if (row >= this.room) this.grow()
    const page = this.page(row)
    const at = row & pageMask
    page.hash[at] = hash
    page.user[at] = this.bytes.add(bytes, from, from + length)
    page.userLength[at] = length
    this.index.insert(hash, row)
    this.count++
    return row
  }

  isNamed(row: number, bytes: Uint8Array, from: number, length: number): boolean {
    const page = this.page(row)
    const at = row & pageMask
    return page.userLength[at] === length && this.bytes.equal(page.user[at] as number, length, bytes, from)
  }

  /** Another name for the same user: the hash stays, and so does the digest. */
  rename(row: number, bytes: Uint8Array, from: number, length: number): void {
    const page = this.page(row)
    const at = row & pageMask
    this.bytes.free(page.user[at] as number)
    page.user[at] = this.bytes.add(bytes, from, from + length)
    page.userLength[at] = length
  }

  /** Forgets a user. */
  remove(row: number): void {
    const page = this.page(row)
    const at = row & pageMask
    this.begin(row)
    this.index.remove(page.hash[at] as number, row)
    this.bytes.free(page.user[at] as number)
    this.rowOfClaim.delete(page.claim[at] as number)
    page.clear(at)
    this.freeRows.push(row)
    this.count--
  }

  begin(row: number): void {
    this.digest = (this.digest - this.page(row).digest(row & pageMask)) >>> 0
  }

  end(row: number): void {
    this.digest = (this.digest + this.page(row).digest(row & pageMask)) >>> 0
  }

  /** Makes `claim` the row's claim; the number of its former one finds nobody any more. */
  setClaim(row: number, claim: number): void {
    const { claim: claims } = this.page(row)
    const at = row & pageMask
    const former = claims[at] as number
    if (former !== 0) this.rowOfClaim.delete(former)
    this.rowOfClaim.set(claim, row)
    claims[at] = claim
  }

  /** The row whose latest claim has this number, or -1. */
  rowOf(claim: number): number {
    return this.rowOfClaim.get(claim)
  }

  userBytes(row: number): Uint8Array {
    const page = this.page(row)
    const at = row & pageMask
    return this.bytes.get(page.user[at] as number, page.userLength[at] as number)
  }

  userHash(row: number): number {
    return this.page(row).hash[row & pageMask] as number
  }

  claim(row: number): number {
    return this.page(row).claim[row & pageMask] as number
  }

  state(row: number): number {
    return this.page(row).state[row & pageMask] as number
  }

  qty(row: number): number {
    return this.page(row).qty[row & pageMask] as number
  }

  bought(row: number): number {
    return this.page(row).bought[row & pageMask] as number
  }

  returned(row: number): number {
    return this.page(row).returned[row & pageMask] as number
  }

  orderTag(row: number): number {
    return this.page(row).orderTag[row & pageMask] as number
  }

  price(row: number): number {
    return this.page(row).price[row & pageMask] as number
  }

  requestHi(row: number): number {
    return this.page(row).requestHi[row & pageMask] as number
  }

  requestLo(row: number): number {
    return this.page(row).requestLo[row & pageMask] as number
  }

  deadline(row: number): number {
    return this.page(row).deadline[row & pageMask] as number
  }

  setState(row: number, state: number): void {
    this.page(row).state[row & pageMask] = state
  }

  setQty(row: number, qty: number): void {
    this.page(row).qty[row & pageMask] = qty
  }

  setBought(row: number, bought: number): void {
    this.page(row).bought[row & pageMask] = bought
  }

  setReturned(row: number, returned: number): void {
    this.page(row).returned[row & pageMask] = returned
  }

  setOrderTag(row: number, orderTag: number): void {
    this.page(row).orderTag[row & pageMask] = orderTag
  }

  setPrice(row: number, price: number): void {
    this.page(row).price[row & pageMask] = price
  }

  setDeadline(row: number, deadline: number): void {
    this.page(row).deadline[row & pageMask] = deadline
  }

  setRequest(row: number, hi: number, lo: number): void {
    const page = this.page(row)
    page.requestHi[row & pageMask] = hi
    page.requestLo[row & pageMask] = lo
  }

  /** Every row in use, in row order. */
  *rows(): Generator<number> {
    for (let row = 0; row < this.used; row++) if (this.page(row).userLength[row & pageMask] !== 0) yield row
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
    const count = rows.length
    const userLengths = this.picked(rows, 'userLength', new Uint8Array(count))
    const users = new Uint8Array(userLengths.reduce((sum, length) => sum + length, 0))
    for (let i = 0, at = 0; i < count; i++) {
      const row = rows[i] as number
      const length = userLengths[i] as number
      this.bytes.copy(this.page(row).user[row & pageMask] as number, length, users, at)
      at += length
    }
    const prices = this.picked(rows, 'price', new Uint16Array(count))
    return {
      count,
      users,
      userLengths,
      hashes: bytesOf(this.picked(rows, 'hash', new Uint32Array(count))),
      claims: bytesOf(this.picked(rows, 'claim', new Uint32Array(count))),
      states: this.picked(rows, 'state', new Uint8Array(count)),
      qtys: bytesOf(this.picked(rows, 'qty', new Uint16Array(count))),
      bought: bytesOf(this.picked(rows, 'bought', new Uint32Array(count))),
      returned: bytesOf(this.picked(rows, 'returned', new Uint32Array(count))),
      orderTags: bytesOf(this.picked(rows, 'orderTag', new Uint32Array(count))),
      ...(prices.some((price) => price !== 0) ? { prices: bytesOf(prices) } : {}),
      requestHis: bytesOf(this.picked(rows, 'requestHi', new Uint32Array(count))),
      requestLos: bytesOf(this.picked(rows, 'requestLo', new Uint32Array(count))),
      deadlines: bytesOf(this.picked(rows, 'deadline', new Float64Array(count))),
    }
  }

  /** Fills an empty table. */
  *restore(saved: SavedUsers): Work<void> {
    const { count } = saved
    this.index.reserve(count)
    while (this.room < count) this.grow()
    for (let row = 0, at = 0; row < count; row++) {
      // A page at a time, for its columns are copied as a whole.
      if ((row & pageMask) === 0) fill(this.page(row), row, saved)
      const page = this.page(row)
      const length = page.userLength[row & pageMask] as number
      const claim = page.claim[row & pageMask] as number
      page.user[row & pageMask] = this.bytes.add(saved.users, at, at + length)
      at += length
      this.index.insert(page.hash[row & pageMask] as number, row)
      if (claim !== 0) this.rowOfClaim.set(claim, row)
      this.end(row)
      if ((row + 1) % restoredPerSlice === 0) yield row / count
    }
    this.used = count
    this.count = count
  }

  private page(row: number): UserPage {
    return this.pages[row >>> pageBits] as UserPage
  }

  private grow(): void {
    const [first] = this.pages
    if (first !== undefined && first.rows < pageRows) this.pages[0] = first.larger(first.rows * 2)
    else this.pages.push(new UserPage(pageRows))
    this.room = this.room < pageRows ? this.room * 2 : this.room + pageRows
  }

  private rowsInUse(): Uint32Array {
    const rows = new Uint32Array(this.count)
    let i = 0
    for (const row of this.rows()) rows[i++] = row
    return rows
  }

  /** A column of these rows, which are in row order. */
  private picked<T extends Column>(rows: Uint32Array, column: UserColumn, into: T): T {
    for (let i = 0; i < rows.length;) {
      const number = (rows[i] as number) >>> pageBits
      const from = (this.pages[number] as UserPage)[column]
      for (; i < rows.length && (rows[i] as number) >>> pageBits === number; i++) into[i] = from[(rows[i] as number) & pageMask] as number
    }
    return into
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

/** Of each saved column the one that it fills; `user` says where the bytes of `users` have come to. */
const savedAs = {
  hash: 'hashes',
  userLength: 'userLengths',
  claim: 'claims',
  state: 'states',
  qty: 'qtys',
  bought: 'bought',
  returned: 'returned',
  orderTag: 'orderTags',
  price: 'prices',
  requestHi: 'requestHis',
  requestLo: 'requestLos',
  deadline: 'deadlines',
} as const satisfies Readonly<Record<Exclude<UserColumn, 'user'>, keyof SavedUsers>>

/** Fills a page with the saved rows from `row` on, as many as it has room for. */
function fill(page: UserPage, row: number, saved: SavedUsers): void {
  for (const column of userColumns) {
    const from = column === 'user' ? undefined : saved[savedAs[column]]
    if (from === undefined) continue
    const into = bytesOf(page[column])
    const width = into.length / page.rows
    into.set(from.subarray(row * width, (row + page.rows) * width))
  }
}

function bytesOf(column: Column): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength)
}
