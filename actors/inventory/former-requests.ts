import { mix32 } from '../../protocol/hash.ts'
import { pageMemory } from '../page-memory.ts'
import type { Work } from '../work.ts'
import { aligned } from './saved-columns.ts'
import { cellSize, firstCell, UserIndex } from './user-index.ts'

/** Longer than any call's deadline (G4): for this long an ended claim and a replaced request id are remembered. */
export const requestMemoryMs = 120_000

/** Re-buys, leaves, checkouts and deeds of operators within {@link requestMemoryMs} that one SKU remembers; one more is `BUSY`. */
export const formerRequestsMax = 1_000_000

const pageBits = 10
const pageRequests = 1 << pageBits
const pageMask = pageRequests - 1
/** Of a request in all columns. */
const requestBytes = 20
/** Places are counted on for ever, modulo this; there are never so many at a time. */
const placeMask = 0x7fff_ffff
const restoredPerSlice = 2_048
/** More than come at a time, so that the old go, and few enough that a call after a quiet minute does not pay for all of a rush. */
const droppedAtOnce = 64

/**
 * Request ids whose claim was replaced by a later one of the same user, and those of requests without a claim of their own (answered-requests.ts),
 * so that a copy that arrives late does nothing. The request of a user's latest claim is not in here: its row of the user table remembers it.
 *
 * A queue in pages of columns, oldest first, and an index over it: 20 bytes a request and 11 to 22 for the index, for all of a long line may leave within a
 * minute or two.
 */
export class FormerRequests {
  private readonly pages: Page[] = []
  /** The one that went last, for the next that is needed: where requests come as fast as they go, none is made and none is garbage. */
  private spare: Page | undefined
  /** The place of the first page's first request, which may be gone; and how many of that page are. */
  private first = 0
  private gone = 0
  private length = 0
  /** By hash, to places; only while there is something to find. */
  private index: UserIndex | undefined

  has(userHash: number, requestHi: number, requestLo: number, now: number): boolean {
    if (this.index === undefined) return false
    const hash = hashOf(userHash, requestHi, requestLo)
    const cells = this.index.part(hash)
    const mask = cells.length - 1
    for (let cell = firstCell(hash, mask); cells[cell + 1] !== 0; cell = (cell + cellSize) & mask) {
      if (cells[cell] !== hash) continue
      const offset = ((cells[cell + 1] as number) - 1 - this.first) & placeMask
      const { users, his, los, times } = this.pageAt(offset)
      const at = offset & pageMask
      if (users[at] !== userHash || his[at] !== requestHi || los[at] !== requestLo) continue
      if (now - (times[at] as number) <= requestMemoryMs) return true
    }
    return false
  }

  isFull(now: number): boolean {
    this.dropOld(now)
    return this.length >= formerRequestsMax
  }

  isHalfFull(now: number): boolean {
    this.dropOld(now)
    return this.length >= formerRequestsMax / 2
  }

  remember(userHash: number, requestHi: number, requestLo: number, now: number): void {
    this.dropOld(now)
    if (requestHi !== 0 || requestLo !== 0) this.push(userHash, requestHi, requestLo, now)
  }

  save(): SavedFormer {
    const { length } = this
    const users = new Uint32Array(length)
    const his = new Uint32Array(length)
    const los = new Uint32Array(length)
    const times = new Float64Array(length)
    for (let i = 0; i < length; i++) {
      const page = this.pageAt(this.gone + i)
      const at = (this.gone + i) & pageMask
      users[i] = page.users[at] as number
      his[i] = page.his[at] as number
      los[i] = page.los[at] as number
      times[i] = page.times[at] as number
    }
    return { users: bytesOf(users), his: bytesOf(his), los: bytesOf(los), times: bytesOf(times) }
  }

  /** Fills an empty memory. */
  *restore(saved: SavedFormer | SavedFormerTexts): Work<void> {
    const { users, his, los, times } = 'users' in saved ? columnsOf(saved) : columnsOfTexts(saved)
    for (let i = 0; i < users.length; i++) {
      this.push(users[i] as number, his[i] as number, los[i] as number, times[i] as number)
      if ((i + 1) % restoredPerSlice === 0) yield i / users.length
    }
  }

  private push(userHash: number, requestHi: number, requestLo: number, now: number): void {
    const offset = this.gone + this.length
    if (offset === this.pages.length * pageRequests) {
      this.pages.push(this.spare ?? emptyColumns(pageRequests))
      this.spare = undefined
    }
    const { users, his, los, times } = this.pageAt(offset)
    const at = offset & pageMask
    users[at] = userHash
    his[at] = requestHi
    los[at] = requestLo
    times[at] = now
    this.length++
    this.index ??= new UserIndex()
    this.index.insert(hashOf(userHash, requestHi, requestLo), (this.first + offset) & placeMask)
  }

  /** Places are in the order of time, since a shard's time never goes back. */
  private dropOld(now: number): void {
    for (let left = droppedAtOnce; this.length > 0 && left > 0; left--) {
      const { users, his, los, times } = this.pageAt(0)
      const at = this.gone
      if (now - (times[at] as number) <= requestMemoryMs) return
      this.index?.remove(hashOf(users[at] as number, his[at] as number, los[at] as number), (this.first + at) & placeMask)
      this.length--
      this.gone++
      if (this.gone === pageRequests) this.dropPage()
    }
    if (this.length === 0) this.index = undefined
  }

  private dropPage(): void {
    this.spare = this.pages.shift()
    this.first = (this.first + pageRequests) & placeMask
    this.gone = 0
  }

  private pageAt(offset: number): Page {
    return this.pages[offset >>> pageBits] as Page
  }
}

interface Page {
  readonly users: Uint32Array
  readonly his: Uint32Array
  readonly los: Uint32Array
  readonly times: Float64Array
}

/** The columns as bytes, oldest first, little-endian. */
export interface SavedFormer {
  readonly users: Uint8Array
  readonly his: Uint8Array
  readonly los: Uint8Array
  readonly times: Uint8Array
}

/** How version 1 of snapshots kept them: `user.hi.lo`, and when. */
export type SavedFormerTexts = readonly (readonly [key: string, at: number])[]

function columnsOf({ users, his, los, times }: SavedFormer): Page {
  return {
    users: new Uint32Array(aligned(users)),
    his: new Uint32Array(aligned(his)),
    los: new Uint32Array(aligned(los)),
    times: new Float64Array(aligned(times)),
  }
}

function columnsOfTexts(saved: SavedFormerTexts): Page {
  const columns = emptyColumns(saved.length)
  for (const [i, [key, at]] of saved.entries()) {
    const [user = 0, hi = 0, lo = 0] = key.split('.').map(Number)
    columns.users[i] = user
    columns.his[i] = hi
    columns.los[i] = lo
    columns.times[i] = at
  }
  return columns
}

function emptyColumns(length: number): Page {
  const memory = pageMemory(length * requestBytes)
  return {
    times: new Float64Array(memory, 0, length),
    users: new Uint32Array(memory, length * 8, length),
    his: new Uint32Array(memory, length * 12, length),
    los: new Uint32Array(memory, length * 16, length),
  }
}

function hashOf(userHash: number, requestHi: number, requestLo: number): number {
  return mix32(mix32(mix32(userHash) ^ requestHi) ^ requestLo)
}

function bytesOf(column: Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength)
}
