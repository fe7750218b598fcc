import type { SkuPhase } from '../../protocol/broadcast.ts'
import { hashText, mix32 } from '../../protocol/hash.ts'
import type { OrderId } from '../../protocol/ids.ts'
import { LineOrder } from '../../protocol/line-order.ts'
import type { SkuSettings } from '../../protocol/sku-settings.ts'
import { Standstills } from '../standstills.ts'
import { claimState } from './claim.ts'
import { EndedClaims } from './ended-claims.ts'
import { type DrawSecret, phaseNumbers } from './events.ts'
import { FormerRequests } from './former-requests.ts'
import { HoldFlow } from './hold-flow.ts'
import { PaidOrders } from './paid-orders.ts'
import { Refunds } from './refunds.ts'
import { Reservations } from './reservations.ts'
import { SkuChanges } from './sku-changes.ts'
import { SkuDraw } from './sku-draw.ts'
import { SkuPrices } from './sku-prices.ts'
import { UserTable } from './user-table.ts'

/** An order that still needs work: a payment to settle, money to send back, or news of its end to deliver. Together they are the outbox. */
export interface OpenOrder {
  readonly claim: number
  readonly order: OrderId
  readonly user: string
  readonly qty: number
  readonly amountMinor: number
  /** The payment token; empty once the order is settled. */
  readonly payment: string
  /** A claimState of an order. */
  readonly state: number
  readonly updatedAt: number
}

/**
 * One SKU: its stock, its people, its line. Written by `evolve` alone.
 * Law (G1): `available + held + ordered + sold === units`, none of them negative; {@link checkLaws} stays on in production.
 */
export class SkuState {
  readonly index: number
  settings: SkuSettings
  readonly incarnation: string
  readonly skuHash: number
  phase: SkuPhase = 'scheduled'
  /** Units that a `buy` may take without a reservation. Read by every one of them, so not worked out each time. */
  directMax: number

  /** Everything that operators put in. */
  units = 0
  available = 0
  held = 0
  ordered = 0
  sold = 0

  readonly users = new UserTable()
  line = new LineOrder()
  lastClaim = 0
  readonly ended = new EndedClaims()
  /** Request ids of claims that a later claim of the same user has replaced. */
  readonly former = new FormerRequests()
  readonly orders = new Map<number, OpenOrder>()
  /** Of a sale with a limit of its own: what its users' sessions have set aside for claims of this SKU. */
  readonly reservations = new Reservations()
  readonly paid = new PaidOrders()
  readonly prices: SkuPrices
  /** A hash of all changes of its settings; 0 where there was none. */
  editDigest = 0
  readonly refunds = new Refunds()
  /** Request ids of restocks, oldest first, with the units they added. */
  readonly restocks = new Map<string, number>()

  /** Added to stored deadlines: pauses move holds, and times without an owner move both. */
  holdShiftMs = 0
  orderShiftMs = 0
  pausedAt = 0
  /** With `grantsPerSecond`: when the next hold may be given out. */
  nextGrantAt = 0
  /** Its places end by their users' absence; of such a SKU alone the times are kept that do not count as one. */
  countsAbsence: boolean
  readonly standstills = new Standstills()

  /** What became of units that were held: for the estimates of the line. */
  flow: HoldFlow

  /** What the next broadcast says; not part of the state that snapshots keep. */
  readonly changes = new SkuChanges()

  /** Of a SKU with a draw. */
  readonly draw: SkuDraw | undefined

  constructor(index: number, settings: SkuSettings, incarnation: string, secret?: DrawSecret) {
    this.index = index
    this.settings = settings
    this.incarnation = incarnation
    this.skuHash = hashText(settings.sku)
    if ((settings.draw === undefined) !== (secret === undefined))
      throw new Error(`${settings.sku} has a draw without a seed, or a seed without a draw`)
    this.draw = secret === undefined ? undefined : new SkuDraw(secret, settings)
    this.directMax = directMaxOf(settings)
    this.countsAbsence = countsAbsence(settings)
    this.prices = new SkuPrices(settings.priceMinor)
    this.flow = new HoldFlow(settings.holdTtlMs, settings.paymentTtlMs)
  }

  configure(settings: SkuSettings): void {
    this.settings = settings
    this.directMax = directMaxOf(settings)
    this.countsAbsence = countsAbsence(settings)
    this.prices.set(settings.priceMinor)
  }

  /** What each unit of this row's hold or order costs: what its user was promised when it was held. */
  priceOf(row: number): number {
    return this.prices.of(this.users.price(row))
  }

  /** Units that are free or can still come free. */
  get freeable(): number {
    return this.available + this.held + this.ordered
  }

  /** The time in which the deadlines of holds are stored: it stands still while the sale is paused. */
  holdClock(now: number): number {
    return (this.phase === 'paused' ? this.pausedAt : now) - this.holdShiftMs
  }

  /** When this row's hold or payment ends, by the shard's time. While the sale is paused a hold's end moves along with `now`. */
  deadlineOf(row: number, now: number): number {
    const stored = this.users.deadline(row)
    if (this.users.state(row) !== claimState.held) return stored + this.orderShiftMs
    return stored + this.holdShiftMs + (this.phase === 'paused' ? Math.max(0, now - this.pausedAt) : 0)
  }

  /** From `from` to `until` nobody's absence counts. */
  stoodStill(from: number, until: number): void {
    if (this.countsAbsence) this.standstills.add(from, until)
  }

  /** A hash of everything that matters in the state: equal for two replicas in the same state. */
  digest(): number {
    const numbers = [this.available, this.held, this.ordered, this.sold, this.units, this.lastClaim, this.line.size, this.orders.size]
    let digest = mix32(this.skuHash ^ phaseNumbers[this.phase])
    for (const number of numbers) digest = mix32(Math.imul(digest, 31) ^ number)
    for (const time of [this.holdShiftMs, this.orderShiftMs, this.nextGrantAt]) digest = mix32(Math.imul(digest, 31) ^ (time | 0))
    // Journals without refunds have digests without them.
    if (this.refunds.digest !== 0) digest = mix32(digest ^ this.refunds.digest)
    if (this.editDigest !== 0) digest = mix32(digest ^ this.editDigest)
    if (this.standstills.digest !== 0) digest = mix32(digest ^ this.standstills.digest)
    return (digest + this.users.digest + this.reservations.digest + (this.draw?.digest() ?? 0)) >>> 0
  }

  checkLaws(): void {
    const { available, held, ordered, sold, units } = this
    if (available + held + ordered + sold !== units || available < 0 || held < 0 || ordered < 0 || sold < 0) {
      throw new Error(
        `G1 broken for ${this.settings.sku}: available ${available} + held ${held} + ordered ${ordered} + sold ${sold} != ${units}`,
      )
    }
  }
}

function countsAbsence({ absenceMs = 0 }: SkuSettings): boolean {
  return absenceMs > 0
}

function directMaxOf({ saleLimitPerUser, perUserMax }: SkuSettings): number {
  return saleLimitPerUser === undefined ? perUserMax : 0
}
