import type { SkuSettings } from '../../protocol/sku-settings.ts'
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

/** What was sealed for this SKU; undefined if it cannot be opened here. */
export type OpenSeed = (sealed: Uint8Array, settings: SkuSettings) => Uint8Array | undefined

/** Slices of a millisecond or two that one turn of a shard does of all its draws: a call waits for several turns, on its way to the store and back. */
const slicesPerTurn = 1

/**
 * What an owner works out of a draw's state, in slices: roster and order. Neither is part of the state, since both follow from it, so that a next owner does it
 * over again and goes on where the last one stopped.
 */
export class DrawWorks {
  private readonly rosters = new Map<SkuDraw, Result<SortedRoster>>()
  private readonly orders = new Map<SkuDraw, Result<Uint32Array>>()
  private readonly seeds = new Map<SkuDraw, Uint8Array | undefined>()
  private readonly openSeed: OpenSeed
  private slicesLeft = 0

  constructor(openSeed: OpenSeed) {
    this.openSeed = openSeed
  }

  /** Once a turn. */
  begin(): void {
    this.slicesLeft = slicesPerTurn
  }

  /** The secret seed, or undefined if this owner cannot open it. Tried once: its key does not change while it runs. */
  seed(draw: SkuDraw, settings: SkuSettings): Uint8Array | undefined {
    const { seed, sealed } = draw
    if (seed !== undefined || sealed === undefined) return seed
    if (!this.seeds.has(draw)) this.seeds.set(draw, this.openSeed(sealed, settings))
    return this.seeds.get(draw)
  }

  /** The roster of a draw that is counted; undefined as long as there is more to do on it. */
  roster(draw: SkuDraw): SortedRoster | undefined {
    return this.advance(this.rosters, draw, () => sortedRoster(draw))
  }

  /** The drawn order of a draw that waits for nothing any more and whose seed is revealed. */
  order(draw: SkuDraw, beacon: Parameters<typeof drawnOrder>[0]['beacon']): Uint32Array | undefined {
    const { seed, rosterHash, rosterSize } = draw
    if (seed === undefined || rosterHash === undefined) throw new Error('a draw without its seed, or the hash of its roster')
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
