import { type DrawEvent, JournaledDraw, type Lobby } from './journaled-draw.ts'
import { type BookedClaim, type Claim, type ClaimEnd, type LedgerClaim, type LedgerState, noOrder } from './ledger-claim.ts'
import { beginRefund, endRefund } from './ledger-refunds.ts'
import { isOrderFrom, mayGoOn, settlements } from './settlements.ts'
import type { Phase, SettledState, StockEvent, StockSettings } from './stock-events.ts'

/** A promise of SPEC.md. */
export type PromiseId = 'G1' | 'G2' | 'G3' | 'G4' | 'G5' | 'G6' | 'G7' | 'G8' | 'G9' | 'G10' | 'G11' | 'G12'

/** Hears of every step of the books as it is taken, for whoever needs their past. */
export interface LedgerWatch {
  /** The claim has just come to its state; `from` is undefined for a new one. */
  moved(claim: BookedClaim, from: LedgerState | undefined): void
  /** After everything that the event moved. */
  took(event: SkuEvent, now: number): void
}

type EventOf<K extends StockEvent['kind']> = Extract<StockEvent, { readonly kind: K }>
export type SkuEvent = Exclude<StockEvent, EventOf<'configured'>>

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
  /** People in the lobby. */
  early = 0
  phase: Phase = 'scheduled'
  settings: StockSettings
  /** What has been added to the deadlines of holds and of payments. */
  holdShiftMs = 0
  orderShiftMs = 0
  /** Of what is ordered from now on. */
  orderTag = ''
  watch: LedgerWatch | undefined
  private readonly draw: JournaledDraw | undefined
  private readonly lobby: Lobby = {
    userOf: (claim) => this.claims[claim - 1]?.user ?? '',
    isThere: (claim) => this.claims[claim - 1]?.state === 'lobby',
  }
  private pausedAt = 0
  private readonly claims: Claim[] = []
  /** Tickets in the order of the line; those that left are passed over. */
  private readonly line: Claim[] = []
  private served = 0
  /** Whose claim has not come to its end. */
  private readonly liveOf = new Map<string, Claim>()
  private readonly boughtBy = new Map<string, number>()
  /** Whose order is open, though its units have gone on. */
  private readonly unsettled = new Set<string>()
  private ended = 0
  private readonly report: (promise: PromiseId, problem: string) => void

  constructor(settings: StockSettings, report: (promise: PromiseId, problem: string) => void) {
    this.sku = settings.sku
    this.units = settings.stock
    this.settings = settings
    this.report = report
    const { sku, draw } = settings
    this.draw = draw === undefined ? undefined : new JournaledDraw({ sku, ...draw }, (problem) => report('G6', problem))
  }

  get available(): number {
    return this.units - this.held - this.ordered - this.sold
  }

  get users(): number {
    return new Set(this.claims.map(({ user }) => user)).size
  }

  /** How many have bought something, or have an order that is open when all is sold. */
  get buyers(): number {
    let count = this.boughtBy.size
    for (const user of this.unsettled) if (!this.boughtBy.has(user)) count++
    return count
  }

  /** Units that this user has bought, as far as they count against the limit, and those of a claim that has not ended. */
  unitsOf(user: string): { readonly bought: number; readonly live: number } {
    return { bought: this.boughtBy.get(user) ?? 0, live: this.liveOf.get(user)?.qty ?? 0 }
  }

  *allClaims(): Generator<LedgerClaim> {
    for (const { user, claim, qty, state } of this.claims) yield { sku: this.sku, user, claim, qty, state }
  }

  reconfigure(settings: StockSettings): void {
    this.settings = settings
  }

  take(event: SkuEvent, now: number): void {
    this.apply(event, now)
    if (this.available < 0) this.report('G1', `${-this.available} units are given out that were never put in`)
    this.watch?.took(event, now)
  }

  private apply(event: SkuEvent, now: number): void {
    switch (event.kind) {
      case 'phaseSet':
        this.phaseSet(event.phase, now)
        break
      case 'resumedBy':
        this.orderShiftMs += event.gapMs
        // While the sale is paused the pause itself moves the holds.
        if (this.phase !== 'paused') this.holdShiftMs += event.gapMs
        break
      case 'held':
      case 'queued':
      case 'lobbied':
        this.claimed(event, now)
        break
      case 'left':
        this.end(event.claim, ['lobby', 'queued', 'held'], 'left')
        break
      case 'expired':
        this.notBefore(event.claim, now)
        this.end(event.claim, ['held'], 'expired')
        break
      case 'absent':
        this.absent(event.claim, now)
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
      case 'edited':
        this.edited(event)
        break
      case 'restocked':
        this.units += event.units
        break
      case 'forgotten':
        this.ended -= event.count
        if (this.ended < 0) this.report('G12', `${event.count} claims are put away, more than have ended`)
        break
      case 'delivered':
        this.delivered(event.claim)
        break
      case 'refundBegun':
        this.refundBegun(event)
        break
      case 'refundEnded':
        this.refundEnded(event)
        break
      case 'lobbyClosed':
      case 'counted':
      case 'rosterHashed':
      case 'beaconCame':
      case 'seated':
      case 'drawn':
      case 'seedRevealed':
        this.drawing(event, now)
        break
      case 'refundTold':
      case 'answered':
      case 'erased':
      case 'reserved':
      case 'spent':
      case 'reservationTold':
        break
    }
  }

  /** Claims that are open keep what they were promised, which they have by themselves. */
  private edited({ edit }: EventOf<'edited'>): void {
    const { perUserMax, lineMax, priceMinor } = { ...this.settings, ...edit }
    this.settings = { ...this.settings, perUserMax, lineMax, priceMinor }
  }

  private phaseSet(phase: Phase, now: number): void {
    if (this.phase === 'paused') this.holdShiftMs += Math.max(0, now - this.pausedAt)
    if (phase === 'paused') this.pausedAt = now
    this.phase = phase
    if (phase === 'open' && this.draw?.isOver === false) this.report('G6', 'the sale was opened before its draw')
  }

  private drawing(event: DrawEvent, now: number): void {
    const { draw, lobby } = this
    if (draw === undefined) return this.report('G6', `has a draw's ${event.kind} without a draw`)
    draw.take(event, this.claims.length, lobby)
    if (event.kind === 'seated') for (const claim of event.claims) this.seated(claim, now)
  }

  /** The place in the lobby becomes the next ticket. */
  private seated(number: number, now: number): void {
    const claim = this.find(number, ['lobby'], 'was seated', 'G6')
    if (claim === undefined) return
    this.move(claim, 'seated')
    const { user, qty } = claim
    this.begin({ user, claim: this.claims.length + 1, qty, state: 'queued', until: 0, since: this.running(now), ...noOrder })
  }

  private claimed({ kind, claim, qty, user, until }: EventOf<'held' | 'queued' | 'lobbied'>, now: number): void {
    const last = this.claims.length
    if (claim !== last + 1) this.report('G6', `claim ${claim} follows claim ${last}`)
    const other = this.liveOf.get(user)
    if (other !== undefined) this.report('G4', `claim ${claim} is ${user}'s, who has claim ${other.claim} already`)
    const bought = this.boughtBy.get(user) ?? 0
    const { perUserMax } = this.settings
    if (bought + qty > perUserMax) this.report('G11', `claim ${claim} gives ${user} ${bought + qty} units; the limit is ${perUserMax}`)
    const begins = kind === 'lobbied' && this.draw?.isOver === false ? 'scheduled' : 'open'
    if (this.phase !== begins) this.report('G6', `claim ${claim} began while the sale was ${this.phase}`)
    if (kind === 'held' && this.waiting > 0) this.report('G6', `claim ${claim} got a hold past ${this.waiting} people in line`)
    const state = kind === 'lobbied' ? 'lobby' : kind
    this.begin({ user, claim, qty, state, until: kind === 'held' ? until - this.holdShiftMs : 0, since: this.running(now), ...noOrder })
  }

  private begin(made: Claim): void {
    const { user, qty, state } = made
    this.claims.push(made)
    this.liveOf.set(user, made)
    this.count(state, qty)
    if (state === 'held') made.priceMinor = this.settings.priceMinor
    if (state === 'queued') this.line.push(made)
    this.watch?.moved(made, undefined)
  }

  /** The first in line, whoever that is: the journal names no tickets here, so the order of the line is the order of the tickets. */
  private head(): Claim | undefined {
    while (this.served < this.line.length && this.line[this.served]?.state !== 'queued') this.served++
    return this.line[this.served]
  }

  private granted({ count, until }: EventOf<'granted'>): void {
    if (this.phase !== 'open') this.report('G6', `the line was served while the sale was ${this.phase}`)
    for (let i = 0; i < count; i++) {
      const claim = this.head()
      if (claim === undefined) {
        this.report('G6', `${count} people were served, but only ${i} stood in line`)
        return
      }
      claim.until = until - this.holdShiftMs
      this.move(claim, 'held')
    }
  }

  private lineSoldOut(count: number): void {
    for (let i = 0; i < count; i++) {
      const claim = this.head()
      if (claim === undefined) {
        this.report('G6', `${count} people were told that it is sold out, but only ${i} stood in line`)
        return
      }
      const mayComeFree = this.available + this.held + this.ordered
      if (this.phase !== 'closed' && claim.qty <= mayComeFree) {
        this.report('G2', `claim ${claim.claim} was told that it is sold out while ${mayComeFree} units were free or could come free`)
      }
      this.close(claim, 'soldout')
    }
  }

  private ordering({ claim: number, until, amountMinor }: EventOf<'ordered'>): void {
    const claim = this.find(number, ['held'], 'was ordered', 'G8')
    if (claim === undefined) return
    const price = claim.priceMinor * claim.qty
    if (amountMinor !== price) this.report('G8', `order ${number} is for ${amountMinor}, and its hold was promised for ${price}`)
    claim.until = until - this.orderShiftMs
    claim.orderTag = this.orderTag
    claim.paidMinor = amountMinor
    this.move(claim, 'pending')
  }

  private settled({ claim: number, outcome }: EventOf<'settled'>, now: number): void {
    const claim = this.find(number, mayGoOn, `became ${outcome}`, 'G8')
    if (claim === undefined || !isOrderFrom(claim.state)) return
    if (!settlements[claim.state].has(outcome)) this.report('G8', `order ${number} became ${outcome} although it was ${claim.state}`)
    if (claim.state === 'overdue') this.checkLatePayment(claim, outcome)
    if (outcome === 'overdue') {
      this.notBefore(number, now)
      this.move(claim, outcome)
    } else if (outcome === 'refunding') this.giveBack(claim)
    else this.close(claim, outcome)
  }

  /** An order that had ended is its user's live claim again. */
  private giveBack(claim: Claim): void {
    const other = this.liveOf.get(claim.user)
    if (other !== undefined && other !== claim)
      this.report('G4', `order ${claim.claim} goes on beside ${claim.user}'s claim ${other.claim}`)
    this.liveOf.set(claim.user, claim)
    this.move(claim, 'refunding')
  }

  /** Money that came too late takes the units if some are free and nobody waits for them, and else goes back. */
  private checkLatePayment({ claim, qty }: Claim, outcome: SettledState): void {
    const mayHave = qty <= this.available && this.waiting === 0 && this.phase !== 'closed'
    if (outcome === 'paid' && !mayHave)
      this.report('G8', `order ${claim} took ${qty} of ${this.available} units too late, past ${this.waiting} people in line`)
    if (outcome === 'refunding' && mayHave) this.report('G8', `order ${claim} was not given units that were free and nobody waited for`)
  }

  private delivered(number: number): void {
    this.find(number, ['paid', 'declined', 'cancelled', 'refunded', 'unrefunded'], 'was delivered as ended', 'G8')
  }

  private refundBegun(event: EventOf<'refundBegun'>): void {
    const claim = this.find(event.claim, ['paid'], `is to give ${event.amountMinor} back`, 'G8')
    if (claim !== undefined) beginRefund(claim, event, (problem) => this.report('G8', problem))
  }

  /** Its units stay sold unless they are put back on sale, which only the last of its money may do. */
  private refundEnded(event: EventOf<'refundEnded'>): void {
    const { claim: number, amountMinor, isRestocked, isLimitFreed } = event
    const claim = this.find(number, ['paid'], `gave ${amountMinor} back`, 'G8')
    if (claim === undefined) return
    const ended = endRefund(claim, event, (problem) => this.report('G8', problem))
    if (ended === 'refused') return
    if ((isRestocked || isLimitFreed) && ended === 'part') this.report('G1', `order ${number} is put back on sale for a part of its money`)
    if (isRestocked) this.sold -= claim.qty
    if (isLimitFreed) this.boughtBy.set(claim.user, (this.boughtBy.get(claim.user) ?? 0) - claim.qty)
  }

  /** When the claim's hold or payment ends, if no pause and no time without an owner comes in between any more. */
  private deadlineOf({ state, until }: Claim, now: number): number {
    if (state !== 'held') return until + this.orderShiftMs
    return until + this.holdShiftMs + (this.phase === 'paused' ? Math.max(0, now - this.pausedAt) : 0)
  }

  /** Nobody can have been away for longer than the ticket has waited. */
  private absent(number: number, now: number): void {
    const claim = this.claims[number - 1]
    const { absenceMs = 0 } = this.settings
    const waitedMs = this.running(now) - (claim?.since ?? 0)
    if (absenceMs === 0 || this.phase !== 'open' || waitedMs < absenceMs)
      this.report('G7', `claim ${number} ended by absence after ${waitedMs} ms in a sale that is ${this.phase} and allows ${absenceMs} ms`)
    this.end(number, ['queued'], 'absent')
  }

  /** The time, without pauses and times without an owner. */
  private running(now: number): number {
    return now - this.holdShiftMs - (this.phase === 'paused' ? Math.max(0, now - this.pausedAt) : 0)
  }

  private notBefore(number: number, now: number): void {
    const claim = this.claims[number - 1]
    if (claim === undefined) return
    const earlyMs = this.deadlineOf(claim, now) - now
    if (earlyMs > 0) this.report('G7', `claim ${number} ran out ${earlyMs} ms too early`)
  }

  private end(number: number, from: readonly LedgerState[], ending: ClaimEnd): void {
    const claim = this.find(number, from, `ended as ${ending}`, 'G2')
    if (claim !== undefined) this.close(claim, ending)
  }

  private find(number: number, states: readonly LedgerState[], what: string, promise: PromiseId): Claim | undefined {
    const claim = this.claims[number - 1]
    if (claim === undefined) this.report(promise, `claim ${number} ${what}, but never began`)
    else if (!states.includes(claim.state)) this.report(promise, `claim ${number} ${what} although it was ${claim.state}`)
    return claim
  }

  private close(claim: Claim, ending: ClaimEnd): void {
    this.move(claim, ending)
    if (ending === 'paid') this.boughtBy.set(claim.user, (this.boughtBy.get(claim.user) ?? 0) + claim.qty)
    if (this.liveOf.get(claim.user) === claim) this.liveOf.delete(claim.user)
    this.ended++
  }

  private move(claim: Claim, to: LedgerState): void {
    const from = claim.state
    this.count(from, -claim.qty)
    claim.state = to
    this.count(to, claim.qty)
    if (to === 'held') claim.priceMinor = this.settings.priceMinor
    if (to === 'overdue' || to === 'refunding') this.unsettled.add(claim.user)
    else if (from === 'overdue' || from === 'refunding') this.unsettled.delete(claim.user)
    this.watch?.moved(claim, from)
  }

  private count(state: LedgerState, qty: number): void {
    if (state === 'lobby') this.early += Math.sign(qty)
    else if (state === 'queued') this.waiting += Math.sign(qty)
    else if (state === 'held') this.held += qty
    else if (state === 'pending') this.ordered += qty
    else if (state === 'paid') this.sold += qty
  }
}
