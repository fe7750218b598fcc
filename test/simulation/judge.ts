import { InventoryActor } from '../../actors/inventory/inventory-actor.ts'
import { comparePositions, type JournalRecord, partsOfName, type Position, type ShardName } from '../../cluster/store.ts'
import type { JournalSource } from '../../ops/journal/journal-audit.ts'
import { type Code, codeTable } from '../../protocol/codes.ts'
import type { ClaimState, OrderClaim } from '../../protocol/results.ts'
import type { SaleFileInput } from '../../protocol/sku-settings.ts'
import { AbsenceCheck } from '../checkers/absence-check.ts'
import { checkEnd, type Gauge, type PendingCall, SoldOutCheck } from '../checkers/final-check.ts'
import { type Complain, Findings } from '../checkers/findings.ts'
import { FreshnessCheck, type Listener } from '../checkers/freshness-check.ts'
import { journalRules } from '../checkers/journal-rules.ts'
import { LeavingCheck } from '../checkers/leaving-check.ts'
import { LimitCheck } from '../checkers/limit-check.ts'
import { type DeviceEar, LineCheck } from '../checkers/line-check.ts'
import { LiveBooks } from '../checkers/live-books.ts'
import { checkMoney, type ProviderRow } from '../checkers/money-check.ts'
import { OwnershipCheck } from '../checkers/ownership-check.ts'
import { checkReplay } from '../checkers/replay-check.ts'
import { RequestCheck } from '../checkers/request-check.ts'
import type { ShardBooks } from '../checkers/shard-books.ts'
import { liveStates, type SkuHistory } from '../checkers/sku-history.ts'
import { TruthCheck } from '../checkers/truth-check.ts'
import type { BeaconWitness } from './crowd/beacon-bringer.ts'
import type { Asked, Deed, Who, Witness } from './crowd/witness.ts'
import type { Hubs } from './hubs.ts'
import type { Situation } from './reached.ts'
import { simulationStart } from './scheduler.ts'
import type { LedgerEntry } from './services/sim-ledger.ts'
import { skewMsMax } from './shape.ts'
import type { SimParts } from './sim-parts.ts'
import type { Applied } from './store/store-change.ts'

/** For so long after a store has lost records, what is said may be about them. */
const excuseMs = 15_000

/** How old the picture may be from which a gateway refuses: some ticks, and the way of a broadcast. */
const pictureMsMax = 5_000
/** A waiting client hears of a change of its position within this, when nothing is wrong on its way. */
export const freshMs = 8_000

/** From a session's word about a user until the end of their place is durable, through slow shards and a slow store. */
const decidedMsMax = 15_000
/** Two roll calls, and calls that are made again. */
const absentMsMax = 8_000

/** A session asks what became of a reservation after this, at the earliest; before, it was told. */
const askedAfterMs = 1_000

const reachedByCode: ReadonlyMap<Code, Situation> = new Map([
  ['LINE_FULL', 'line full'],
  ['LIMIT_REACHED', 'limit reached'],
  ['SOLD_OUT', 'sold out'],
])

/** All checkers of a run (test/checkers/), fed with what becomes durable, what leaves processes and what users are told. */
export class Judge implements Witness, BeaconWitness {
  readonly findings: Findings
  readonly books: LiveBooks
  private readonly parts: SimParts
  private readonly holdTtlMs: ReadonlyMap<string, number>
  private readonly leaving: LeavingCheck
  private readonly limits: LimitCheck
  private readonly requests: RequestCheck
  private readonly lines: LineCheck
  private readonly ownership: OwnershipCheck
  private readonly soldOut: SoldOutCheck
  private readonly truth: TruthCheck
  private readonly freshness: FreshnessCheck
  private readonly absence: AbsenceCheck
  private readonly hubs: Pick<Hubs, 'store' | 'network' | 'queue' | 'provider'>
  /** When a request was made for the first time. */
  private readonly firstAskedAt = new Map<string, number>()
  /** Those with a result, which no copy of them may change. */
  private readonly answeredCalls = new Set<string>()
  private readonly ears = new Map<string, DeviceEar>()
  private readonly excusedUntil = new Map<string, number>()
  private readonly takenBeacons = new Map<string, string>()
  /** Shards that have lost records since somebody last opened them. */
  private readonly unopened = new Set<ShardName>()

  constructor(parts: SimParts, hubs: Judge['hubs'], sale: SaleFileInput) {
    this.parts = parts
    this.hubs = hubs
    this.holdTtlMs = new Map(sale.skus.map((sku) => [sku.sku, sku.holdTtlMs ?? 0]))
    const now = (): number => this.now
    this.findings = new Findings(now)
    const { complain } = this
    this.books = new LiveBooks({ now, complain, rules: journalRules, excuseMs })
    this.leaving = new LeavingCheck(this.books, complain)
    this.limits = new LimitCheck({
      books: this.books,
      complain,
      now,
      onGivenBack: (afterMs) => {
        if (afterMs >= askedAfterMs) parts.reached.count('reservation given back after a lost answer')
      },
    })
    this.requests = new RequestCheck(complain, () => this.books.tick)
    this.lines = new LineCheck({ complain, slackMs: 2 * skewMsMax })
    this.ownership = new OwnershipCheck(complain)
    this.soldOut = new SoldOutCheck({ books: this.books, complain, pictureMsMax })
    this.truth = new TruthCheck(this.books, complain)
    this.absence = new AbsenceCheck({
      books: this.books,
      complain,
      now,
      timeOf: (recordNow) => recordNow - simulationStart,
      slackMs: 3 * skewMsMax,
      decidedWithinMs: decidedMsMax,
      endsWithinMs: absentMsMax,
      onEnded: () => parts.reached.count('place ended by absence'),
      onBack: () => parts.reached.count('back in time'),
    })
    this.freshness = new FreshnessCheck({ books: this.books, complain, withinMs: freshMs })
    hubs.store.observe({
      onApplied: (applied) => this.applied(applied),
      onStands: (shard, by) => this.leaving.stands(by, shard),
      onLost: (lost) => this.lost(lost),
    })
    hubs.network.onSent((process, subject, frame) => this.leaving.sent(process.name, subject, frame))
    hubs.queue.onPut((process, id, order) => this.leaving.queuePut(process.name, id, order))
  }

  /** ms since the run began. */
  private get now(): number {
    return this.parts.scheduler.now - simulationStart
  }

  readonly complain: Complain = (promise, what) => {
    this.say(`BROKEN ${promise}: ${what}`)
    this.findings.complain(promise, what)
  }

  /** Something threw that nobody expected. */
  bug(error: unknown): void {
    this.complain('G5', `a bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  }

  /** Before a device does anything: a user's devices have to be known when the first is told of something. */
  enrol({ device, user }: Who): void {
    for (const [sku, ttlMs] of this.holdTtlMs) this.ears.set(`${device} ${sku}`, this.lines.device(user, sku, ttlMs))
  }

  asks(who: Who, sku: string, what: Deed, requestId?: string, qty = 1): Asked {
    this.say(`${who.device} asks ${what} ${sku} ${requestId ?? ''}`)
    const mayAct = !this.answeredCalls.has(callOf(who, sku, what, requestId))
    if (requestId !== undefined && what === 'buy') {
      this.requests.asks(who.user, sku, requestId)
      const key = `${who.user} ${sku} ${requestId}`
      if (this.firstAskedAt.has(key)) this.parts.reached.count('request repeated')
      else this.firstAskedAt.set(key, this.now)
    }
    return { who, sku, what, requestId, qty, mayAct, servedSoFar: this.ear(who, sku).asks(mayAct ? what : 'claim') }
  }

  answered({ who, sku, what, requestId, mayAct, servedSoFar }: Asked, claim: ClaimState): void {
    this.say(`${who.device} is answered ${what} ${sku} ${requestId ?? ''} ${JSON.stringify(claim)}`)
    this.hearOutcome(who.user, sku, what, requestId, claim)
    if (!this.isExcused(sku)) this.truth.told(who.user, sku, claim)
    const ear = this.ear(who, sku)
    ear.told(claim, this.parts.scheduler.now, servedSoFar)
    if (mayAct) ear.ends(what)
    if (requestId !== undefined) this.answeredCalls.add(callOf(who, sku, what, requestId))
    if (what === 'leave' && this.books.sku(sku)?.marks.has(who.user) === false) this.parts.reached.count('leave by who has no claim')
  }

  refused({ who, sku, what, requestId, mayAct, qty }: Asked, code: Code): void {
    this.say(`${who.device} is refused ${what} ${sku} ${requestId ?? ''} with ${code}`)
    this.hearOutcome(who.user, sku, what, requestId, code)
    if (mayAct && codeTable[code].retry !== 'unknown') this.ear(who, sku).ends(what)
    const askedAtMs = this.firstAskedAt.get(`${who.user} ${sku} ${requestId ?? ''}`)
    if (code === 'SOLD_OUT' && askedAtMs !== undefined) this.soldOut.told({ user: who.user, sku, qty, askedAtMs })
    const situation = reachedByCode.get(code)
    if (situation !== undefined) this.parts.reached.count(situation)
  }

  told(who: Who, sku: string, claim: ClaimState): void {
    this.say(`${who.device} is told ${sku} ${JSON.stringify(claim)}`)
    if (claim.state === 'expired' && claim.reason === undefined) this.parts.reached.count('hold expired')
    if (!this.isExcused(sku)) this.truth.told(who.user, sku, claim)
    this.ear(who, sku).told(claim, this.parts.scheduler.now)
  }

  refunded({ device, user }: Who, sku: string, order: OrderClaim): void {
    this.say(`${device} is told of a refund ${sku} ${JSON.stringify(order)}`)
    this.parts.reached.count('refund of a former order told')
    if (!this.isExcused(sku)) this.truth.refunded(user, sku, order)
  }

  beaconTaken(sku: string, value: string): void {
    this.say(`${sku} takes the beacon ${value}`)
    this.parts.reached.count(this.takenBeacons.get(sku) === value ? 'beacon brought twice' : 'beacon taken')
    this.takenBeacons.set(sku, value)
  }

  beaconRefused(sku: string, value: string): void {
    this.say(`${sku} refuses the beacon ${value}`)
    const stands = this.books.sku(sku)?.beaconValue
    if (stands !== undefined) this.parts.reached.count(stands === '' ? 'beacon too late' : 'second beacon refused')
  }

  /** Every unit is free or sold, and nobody waits. */
  get isResolved(): boolean {
    return [...this.books.allSkus()].every(isSettled)
  }

  /** Now and then, while nothing is wrong. */
  look(listeners: Iterable<Listener>): void {
    const all = [...listeners]
    this.freshness.look(all, this.now)
    this.absence.look(all)
  }

  /** After the quiet time. `digests`: of the shards that somebody owns. */
  async conclude(end: {
    readonly pending: Iterable<PendingCall>
    readonly gauges: Iterable<Gauge>
    readonly digests: ReadonlyMap<ShardName, number>
  }): Promise<void> {
    const { books, complain, hubs } = this
    checkEnd({ books, gauges: end.gauges, pending: end.pending }, complain)
    this.requests.atEnd(books)
    this.limits.atEnd()
    checkMoney(books, hubs.provider.ledger.all().map(rowOf), complain, hubs.queue.lostOrders)
    for (const { key, what } of hubs.provider.ledger.violations) complain('G8', `${key}: ${what}`)
    const store = {
      readArchive: (shard: ShardName) => hubs.store.readArchive(shard),
      readSnapshot: (shard: ShardName) => hubs.store.readSnapshot(shard),
      readTail: (shard: ShardName, after: Position) => tailOf(hubs.store, shard, after),
    }
    for (const shard of hubs.store.shards) {
      if (partsOfName(shard).kind === 'inv')
        await checkReplay({ store, makeActor: () => new InventoryActor(partsOfName(shard).shard), complain }, shard, end.digests.get(shard))
    }
  }

  private hearOutcome(user: string, sku: string, what: Deed, requestId: string | undefined, outcome: ClaimState | Code): void {
    if (requestId === undefined || what !== 'buy' || this.isExcused(sku)) return
    this.requests.told(user, sku, requestId, outcome)
  }

  private isExcused(sku: string): boolean {
    return this.parts.scheduler.now < (this.excusedUntil.get(sku) ?? 0)
  }

  private applied(applied: Applied): void {
    const { kind, shard } = applied
    if (kind === 'claim') this.ownership.leased(shard, applied.epoch, applied.owner)
    else if (kind === 'open' || kind === 'append') {
      this.ownership.applied(shard, applied.position)
      this.books.applied(shard, applied.position, applied.bytes)
      this.limits.applied(shard)
      this.absence.applied(shard)
      if (kind === 'open' && this.unopened.delete(shard)) this.forgiveAll(this.books.of(shard))
    }
  }

  private lost(lost: readonly Applied[]): void {
    this.answeredCalls.clear()
    const shards = new Set<ShardName>()
    for (const one of lost) {
      // Also by losing journal records: until their owner knows of that, it writes cold ones that go beyond the journal.
      const isOfUsers = one.kind === 'put' || one.kind === 'delete' || (one.kind === 'append' && partsOfName(one.shard).kind === 'ses')
      if (isOfUsers) {
        this.leaving.partsColdRecords(one.shard)
        this.absence.lost(one.shard)
      }
      if ((one.kind !== 'open' && one.kind !== 'append') || shards.has(one.shard)) continue
      shards.add(one.shard)
      this.ownership.lost(one.shard, one.position)
      const before = this.books.of(one.shard)
      this.books.lost(one.shard, one.position)
      this.limits.lost(one.shard, before)
      this.absence.lost(one.shard)
      this.unopened.add(one.shard)
      this.forgiveAll(before)
    }
  }

  private forgiveAll({ allSkus }: ShardBooks): void {
    for (const { ledger } of allSkus) this.forgive(ledger.sku)
  }

  /** What was said of the SKU before its store lost records, and what is said until its next owner is known, may come otherwise. */
  private forgive(sku: string): void {
    const untilMs = this.parts.scheduler.now + excuseMs
    this.lines.lost(sku, untilMs, this.books.sku(sku)?.claims.size ?? 0)
    this.requests.lost(sku)
    this.excusedUntil.set(sku, untilMs)
  }

  private ear({ device }: Who, sku: string): DeviceEar {
    const ear = this.ears.get(`${device} ${sku}`)
    if (ear === undefined) throw new Error(`${device} was not enrolled`)
    return ear
  }

  private say(what: string): void {
    this.parts.trace.add(this.parts.scheduler.now - simulationStart, 'judge', what)
  }
}

function callOf({ user }: Who, sku: string, what: Deed, requestId = ''): string {
  return `${user} ${sku} ${what} ${requestId}`
}

function rowOf({ key, charge, outcome, refundedMinor }: LedgerEntry): ProviderRow {
  return { order: key, chargedMinor: outcome === 'paid' ? charge.amountMinor : 0, refundedMinor }
}

/** The records after a position that have not been trimmed. */
async function* tailOf(store: JournalSource, shard: ShardName, after: Position): AsyncIterable<JournalRecord> {
  for await (const record of store.readArchive(shard))
    if (!record.trimmed && record.position.seq > 0 && comparePositions(record.position, after) > 0) yield record
}

/** Nobody has anything that may still become something else. */
function isSettled({ marks, refunds }: SkuHistory): boolean {
  for (const { state } of refunds.values()) if (state === 'open') return false
  for (const mine of marks.values()) {
    const state = mine.at(-1)?.state ?? 'away'
    if (state !== 'away' && liveStates.has(state)) return false
  }
  return true
}
