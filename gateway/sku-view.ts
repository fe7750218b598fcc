import { eachOfRuns, type SkuChange, type SkuNumbers, type SkuView as SkuViewData } from '../protocol/broadcast.ts'
import { hashText } from '../protocol/hash.ts'
import { LineOrder } from '../protocol/line-order.ts'
import type { SkuInfo, SkuStatus } from '../protocol/results.ts'
import { productOf, type SkuSettings } from '../protocol/sku-settings.ts'

/** Eight times the work of a SKU that is just hot. */
export const heatMax = 4

/**
 * What this gateway knows of one SKU from its shard's broadcasts: stock, phase and the order of the line. A picture of durable state, a tick old;
 * it answers what cannot change by waiting and leaves everything else to the shard.
 */
export class SkuView {
  readonly shard: number
  readonly skuHash: number
  settings: SkuSettings
  numbers: SkuNumbers
  line: LineOrder
  /** A `buy` goes straight to the shard: nothing is known here that refuses it or sends it another way. Worked out once a tick, for every `buy` asks. */
  isPlain: boolean
  /** Buys that came here since that was last looked at. */
  buysHeard = 0
  /** How much work a `buy` has to bring along, from 0 for none to {@link heatMax}. */
  heat = 0
  private buyers: ReadonlySet<number> | undefined
  /** Counts the changes of the line, so that a position round knows whether it has something to say. */
  lineVersion = 0

  constructor(shard: number, data: SkuViewData) {
    this.shard = shard
    this.skuHash = hashText(data.sku)
    this.settings = data.settings
    this.numbers = data
    this.line = lineOf(data)
    this.buyers = buyersOf(data)
    this.isPlain = this.hasNothingToSay()
  }

  /** Takes in a whole view. */
  replace(data: SkuViewData): void {
    this.settings = data.settings
    this.numbers = data
    this.line = lineOf(data)
    this.buyers = buyersOf(data)
    this.isPlain = this.hasNothingToSay()
    this.lineVersion++
  }

  /** Takes in one tick's changes; the same ones twice, or ones that the view already has, change nothing. */
  apply(change: SkuChange): void {
    const { line } = this
    if (change.settings !== undefined) this.settings = change.settings
    eachOfRuns(change.joined, (claim) => {
      if (claim >= line.nextNumber) line.add(claim)
    })
    eachOfRuns(change.left, (claim) => line.remove(claim))
    if (change.joined.length > 0 || change.left.length > 0) this.lineVersion++
    this.numbers = change
    this.buyers = buyersOf(change)
    this.isPlain = this.hasNothingToSay()
  }

  setHeat(heat: number): void {
    if (heat === this.heat) return
    this.heat = heat
    this.isPlain = this.hasNothingToSay()
  }

  /** Buys need a reservation of the user's session first: the sale has a limit of its own. */
  get takesReservations(): boolean {
    return this.settings.saleLimitPerUser !== undefined
  }

  /** Nothing is free and nothing can come free. */
  get isSoldOut(): boolean {
    const { available, held, ordered, sold } = this.numbers
    return available + held + ordered === 0 && sold > 0
  }

  /** Whether a `buy` of this user can be refused without asking the shard: all is sold, and the user is none of the buyers. */
  refusesAsSoldOut(userHash: number): boolean {
    return this.isSoldOut && this.buyers !== undefined && !this.buyers.has(userHash)
  }

  private hasNothingToSay(): boolean {
    return this.numbers.phase !== 'scheduled' && !this.isSoldOut && !this.takesReservations && this.heat === 0
  }

  status(): SkuStatus {
    const { available, held, ordered, sold, waiting, phase } = this.numbers
    return { sku: this.settings.sku, available, held, ordered, sold, waiting, state: phase }
  }

  info(): SkuInfo {
    const { sale, title, description, image, priceMinor, currency, opensAt, closesAt, perUserMax, absenceMs = 0 } = this.settings
    const draw = this.numbers.draw === undefined ? {} : { draw: this.numbers.draw }
    const product = productOf(this.settings)
    const ends = closesAt === undefined ? {} : { closesAt }
    const offered = { sale, product, title, description, image, priceMinor, currency, opensAt, ...ends, perUserMax, absenceMs }
    return { ...this.status(), ...offered, ...draw }
  }
}

function lineOf(data: SkuViewData): LineOrder {
  return LineOrder.fromBitmap(data.lineFrom, data.line, data.lineEnd)
}

function buyersOf(numbers: SkuNumbers): ReadonlySet<number> | undefined {
  const { buyers } = numbers
  if (buyers === undefined) return undefined
  const view = new DataView(buyers.buffer, buyers.byteOffset, buyers.length)
  const hashes = new Set<number>()
  for (let at = 0; at < buyers.length; at += 4) hashes.add(view.getUint32(at, true))
  return hashes
}
