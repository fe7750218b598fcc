import type { Phase, SettledState, StockEvent } from './stock-events.ts'

export type ClaimEnd = 'expired' | 'soldout' | 'left' | 'paid' | 'declined' | 'cancelled' | 'refunded'
export type LedgerState = 'queued' | 'held' | 'pending' | 'overdue' | 'refunding' | ClaimEnd

/** What became of one claim. */
export interface LedgerClaim {
  readonly sku: string
  readonly user: string
  readonly claim: number
  readonly qty: number
  readonly state: LedgerState
}

interface Claim {
  readonly user: string
  readonly claim: number
  readonly qty: number
  state: LedgerState
  /** When a hold or a payment ends, at the earliest: pauses and times without an owner only move it on. */
  until: number
}

type EventOf<K extends StockEvent['kind']> = Extract<StockEvent, { readonly kind: K }>
export type SkuEvent = Exclude<StockEvent, EventOf<'configured'> | EventOf<'resumedBy'>>

/** Which states an order may come to from which. */
const settlements: Readonly<Record<'pending' | 'overdue' | 'refunding', ReadonlySet<SettledState>>> = {
  pending: new Set(['paid', 'declined', 'cancelled', 'overdue']),
  overdue: new Set(['paid', 'declined', 'cancelled', 'refunding']),
  refunding: new Set(['refunded']),
}

/**
 * The books of one SKU, kept from the journal alone. Stock is not moved from account to account: `held`, `ordered` and `sold` are the sums of what
 * claims are in those states, and `available` is what then remains of the units put in, so that a unit given out twice shows as a negative number.
 */
export class StockLedger {
  readonly sku: string
  units: number
  held = 0
  ordered = 0
  sold = 0
  waiting = 0
  phase: Phase = 'scheduled'
  private perUserMax: number
  private readonly claims: Claim[] = []
  /** Tickets in the order of the line; those that left are passed over. */
  private readonly line: Claim[] = []
  private served = 0
  /** Whose claim has not come to its end. */
  private readonly liveOf = new Map<string, Claim>()
  private readonly boughtBy = new Map<string, number>()
  private ended = 0
  private readonly report: (problem: string) => void

  constructor(sku: string, stock: number, perUserMax: number, report: (problem: string) => void) {
    this.sku = sku
    this.units = stock
    this.perUserMax = perUserMax
    this.report = report
  }

  get available(): number {
    return this.units - this.held - this.ordered - this.sold
  }

  get users(): number {
    return new Set(this.claims.map(({ user }) => user)).size
  }

  *allClaims(): Generator<LedgerClaim> {
    for (const { user, claim, qty, state } of this.claims) yield { sku: this.sku, user, claim, qty, state }
  }

  reconfigure(perUserMax: number): void {
    this.perUserMax = perUserMax
  }

  take(event: SkuEvent, now: number): void {
    switch (event.kind) {
      case 'phaseSet':
        this.phase = event.phase
        break
      case 'held':
      case 'queued':
        this.claimed(event)
        break
      case 'left':
        this.end(event.claim, ['queued', 'held'], 'left')
        break
      case 'expired':
        this.notBefore(event.claim, now)
        this.end(event.claim, ['held'], 'expired')
        break
      case 'granted':
        this.granted(event)
        break
      case 'lineSoldOut':
        this.lineSoldOut(event.count)
        break
      case 'ordered':
        this.ordering(event)
        break
      case 'settled':
        this.settled(event, now)
        break
      case 'restocked':
        this.units += event.units
        break
      case 'forgotten':
        this.ended -= event.count
        if (this.ended < 0) this.report(`${event.count} claims are put away, more than have ended`)
        break
      case 'delivered':
        this.delivered(event.claim)
        break
      case 'answered':
        break
    }
    if (this.available < 0) this.report(`${-this.available} units are given out that were never put in`)
  }

  private claimed({ kind, claim, qty, user, until }: EventOf<'held' | 'queued'>): void {
    const last = this.claims.length
    if (claim !== last + 1) this.report(`claim ${claim} follows claim ${last}`)
    const other = this.liveOf.get(user)
    if (other !== undefined) this.report(`claim ${claim} is ${user}'s, who has claim ${other.claim} already`)
    const bought = this.boughtBy.get(user) ?? 0
    if (bought + qty > this.perUserMax) this.report(`claim ${claim} gives ${user} ${bought + qty} units; the limit is ${this.perUserMax}`)
    if (this.phase !== 'open') this.report(`claim ${claim} began while the sale was ${this.phase}`)
    if (kind === 'held' && this.waiting > 0) this.report(`claim ${claim} got a hold past ${this.waiting} people in line`)
    const made: Claim = { user, claim, qty, state: kind, until }
    this.claims.push(made)
    this.liveOf.set(user, made)
    this.count(kind, qty)
    if (kind === 'queued') this.line.push(made)
  }

  /** The first in line, whoever that is: the journal names no tickets here, so the order of the line is the order of the tickets. */
  private head(): Claim | undefined {
    while (this.served < this.line.length && this.line[this.served]?.state !== 'queued') this.served++
    return this.line[this.served]
  }

  private granted({ count, until }: EventOf<'granted'>): void {
    if (this.phase !== 'open') this.report(`the line was served while the sale was ${this.phase}`)
    for (let i = 0; i < count; i++) {
      const claim = this.head()
      if (claim === undefined) {
        this.report(`${count} people were served, but only ${i} stood in line`)
        return
      }
      this.move(claim, 'held')
      claim.until = until
    }
  }

  private lineSoldOut(count: number): void {
    for (let i = 0; i < count; i++) {
      const claim = this.head()
      if (claim === undefined) {
        this.report(`${count} people were told that it is sold out, but only ${i} stood in line`)
        return
      }
      const mayComeFree = this.available + this.held + this.ordered
      if (this.phase !== 'closed' && claim.qty <= mayComeFree) {
        this.report(`claim ${claim.claim} was told that it is sold out while ${mayComeFree} units were free or could come free`)
      }
      this.close(claim, 'soldout')
    }
  }

  private ordering({ claim: number, until }: EventOf<'ordered'>): void {
    const claim = this.find(number, ['held'], 'was ordered')
    if (claim === undefined) return
    this.move(claim, 'pending')
    claim.until = until
  }

  private settled({ claim: number, outcome }: EventOf<'settled'>, now: number): void {
    const claim = this.find(number, ['pending', 'overdue', 'refunding'], `became ${outcome}`)
    if (claim === undefined || !isOpenOrder(claim.state)) return
    if (!settlements[claim.state].has(outcome)) this.report(`order ${number} became ${outcome} although it was ${claim.state}`)
    if (outcome === 'overdue') {
      this.notBefore(number, now)
      this.move(claim, outcome)
    } else if (outcome === 'refunding') this.move(claim, outcome)
    else this.close(claim, outcome)
    if (outcome === 'paid') this.boughtBy.set(claim.user, (this.boughtBy.get(claim.user) ?? 0) + claim.qty)
  }

  private delivered(number: number): void {
    this.find(number, ['paid', 'declined', 'cancelled', 'refunded'], 'was delivered as ended')
  }

  private notBefore(number: number, now: number): void {
    const claim = this.claims[number - 1]
    if (claim !== undefined && now < claim.until) this.report(`claim ${number} ran out ${claim.until - now} ms too early`)
  }

  private end(number: number, from: readonly LedgerState[], ending: ClaimEnd): void {
    const claim = this.find(number, from, `ended as ${ending}`)
    if (claim !== undefined) this.close(claim, ending)
  }

  private find(number: number, states: readonly LedgerState[], what: string): Claim | undefined {
    const claim = this.claims[number - 1]
    if (claim === undefined) this.report(`claim ${number} ${what}, but never began`)
    else if (!states.includes(claim.state)) this.report(`claim ${number} ${what} although it was ${claim.state}`)
    return claim
  }

  private close(claim: Claim, ending: ClaimEnd): void {
    this.move(claim, ending)
    if (this.liveOf.get(claim.user) === claim) this.liveOf.delete(claim.user)
    this.ended++
  }

  private move(claim: Claim, to: LedgerState): void {
    this.count(claim.state, -claim.qty)
    claim.state = to
    this.count(to, claim.qty)
  }

  private count(state: LedgerState, qty: number): void {
    if (state === 'queued') this.waiting += Math.sign(qty)
    else if (state === 'held') this.held += qty
    else if (state === 'pending') this.ordered += qty
    else if (state === 'paid') this.sold += qty
  }
}

function isOpenOrder(state: LedgerState): state is keyof typeof settlements {
  return Object.hasOwn(settlements, state)
}
