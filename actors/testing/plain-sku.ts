import type { Code } from '../../protocol/codes.ts'
import { estimateOdds } from '../../protocol/estimate.ts'
import { formatOrderTag, orderTag } from '../../protocol/ids.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import type { SkuSettings } from '../../protocol/sku-settings.ts'
import type { Outcome } from '../inventory/order-life.ts'
import { incarnation } from './inventory-rig.ts'

type Ending = 'paid' | 'declined' | 'cancelled' | 'refunded' | 'unrefunded' | 'expired' | 'soldout' | 'left'

interface PlainClaim {
  readonly number: number
  readonly user: string
  readonly qty: number
  readonly request: string
  state: 'queued' | 'held' | 'pending' | 'overdue' | 'refunding' | Ending
  /** Of a hold or a pending order. */
  endsAt: number
  endedAt: number
  /** What the id of its order says between SKU and number; empty if it never became one. */
  orderedIn: string
}

const live: ReadonlySet<string> = new Set(['queued', 'held', 'pending', 'overdue', 'refunding'])
const orders: ReadonlySet<string> = new Set(['pending', 'overdue', 'refunding', 'paid', 'declined', 'cancelled', 'refunded', 'unrefunded'])
const memoryMs = 120_000
const burstMs = 100

/**
 * What a SKU does, once more, as a reader of the rules would write it down: lists that are searched from the front, nothing kept that can be
 * counted. Times fall between ticks (see `settingsOf`), so "due" needs no granules here.
 */
export class PlainSku {
  now = 0
  phase: 'scheduled' | 'open' | 'paused' | 'closed' = 'scheduled'
  units: number
  readonly claims: PlainClaim[] = []
  readonly forgotten = new Set<PlainClaim>()
  /** Claims that ended so long ago that nothing is known of them, but for what their users' rows say. */
  private readonly putAway = new Set<PlainClaim>()
  private orderedIn: string = incarnation
  private readonly former: { readonly user: string; readonly request: string; readonly at: number }[] = []
  private refused: { readonly user: string; readonly request: string; readonly code: Code; readonly at: number }[] = []
  private readonly restocks = new Set<string>()
  private pausedAt = 0
  private nextGrantAt = 0
  private readonly settings: SkuSettings

  constructor(settings: SkuSettings) {
    this.settings = settings
    this.units = settings.stock
  }

  get counters(): [available: number, held: number, ordered: number, sold: number] {
    const [held, ordered, sold] = [this.sum('held'), this.sum('pending'), this.sum('paid')]
    return [this.units - held - ordered - sold, held, ordered, sold]
  }

  get line(): PlainClaim[] {
    return this.claims.filter((claim) => claim.state === 'queued')
  }

  buy(user: string, qty: number, request: string): Plain {
    const { settings } = this
    const latest = this.latest(user)
    if (latest !== undefined) {
      if (request !== '' && latest.request === request) return this.describe(latest)
      if (this.isFormer(user, request)) return this.describe(latest)
      if (live.has(latest.state)) {
        if (request !== '') this.former.push({ user, request, at: this.now })
        return this.describe(latest)
      }
    }
    const before = this.refused.find((one) => one.user === user && one.request === request && this.now - one.at <= memoryMs)
    if (before !== undefined) return before.code
    if (latest !== undefined && this.bought(user) + qty > settings.perUserMax) return this.refuse(user, request, 'LIMIT_REACHED')
    if (this.phase === 'scheduled') return 'NOT_OPEN'
    if (this.phase === 'paused') return 'PAUSED'
    if (this.phase === 'closed') return this.refuse(user, request, 'CLOSED')
    if (qty > settings.perUserMax) return this.refuse(user, request, 'LIMIT_REACHED')
    if (qty > this.freeable) return this.refuse(user, request, 'SOLD_OUT')
    if (latest === undefined && this.known >= settings.usersMax) return 'BUSY'
    const goesThrough = this.line.length === 0 && qty <= this.counters[0] && this.mayGrant()
    if (!goesThrough && this.line.length >= settings.lineMax) return 'LINE_FULL'
    if (latest !== undefined && latest.request !== '') this.former.push({ user, request: latest.request, at: this.now })
    const claim: PlainClaim = { number: this.claims.length + 1, user, qty, request, state: 'queued', endsAt: 0, endedAt: 0, orderedIn: '' }
    this.claims.push(claim)
    if (goesThrough) this.grant(claim)
    return this.describe(claim)
  }

  leave(user: string): Plain {
    const claim = this.latest(user)
    if (claim?.state === 'queued' || claim?.state === 'held') this.end(claim, 'left')
    else if (claim !== undefined && orders.has(claim.state)) return this.describe(claim)
    return { state: 'none' }
  }

  claim(user: string): Plain {
    const claim = this.latest(user)
    return claim === undefined ? { state: 'none' } : this.describe(claim)
  }

  checkout(user: string): Plain {
    const claim = this.latest(user)
    if (claim !== undefined && orders.has(claim.state)) return this.describe(claim)
    if (claim?.state === 'expired') return 'HOLD_EXPIRED'
    if (claim?.state !== 'held') return 'NO_HOLD'
    claim.state = 'pending'
    claim.orderedIn = this.orderedIn
    claim.endsAt = this.now + this.settings.paymentTtlMs
    return this.describe(claim)
  }

  /** What the id of the order that this claim is, or would be if it were ordered now, says between SKU and number. */
  orderedInOf(number: number): string {
    return this.claims[number - 1]?.orderedIn || this.orderedIn
  }

  settle(number: number, outcome: Outcome, orderedIn: string): Plain {
    const claim = this.claims[number - 1]
    if (claim === undefined) return { state: 'cancelled' }
    const isOrder = claim.orderedIn === orderedIn
    if (this.latest(claim.user) !== claim) return isOrder || this.putAway.has(claim) ? 'UNKNOWN_ORDER' : { state: 'cancelled' }
    if (!isOrder) return { state: 'cancelled' }
    if (claim.state === 'pending' && (outcome === 'paid' || outcome === 'declined')) this.end(claim, outcome)
    else if (claim.state === 'overdue' && outcome === 'declined') this.end(claim, 'declined')
    else if (claim.state === 'overdue' && outcome === 'paid') {
      const fits = claim.qty <= this.counters[0] && this.line.length === 0 && this.phase !== 'closed'
      if (fits) this.end(claim, 'paid')
      else claim.state = 'refunding'
    } else if (claim.state === 'refunding' && outcome === 'refunded') this.end(claim, 'refunded')
    else if (claim.state === 'refunding' && outcome === 'absent') this.end(claim, 'cancelled')
    else if (claim.state === 'refunding' && outcome === 'refused') this.end(claim, 'unrefunded')
    else if (claim.state === 'unrefunded' && outcome === 'refunded') this.end(claim, 'refunded')
    else if ((claim.state === 'declined' || claim.state === 'cancelled') && outcome === 'paid') claim.state = 'refunding'
    return this.describe(claim)
  }

  cancel(user: string, number: number, orderedIn: string): Plain {
    const claim = this.latest(user)
    if (claim?.number !== number || claim.orderedIn !== orderedIn) return 'UNKNOWN_ORDER'
    if (claim.state === 'pending') claim.state = 'refunding'
    return this.describe(claim)
  }

  setPhase(phase: 'open' | 'paused' | 'closed'): Plain {
    if (this.phase === phase) return this.status()
    if (this.phase === 'closed') return 'CLOSED'
    if (this.phase === 'scheduled' && phase === 'paused') return 'NOT_OPEN'
    if (this.phase === 'paused') for (const claim of this.claims) if (claim.state === 'held') claim.endsAt += this.now - this.pausedAt
    if (phase === 'paused') this.pausedAt = this.now
    this.phase = phase
    return this.status()
  }

  restock(units: number, request: string): Plain {
    if (request === '' || !this.restocks.has(request)) this.units += units
    this.restocks.add(request)
    return this.status()
  }

  status(): Plain {
    const [available, held, ordered, sold] = this.counters
    return { sku: this.settings.sku, available, held, ordered, sold, waiting: this.line.length, state: this.phase }
  }

  /** What time brings, at the end of a batch. */
  tick(): void {
    if (this.phase === 'scheduled' && this.settings.opensAt < this.now) this.phase = 'open'
    for (const claim of this.claims) {
      if (claim.state === 'held' && this.endOf(claim) < this.now) this.end(claim, 'expired')
      if (claim.state === 'pending' && claim.endsAt < this.now) claim.state = 'overdue'
    }
    this.serve()
    for (const claim of this.claims) {
      const isOver = !live.has(claim.state) && claim.endedAt + memoryMs <= this.now
      if (isOver) this.putAway.add(claim)
      if (isOver && this.bought(claim.user) === 0) this.forgotten.add(claim)
    }
  }

  /** A new owner, `gapMs` after the last one's last word: deadlines move, and refusals are not remembered. */
  recovered(gapMs: number, epoch: number): void {
    this.orderedIn = incarnation + formatOrderTag(orderTag(epoch))
    for (const claim of this.claims) {
      if (claim.state === 'pending') claim.endsAt += gapMs
      if (claim.state === 'held' && this.phase !== 'paused') claim.endsAt += gapMs
    }
    this.refused = []
  }

  latest(user: string): PlainClaim | undefined {
    const claim = this.claims.findLast((one) => one.user === user)
    return claim !== undefined && this.forgotten.has(claim) ? undefined : claim
  }

  bought(user: string): number {
    return this.claims.filter((one) => one.user === user && one.state === 'paid').reduce((sum, one) => sum + one.qty, 0)
  }

  private serve(): void {
    for (let head = this.line[0]; head !== undefined; head = this.line[0]) {
      if (this.phase === 'closed' || head.qty > this.freeable) this.end(head, 'soldout')
      else if (this.phase === 'open' && head.qty <= this.counters[0] && this.mayGrant()) this.grant(head)
      else return
    }
  }

  private grant(claim: PlainClaim): void {
    const { grantsPerSecond, holdTtlMs } = this.settings
    if (grantsPerSecond > 0) this.nextGrantAt = Math.max(this.nextGrantAt, this.now - burstMs) + 1_000 / grantsPerSecond
    claim.state = 'held'
    claim.endsAt = this.now + holdTtlMs
  }

  private mayGrant(): boolean {
    return this.settings.grantsPerSecond === 0 || this.now >= this.nextGrantAt
  }

  private end(claim: PlainClaim, ending: Ending): void {
    claim.state = ending
    claim.endedAt = this.now
  }

  private endOf(claim: PlainClaim): number {
    return claim.endsAt + (claim.state === 'held' && this.phase === 'paused' ? this.now - this.pausedAt : 0)
  }

  private refuse(user: string, request: string, code: Code): Code {
    if (request !== '') this.refused.push({ user, request, code, at: this.now })
    return code
  }

  private isFormer(user: string, request: string): boolean {
    return this.former.some((one) => one.user === user && one.request === request && this.now - one.at <= memoryMs)
  }

  /** Users that have a row: somebody's latest claim is not forgotten. */
  private get known(): number {
    return new Set(this.claims.filter((one) => this.latest(one.user) !== undefined).map((one) => one.user)).size
  }

  private get freeable(): number {
    const [available, held, ordered] = this.counters
    return available + held + ordered
  }

  private sum(state: PlainClaim['state']): number {
    return this.claims.filter((claim) => claim.state === state).reduce((sum, claim) => sum + claim.qty, 0)
  }

  private describe(claim: PlainClaim): Plain {
    const { number, qty, state, orderedIn } = claim
    if (state === 'queued') {
      const ahead = this.line.indexOf(claim)
      const [available, held, ordered] = this.counters
      return { state, ticket: number, ahead, eta: null, odds: estimateOdds(ahead, { available, held, ordered }) }
    }
    if (state === 'held') return { state, hold: number, qty, expiresAt: this.endOf(claim) }
    if (state === 'left') return { state: 'none' }
    if (state === 'expired' || state === 'soldout') return { state }
    const { priceMinor, currency, sku } = this.settings
    return { state, order: `${sku}:${orderedIn}:${number.toString(36)}`, qty, amountMinor: qty * priceMinor, currency }
  }
}
