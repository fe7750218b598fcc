import { drawnOrder } from '../draw/drawn-order.ts'
import { entryIdBytes, Roster, rosterOrder } from '../draw/roster.ts'
import type { Work } from '../work.ts'
import type { SkuDraw } from './sku-draw.ts'

/** The roster, and at each place in it which of the counted entries that is. */
export interface SortedRoster {
  readonly roster: Roster
  readonly entries: Uint32Array
  readonly hash: Uint8Array
}

/** Slices of some milliseconds that one turn of a shard does of all its draws. */
const slicesPerTurn = 4

/**
 * What an owner works out of a draw's state, in slices: roster and order. Neither is part of the state, since both follow from it, so that a next owner does it
 * over again and goes on where the last one stopped.
 */
export class DrawWorks {
  private readonly rosters = new Map<SkuDraw, Result<SortedRoster>>()
  private readonly orders = new Map<SkuDraw, Result<Uint32Array>>()
  private slicesLeft = 0

  /** Once a turn. */
  begin(): void {
    this.slicesLeft = slicesPerTurn
  }

  /** The roster of a draw that is counted; undefined as long as there is more to do on it. */
  roster(draw: SkuDraw): SortedRoster | undefined {
    return this.advance(this.rosters, draw, () => sortedRoster(draw))
  }

  /** The drawn order of a draw that waits for nothing any more. */
  order(draw: SkuDraw, beacon: Parameters<typeof drawnOrder>[0]['beacon']): Uint32Array | undefined {
    const { seed, rosterHash, rosterSize } = draw
    if (rosterHash === undefined) throw new Error('a draw without the hash of its roster')
    return this.advance(this.orders, draw, () => drawnOrder({ seed, rosterHash, beacon }, rosterSize))
  }

  /** Somebody wants results that are not there yet. */
  get isWanted(): boolean {
    return [...this.rosters.values(), ...this.orders.values()].some(({ value }) => value === undefined)
  }

  private advance<T>(results: Map<SkuDraw, Result<T>>, draw: SkuDraw, begin: () => Work<T>): T | undefined {
    const known = results.get(draw)
    const result: Result<T> = known ?? { work: begin(), value: undefined }
    if (known === undefined) results.set(draw, result)
    for (; result.value === undefined && this.slicesLeft > 0; this.slicesLeft--) {
      const step = result.work.next()
      if (step.done === true) result.value = step.value
    }
    return result.value
  }
}

interface Result<T> {
  readonly work: Work<T>
  value: T | undefined
}

function* sortedRoster(draw: SkuDraw): Work<SortedRoster> {
  const ids = draw.entryIds
  const entries = yield* rosterOrder(ids)
  const sorted = new Uint8Array(ids.length)
  for (let i = 0; i < entries.length; i++) {
    const from = (entries[i] as number) * entryIdBytes
    // Copied byte by byte: a view an entry would cost more than the copy.
    for (let byte = 0, to = i * entryIdBytes; byte < entryIdBytes; byte++) sorted[to + byte] = ids[from + byte] as number
    if (i % copiedPerSlice === 0) yield i / entries.length
  }
  const roster = new Roster(sorted)
  return { roster, entries, hash: yield* roster.hash() }
}

const copiedPerSlice = 32_768
