import type { BookedClaim, LedgerState } from '../../ops/journal/ledger-claim.ts'
import { noRequest, type Phase } from '../../ops/journal/stock-events.ts'
import type { LedgerWatch, SkuEvent, StockLedger } from '../../ops/journal/stock-ledger.ts'
import { pseudonymOf } from './pseudonym.ts'

/** Counts the events of one shard: a step is what one event did, and step 0 is before the first. */
export interface Steps {
  count: number
}

/** Steps from `from` to `to`, both included. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** Where a SKU stood from a step on. */
export interface Moment {
  readonly step: number
  readonly phase: Phase
  readonly available: number
  readonly held: number
  readonly ordered: number
  readonly sold: number
  readonly waiting: number
  readonly early: number
  readonly buyers: number
  readonly holdShiftMs: number
  /** Settings that operators may have changed. */
  readonly priceMinor: number
  readonly perUserMax: number
  readonly lineMax: number
}

/** One claim and its time in the line. */
export interface PastClaim {
  readonly user: string
  readonly claim: number
  readonly qty: number
  amountMinor: number
  /** What each unit cost when it was held. */
  priceMinor: number
  /** What the id of its order says behind the incarnation, and the step that made it one; Infinity if it never was. */
  orderTag: string
  orderedAt: number
  /** The step that put it away after its end. */
  awayAt: number
  /** The hashes of the request that began it. */
  request: string
  /** It was a place in the lobby before, under another number. */
  readonly isSeated: boolean
  /** Its place among all tickets there ever were, and that of the first who still waited when it came; -1 if it never waited. */
  readonly lineAt: number
  readonly lineFrom: number
  readonly joinedAt: number
  leftAt: number
}

export interface PastRefund {
  readonly claim: number
  readonly amountMinor: number
  readonly state: 'open' | 'done' | 'refused'
  readonly begunAt: number
  readonly changedAt: number
}

/** What an order's id says beside the SKU. */
export interface OrderName {
  readonly incarnation: string
  readonly claim: number
}

/** What a user's latest claim was from a step on; `away` once it is put away. */
export interface Mark {
  readonly step: number
  readonly past: PastClaim
  readonly state: LedgerState | 'away'
  /** See {@link BookedClaim}. */
  readonly until: number
}

/** What a user had during a span; without a mark nothing. */
export interface MarkedSpan extends Span {
  readonly mark: Mark | undefined
}

/** The past of one SKU, event by event: what anyone could rightly be told of it, and when. */
export class SkuHistory implements LedgerWatch {
  readonly ledger: StockLedger
  readonly moments: Moment[] = []
  readonly claims = new Map<number, PastClaim>()
  readonly marks = new Map<string, Mark[]>()
  /** All tickets in the order in which they came. */
  readonly line: PastClaim[] = []
  /** Claims in the order in which they stopped waiting, and in which they changed otherwise than by beginning. */
  readonly left: { readonly step: number; readonly claim: number }[] = []
  readonly changed: { readonly step: number; readonly claim: number }[] = []
  readonly restocks = new Map<string, number>()
  /** Refunds of paid orders: by their request, what they give back and what has become of them. */
  readonly refunds = new Map<string, PastRefund>()
  /** Units that count against their user's limit no more. */
  private readonly freed: { readonly step: number; readonly user: string; readonly qty: number }[] = []
  /** Requests other than `buy` that were decided, by user and request as asked-commands.ts names them. */
  readonly answered = new Set<string>()
  /** What became of reservations of sessions, in this order. */
  readonly reservations: { readonly step: number; readonly kind: string; readonly user: string; readonly number: number }[] = []
  /** Who stands behind each pseudonym of users who were erased. */
  private readonly erased = new Map<string, string>()
  /** How often the shard got another owner between the closing of the lobby and the last seat. */
  ownersInDraw = 0
  /** Of a draw: the step that fixed the roster, and the beacon's value in hex, which is empty for one that did not come. */
  rosterFixedAt: number | undefined
  beaconValue: string | undefined
  private isDrawing = false
  private readonly steps: Steps
  private readonly ended: PastClaim[] = []
  private awayCount = 0
  private headAt = 0

  constructor(ledger: StockLedger, steps: Steps) {
    this.ledger = ledger
    this.steps = steps
    steps.count++
    this.remember()
  }

  /** The step that made it. */
  get begunAt(): number {
    return this.moments[0]?.step ?? 0
  }

  moved(claim: BookedClaim, from: LedgerState | undefined): void {
    const step = this.steps.count + 1
    const past = from === undefined ? this.begin(claim, step) : this.claims.get(claim.claim)
    if (past === undefined) return
    if (from === 'queued') {
      past.leftAt = step
      this.left.push({ step, claim: past.claim })
    }
    if (claim.state === 'pending') {
      past.orderTag = claim.orderTag
      past.orderedAt = step
    }
    if (from !== undefined) this.changed.push({ step, claim: past.claim })
    if (claim.state === 'held') past.priceMinor = claim.priceMinor
    this.mark(past, claim.state, claim.until)
    // A place in the lobby does not end, but goes on as the ticket that comes next.
    if (!liveStates.has(claim.state) && claim.state !== 'seated') this.ended.push(past)
  }

  took(event: SkuEvent): void {
    this.steps.count++
    if (event.kind === 'held' || event.kind === 'queued' || event.kind === 'lobbied') {
      const past = this.claims.get(event.claim)
      if (past !== undefined) past.request = event.request
    } else if (event.kind === 'ordered') {
      const past = this.claims.get(event.claim)
      if (past !== undefined) past.amountMinor = event.amountMinor
    } else if (event.kind === 'answered') this.answered.add(`${event.userHash} ${event.request}`)
    else if (event.kind === 'restocked') this.restocks.set(event.request, this.steps.count)
    else if (event.kind === 'forgotten') this.putAway(event.count)
    else if (event.kind === 'erased') this.erase(event.pseudonym)
    else if (event.kind === 'lobbyClosed') this.isDrawing = true
    else if (event.kind === 'rosterHashed') this.rosterFixedAt = this.steps.count
    else if (event.kind === 'beaconCame') this.beaconValue = Buffer.from(event.value).toString('hex')
    else if (event.kind === 'drawn') this.isDrawing = false
    else if (event.kind === 'resumedBy' && this.isDrawing) this.ownersInDraw++
    else if (event.kind === 'refundBegun' || event.kind === 'refundEnded') this.refund(event)
    else if (event.kind === 'reserved' || event.kind === 'spent' || event.kind === 'reservationTold')
      this.reservations.push({ step: this.steps.count, kind: event.kind, user: event.user, number: event.number })
    this.remember()
  }

  /** Whom this name stands for. */
  named(name: string): string {
    return this.erased.get(name) ?? name
  }

  /** Where the SKU stood after this step; undefined before there was one. */
  momentAt(step: number): Moment | undefined {
    return this.moments[this.momentIndex(step)]
  }

  /** Where it stood at any time of the span. */
  *momentsIn({ from, to }: Span): Generator<Moment> {
    for (let i = Math.max(0, this.momentIndex(from)); ; i++) {
      const moment = this.moments[i]
      if (moment === undefined || moment.step > to) return
      yield moment
    }
  }

  isOnceIn(span: Span, holds: (moment: Moment) => boolean): boolean {
    for (const moment of this.momentsIn(span)) if (holds(moment)) return true
    return false
  }

  /** What the user had, oldest first. */
  spansOf(user: string, { from, to }: Span): MarkedSpan[] {
    const marks = this.marks.get(user) ?? []
    const spans: MarkedSpan[] = []
    let end = to
    for (let i = marks.length - 1; i >= -1 && end >= from; i--) {
      const mark = marks[i]
      const begun = mark?.step ?? 0
      if (begun > end) continue
      spans.push({ from: Math.max(from, begun), to: end, mark })
      end = begun - 1
    }
    return spans.toReversed()
  }

  /** Units that the user had bought after this step, given back or not. */
  boughtBy(user: string, step: number): number {
    let units = 0
    for (const { step: at, state, past } of this.marks.get(user) ?? []) if (at <= step && state === 'paid') units += past.qty
    return units
  }

  /** Whether at any time of the span just so many people stood before the ticket. */
  hadAhead(ticket: PastClaim, ahead: number, { from, to }: Span): boolean {
    const before = this.line.slice(ticket.lineFrom, ticket.lineAt).filter((other) => other.leftAt > ticket.joinedAt)
    const leaves = before.map((other) => other.leftAt).toSorted((a, b) => a - b)
    const gone = before.length - ahead
    if (gone < 0 || ahead < 0) return false
    return Math.max(from, leaves[gone - 1] ?? from) <= Math.min(to, (leaves[gone] ?? Infinity) - 1)
  }

  /** What has gone back of an order that was paid. */
  givenBackOf(claim: number): number {
    let minor = 0
    for (const refund of this.refunds.values()) if (refund.claim === claim && refund.state === 'done') minor += refund.amountMinor
    return minor
  }

  /** Of these the units that count no more. */
  freedBy(user: string, step: number): number {
    return this.freed.reduce((units, one) => units + (one.user === user && one.step <= step ? one.qty : 0), 0)
  }

  /** What the id of the order that this claim was says between SKU and number. */
  orderIncarnation({ orderTag }: PastClaim): string {
    return `${this.ledger.settings.incarnation}${orderTag}`
  }

  /** The claim that was this order at this step, if one was. */
  findOrder({ incarnation, claim }: OrderName, step: number): PastClaim | undefined {
    const past = this.claims.get(claim)
    return past !== undefined && past.orderedAt <= step && this.orderIncarnation(past) === incarnation ? past : undefined
  }

  /** Numbers of the tickets that waited after this step, in the line's order. */
  lineAt(step: number): number[] {
    return this.line.filter((ticket) => ticket.joinedAt <= step && ticket.leftAt > step).map((ticket) => ticket.claim)
  }

  private begin({ user, claim, qty, state }: BookedClaim, step: number): PastClaim {
    const waits = state === 'queued'
    while (this.headAt < this.line.length && (this.line[this.headAt]?.leftAt ?? 0) < Infinity) this.headAt++
    const place = waits
      ? { lineAt: this.line.length, lineFrom: this.headAt, joinedAt: step, leftAt: Infinity }
      : { lineAt: -1, lineFrom: -1, joinedAt: step, leftAt: step }
    const never = { orderTag: '', orderedAt: Infinity, awayAt: Infinity }
    const before = this.marks.get(user)?.at(-1)
    const isSeated = before?.state === 'seated'
    const request = isSeated ? before.past.request : noRequest
    const past: PastClaim = { user, claim, qty, amountMinor: 0, priceMinor: 0, request, isSeated, ...never, ...place }
    this.claims.set(claim, past)
    if (waits) this.line.push(past)
    return past
  }

  private erase(pseudonym: string): void {
    for (const { user } of this.claims.values()) if (pseudonymOf(user) === pseudonym) this.erased.set(pseudonym, user)
  }

  private refund(event: Extract<SkuEvent, { readonly kind: 'refundBegun' | 'refundEnded' }>): void {
    const { claim, amountMinor, request, isDone, isLimitFreed, refundedMinor, orderMinor } = event
    const past = this.claims.get(claim)
    if (past === undefined) return
    const step = this.steps.count
    const state = event.kind === 'refundBegun' ? 'open' : isDone ? 'done' : 'refused'
    const begunAt = this.refunds.get(`${claim} ${request}`)?.begunAt ?? step
    this.refunds.set(`${claim} ${request}`, { claim, amountMinor, state, begunAt, changedAt: step })
    if (!isDone) return
    this.changed.push({ step, claim })
    if (isLimitFreed) this.freed.push({ step, user: past.user, qty: past.qty })
    const marks = this.marks.get(past.user)
    if (refundedMinor === orderMinor && marks?.at(-1)?.past === past) marks.push({ step, past, state: 'refunded', until: 0 })
  }

  private mark(past: PastClaim, state: Mark['state'], until: number): void {
    const marks = this.marks.get(past.user)
    const mark: Mark = { step: this.steps.count + 1, past, state, until }
    if (marks === undefined) this.marks.set(past.user, [mark])
    // Only the user's latest claim is told.
    else if ((marks.at(-1)?.past.claim ?? 0) <= past.claim) marks.push(mark)
  }

  /** Users who bought something stay, because their limit counts it. */
  private putAway(count: number): void {
    const step = this.steps.count
    for (const past of this.ended.slice(this.awayCount, this.awayCount + count)) {
      past.awayAt = step
      const marks = this.marks.get(past.user)
      const last = marks?.at(-1)
      // An order that has gone on after its end stays.
      const isLive = last !== undefined && last.state !== 'away' && liveStates.has(last.state)
      if (last?.past === past && !isLive && this.boughtBy(past.user, step) === 0) marks?.push({ step, past, state: 'away', until: 0 })
    }
    this.awayCount += count
  }

  private remember(): void {
    const { phase, available, held, ordered, sold, waiting, early, buyers, holdShiftMs } = this.ledger
    const { priceMinor, perUserMax, lineMax } = this.ledger.settings
    const settings = { priceMinor, perUserMax, lineMax }
    this.moments.push({ step: this.steps.count, phase, available, held, ordered, sold, waiting, early, buyers, holdShiftMs, ...settings })
  }

  /** Of the last moment that is not after this step; -1 if all are. */
  private momentIndex(step: number): number {
    return lastIndexUpTo(this.moments, (moment) => moment.step, step)
  }
}

/** Claims that may still become something else; the user can have no other meanwhile. */
export const liveStates: ReadonlySet<LedgerState> = new Set(['lobby', 'queued', 'held', 'pending', 'overdue', 'refunding'])

/** The index of the last of `items`, whose keys never fall, with a key of at most `most`; -1 if there is none. */
export function lastIndexUpTo<T>(items: readonly T[], keyOf: (item: T) => number, most: number): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    const item = items[middle]
    if (item !== undefined && keyOf(item) <= most) low = middle + 1
    else high = middle
  }
  return low - 1
}
