import type { Code } from '../../protocol/codes.ts'
import type { ClaimState } from '../../protocol/results.ts'
import type { SaleFileInput } from '../../protocol/sku-settings.ts'
import { Findings } from '../checkers/findings.ts'
import { LeavingCheck } from '../checkers/leaving-check.ts'
import { LiveBooks } from '../checkers/live-books.ts'
import type { SkuHistory } from '../checkers/sku-history.ts'
import { ToldStory } from '../checkers/told-story.ts'
import type { Crowd } from './crowd.ts'
import type { Hubs } from './hubs.ts'
import type { Reached } from './reached.ts'
import { type Scheduler, simulationStart } from './scheduler.ts'
import type { Trace } from './trace.ts'
import type { Witness } from './witness.ts'

/** All checkers of a run, fed with what becomes durable, what leaves processes and what users are told. */
export class Judge implements Witness {
  readonly findings: Findings
  readonly books: LiveBooks
  private readonly complain: Findings['complain']
  private readonly scheduler: Scheduler
  private readonly trace: Trace
  private readonly reached: Reached
  private readonly holdTtlMs: ReadonlyMap<string, number>
  private readonly stories = new Map<string, ToldStory>()

  constructor(parts: { readonly scheduler: Scheduler; readonly trace: Trace; readonly reached: Reached }, hubs: Hubs, sale: SaleFileInput) {
    const { scheduler } = parts
    this.scheduler = scheduler
    this.trace = parts.trace
    this.reached = parts.reached
    this.holdTtlMs = new Map(sale.skus.map((sku) => [sku.sku, sku.holdTtlMs ?? 0]))
    const now = (): number => scheduler.now - simulationStart
    this.findings = new Findings(now)
    const complain: Findings['complain'] = (promise, what): void => {
      this.say(`BROKEN ${promise}: ${what}`)
      this.findings.complain(promise, what)
    }
    this.complain = complain
    this.books = new LiveBooks({ now, complain })
    const leaving = new LeavingCheck(this.books, complain)
    hubs.store.observe({
      onApplied: (applied) => {
        if (applied.kind === 'open' || applied.kind === 'append') this.books.applied(applied.shard, applied.position, applied.bytes)
      },
      onLost: (lost) => {
        for (const one of lost.toReversed()) if (one.kind === 'open' || one.kind === 'append') this.books.lost(one.shard, one.position)
      },
    })
    hubs.network.onSent((process, subject, frame) => leaving.sent(process.name, subject, frame))
  }

  asks(device: string, user: string, sku: string, what: 'buy' | 'leave' | 'checkout' | 'claim', requestId?: string, qty?: number): void {
    this.say(`${device} asks ${what} ${sku}${requestId === undefined ? '' : ` ${requestId}`}${qty === undefined ? '' : ` x${qty}`}`)
    if (what === 'claim') return
    this.storyOf(device, user, sku)
    for (const [key, story] of this.stories) if (key.startsWith(`${user} ${sku} `)) story.asks(what)
  }

  told(device: string, user: string, sku: string, claim: ClaimState, source: string, requestId?: string): void {
    this.say(`${device} is told ${sku} ${JSON.stringify(claim)} by ${source}${requestId === undefined ? '' : ` ${requestId}`}`)
    if (claim.state === 'expired') this.reached.count('hold expired')
    this.storyOf(device, user, sku).told(claim, this.scheduler.now)
  }

  refused(device: string, _user: string, sku: string, what: string, code: Code, requestId?: string): void {
    this.say(`${device} is refused ${what} ${sku} with ${code}${requestId === undefined ? '' : ` ${requestId}`}`)
    if (code === 'LINE_FULL') this.reached.count('line full')
    if (code === 'LIMIT_REACHED') this.reached.count('limit reached')
    if (code === 'SOLD_OUT') this.reached.count('sold out')
  }

  /** Something threw that nobody expected. */
  bug(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.complain('G5', `a bug: ${text}`)
  }

  /** Every unit is free or sold, nobody waits, and no call is without an answer. */
  isResolved(crowd: Crowd): boolean {
    return crowd.isQuiet && [...this.books.allSkus()].every((sku) => this.isSettled(sku))
  }

  /** After the quiet time. */
  conclude(crowd: Crowd): void {
    if (!crowd.isQuiet) this.complain('G2', 'a call was never answered')
    for (const sku of this.books.allSkus()) {
      if (!this.isSettled(sku)) this.complain('G2', `${sku.ledger.sku} is not settled in the end: ${JSON.stringify(sku.moments.at(-1))}`)
    }
  }

  private isSettled(sku: SkuHistory): boolean {
    const { held, ordered, waiting } = sku.ledger
    return held === 0 && ordered === 0 && waiting === 0
  }

  private say(what: string): void {
    this.trace.add(this.scheduler.now - simulationStart, 'judge', what)
  }

  private storyOf(device: string, user: string, sku: string): ToldStory {
    const key = `${user} ${sku} ${device}`
    const known = this.stories.get(key)
    if (known !== undefined) return known
    const story = new ToldStory(`${device} about ${sku}`, this.holdTtlMs.get(sku) ?? 0, (problem) => this.complain('G4', problem))
    this.stories.set(key, story)
    return story
  }
}
