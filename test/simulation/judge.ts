import { partsOfName, type ShardName } from '../../cluster/store.ts'
import type { Code } from '../../protocol/codes.ts'
import type { ClaimState } from '../../protocol/results.ts'
import type { SaleFileInput } from '../../protocol/sku-settings.ts'
import { type Complain, Findings } from '../checkers/findings.ts'
import { journalRules } from '../checkers/journal-rules.ts'
import { LeavingCheck } from '../checkers/leaving-check.ts'
import { type DeviceEar, LineCheck } from '../checkers/line-check.ts'
import { LiveBooks } from '../checkers/live-books.ts'
import { OwnershipCheck } from '../checkers/ownership-check.ts'
import { RequestCheck } from '../checkers/request-check.ts'
import type { SkuHistory } from '../checkers/sku-history.ts'
import type { Hubs } from './hubs.ts'
import type { Situation } from './reached.ts'
import { simulationStart } from './scheduler.ts'
import { skewMsMax } from './shape.ts'
import type { SimParts } from './sim-parts.ts'
import type { Applied } from './store/store-change.ts'
import type { Asked, Deed, Who, Witness } from './witness.ts'

/** For so long after a store has lost records, what is said may be about them. */
const excuseMs = 15_000

const reachedByCode: ReadonlyMap<Code, Situation> = new Map([
  ['LINE_FULL', 'line full'],
  ['LIMIT_REACHED', 'limit reached'],
  ['SOLD_OUT', 'sold out'],
])

/** All checkers of a run (test/checkers/), fed with what becomes durable, what leaves processes and what users are told. */
export class Judge implements Witness {
  readonly findings: Findings
  readonly books: LiveBooks
  private readonly parts: SimParts
  private readonly holdTtlMs: ReadonlyMap<string, number>
  private readonly leaving: LeavingCheck
  private readonly requests: RequestCheck
  private readonly lines: LineCheck
  private readonly ownership: OwnershipCheck
  private readonly ears = new Map<string, DeviceEar>()
  private readonly excusedUntil = new Map<string, number>()

  constructor(parts: SimParts, hubs: Pick<Hubs, 'store' | 'network'>, sale: SaleFileInput) {
    this.parts = parts
    this.holdTtlMs = new Map(sale.skus.map((sku) => [sku.sku, sku.holdTtlMs ?? 0]))
    const now = (): number => parts.scheduler.now - simulationStart
    this.findings = new Findings(now)
    const { complain } = this
    this.books = new LiveBooks({ now, complain, rules: journalRules, excuseMs })
    this.leaving = new LeavingCheck(this.books, complain)
    this.requests = new RequestCheck(complain)
    this.lines = new LineCheck({ complain, slackMs: 2 * skewMsMax })
    this.ownership = new OwnershipCheck(complain)
    hubs.store.observe({ onApplied: (applied) => this.applied(applied), onLost: (lost) => this.lost(lost) })
    hubs.network.onSent((process, subject, frame) => this.leaving.sent(process.name, subject, frame))
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

  asks(who: Who, sku: string, what: Deed, requestId?: string): Asked {
    this.say(`${who.device} asks ${what} ${sku} ${requestId ?? ''}`)
    if (requestId !== undefined && what === 'buy') this.requests.asks(who.user, sku, requestId)
    return { who, sku, what, requestId, servedSoFar: this.ear(who, sku).asks(what) }
  }

  answered({ who, sku, what, requestId, servedSoFar }: Asked, claim: ClaimState): void {
    this.say(`${who.device} is answered ${what} ${sku} ${requestId ?? ''} ${JSON.stringify(claim)}`)
    this.hearOutcome(who.user, sku, what, requestId, claim)
    this.ear(who, sku).told(claim, this.parts.scheduler.now, servedSoFar)
  }

  refused({ who, sku, what, requestId }: Asked, code: Code): void {
    this.say(`${who.device} is refused ${what} ${sku} ${requestId ?? ''} with ${code}`)
    this.hearOutcome(who.user, sku, what, requestId, code)
    const situation = reachedByCode.get(code)
    if (situation !== undefined) this.parts.reached.count(situation)
  }

  told(who: Who, sku: string, claim: ClaimState): void {
    this.say(`${who.device} is told ${sku} ${JSON.stringify(claim)}`)
    if (claim.state === 'expired') this.parts.reached.count('hold expired')
    this.ear(who, sku).told(claim, this.parts.scheduler.now)
  }

  /** Every unit is free or sold, and nobody waits. */
  get isResolved(): boolean {
    return [...this.books.allSkus()].every(isSettled)
  }

  /** After the quiet time. */
  conclude(): void {
    for (const sku of this.books.allSkus())
      if (!isSettled(sku)) this.complain('G2', `${sku.ledger.sku} is not settled in the end: ${JSON.stringify(sku.moments.at(-1))}`)
    this.requests.atEnd(this.books)
  }

  private hearOutcome(user: string, sku: string, what: Deed, requestId: string | undefined, outcome: ClaimState | Code): void {
    if (requestId === undefined || what !== 'buy' || this.parts.scheduler.now < (this.excusedUntil.get(sku) ?? 0)) return
    this.requests.told(user, sku, requestId, outcome)
  }

  private applied(applied: Applied): void {
    const { kind, shard } = applied
    if (kind === 'claim') this.ownership.leased(shard, applied.epoch, applied.owner)
    else if (kind === 'open' || kind === 'append') {
      this.ownership.applied(shard, applied.position)
      this.books.applied(shard, applied.position, applied.bytes)
    }
  }

  private lost(lost: readonly Applied[]): void {
    const shards = new Set<ShardName>()
    for (const one of lost) {
      if ((one.kind !== 'open' && one.kind !== 'append') || shards.has(one.shard)) continue
      shards.add(one.shard)
      this.ownership.lost(one.shard, one.position)
      if (partsOfName(one.shard).kind === 'inv') {
        for (const { ledger } of this.books.of(one.shard).allSkus) {
          this.lines.lost(ledger.sku, this.parts.scheduler.now + excuseMs)
          this.requests.lost(ledger.sku)
          this.excusedUntil.set(ledger.sku, this.parts.scheduler.now + excuseMs)
        }
      }
      this.books.lost(one.shard, one.position)
    }
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

function isSettled({ ledger }: SkuHistory): boolean {
  return ledger.held === 0 && ledger.ordered === 0 && ledger.waiting === 0
}
