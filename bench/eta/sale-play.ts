import type { ClaimReport } from '../../actors/inventory/inventory-actor.ts'
import type { Ask, Answer } from '../../actors/testing/asks.ts'
import { incarnation, InventoryRig, settingsOf } from '../../actors/testing/inventory-rig.ts'
import { SkuView } from '../../gateway/sku-view.ts'
import { eachOfRuns, type ShardView } from '../../protocol/broadcast.ts'
import { claimKind } from '../../protocol/frame.ts'
import { type Asked, PlaceQuestions } from './place-questions.ts'
import { SaleAgenda } from './sale-agenda.ts'
import { type SalePlan, saleMsMax } from './sale-plan.ts'
import type { SeededChance } from './seeded-chance.ts'

/** Between two broadcasts. Longer than a node's own, which changes nothing that is counted in seconds. */
const tickMs = 250
const sku = 'shoe'

/** What was estimated in the course of a sale, and what then happened. */
export interface PlayedSale {
  readonly asked: readonly Asked[]
  /** When each claim was served, in ms since the opening; claims that waited for nothing are not in it. */
  readonly servedAt: ReadonlyMap<number, number>
  /** Claims that gave their place up. */
  readonly gone: ReadonlySet<number>
  /** When nobody waited any more. */
  readonly endedAt: number
}

type Deed =
  | { readonly do: 'come' | 'go' | 'checkout' | 'release'; readonly user: string }
  | { readonly do: 'settle'; readonly claim: number; readonly outcome: string }
  | { readonly do: 'exit'; readonly share: number }
  | { readonly do: 'restock'; readonly units: number }
  | { readonly do: 'phase'; readonly phase: 'open' | 'paused' }

interface Person {
  readonly user: string
  readonly qty: number
  claim: number
  has: 'nothing' | 'ticket' | 'hold'
  pays: { readonly paymentMs: number; readonly isDeclined: boolean } | undefined
}

/** Plays a sale through the inventory actor and a gateway's view of its line, under a clock of its own. */
export class SalePlay {
  private readonly plan: SalePlan
  private readonly rig = new InventoryRig()
  private readonly view: SkuView
  private readonly agenda = new SaleAgenda<Deed>(tickMs)
  private readonly people = new Map<string, Person>()
  private readonly arrived: Person[] = []
  private readonly byClaim = new Map<number, Person>()
  private readonly chance: SeededChance
  private readonly questions: PlaceQuestions
  private readonly servedAt = new Map<number, number>()
  private readonly gone = new Set<number>()
  private readonly openedAt: number
  private turns = 0
  private endedAt = 0

  constructor(plan: SalePlan, chance: SeededChance) {
    this.plan = plan
    this.chance = chance.fork('people')
    this.questions = new PlaceQuestions(chance.fork('questions'), plan.holdTtlMs / 10)
    const { stock, holdTtlMs, paymentTtlMs, grantsPerSecond } = plan
    this.rig.configure(settingsOf({ sku, stock, holdTtlMs, paymentTtlMs, grantsPerSecond, perUserMax: Math.max(...plan.quantities) }))
    this.openedAt = this.rig.now
    const [data] = this.rig.askInner<ShardView>({ op: 'view' }).skus
    if (data === undefined) throw new Error('the shard has no SKU')
    this.view = new SkuView(0, data)
    this.arrange()
  }

  play(): PlayedSale {
    for (let now = tickMs; now < saleMsMax && (this.agenda.size > 0 || this.view.line.size > 0 || now === tickMs); now += tickMs) {
      this.rig.now = this.openedAt + now
      this.act(now)
      while (this.rig.tick());
      this.hear(now)
      if (this.view.line.size > 0) {
        this.endedAt = now
        this.questions.ask(this.view, now)
      }
    }
    return { asked: this.questions.asked, servedAt: this.servedAt, gone: this.gone, endedAt: this.endedAt }
  }

  private arrange(): void {
    const { rush, late, exits, restocks, pauses } = this.plan
    const { chance } = this
    for (let i = 0; i < rush.people; i++) this.agenda.add(chance.next() * rush.withinMs, { do: 'come', user: `r${i}` })
    for (let i = 0; i < late.people; i++) this.agenda.add(rush.withinMs + chance.next() * late.withinMs, { do: 'come', user: `l${i}` })
    for (const { atMs, share } of exits) this.agenda.add(atMs, { do: 'exit', share })
    for (const { atMs, units } of restocks) this.agenda.add(atMs, { do: 'restock', units })
    for (const { atMs, forMs } of pauses) {
      this.agenda.add(atMs, { do: 'phase', phase: 'paused' })
      this.agenda.add(atMs + forMs, { do: 'phase', phase: 'open' })
    }
  }

  private act(now: number): void {
    const asks: Ask[] = []
    for (const deed of this.agenda.take(now)) asks.push(...this.asksOf(deed))
    if (asks.length > 0) for (const answer of this.rig.batch(asks)) this.answered(answer, now)
  }

  private asksOf(deed: Deed): Ask[] {
    switch (deed.do) {
      case 'come': {
        const person = this.personOf(deed.user)
        // The slot says whose the answer is.
        return [{ op: 'buy', sku, user: deed.user, qty: person.qty, slot: this.arrived.length }]
      }
      case 'go':
        return this.people.get(deed.user)?.has === 'ticket' ? [this.leaving(deed.user)] : []
      case 'release':
        return this.people.get(deed.user)?.has === 'hold' ? [this.leaving(deed.user)] : []
      case 'checkout':
        return this.people.get(deed.user)?.has === 'hold' ? [{ op: 'checkout', sku, user: deed.user, payload: payment }] : []
      case 'settle': {
        const settle = { op: 'settle', sku, payload: { incarnation, claim: deed.claim, outcome: deed.outcome } } as const
        return [settle]
      }
      case 'exit':
        return this.exit(deed.share)
      case 'restock':
        return [{ op: 'restock', sku, payload: { units: deed.units } }]
      case 'phase':
        return [{ op: 'setPhase', sku, payload: { phase: deed.phase } }]
    }
  }

  private personOf(user: string): Person {
    const person: Person = { user, qty: this.chance.pick(this.plan.quantities), claim: 0, has: 'nothing', pays: undefined }
    this.people.set(user, person)
    this.arrived.push(person)
    return person
  }

  private exit(share: number): Ask[] {
    const asks: Ask[] = []
    for (const { user, has } of this.people.values()) if (has !== 'nothing' && this.chance.is(share)) asks.push(this.leaving(user))
    return asks
  }

  private leaving(user: string): Ask {
    const person = this.people.get(user)
    if (person?.has === 'ticket') this.gone.add(person.claim)
    if (person !== undefined) person.has = 'nothing'
    return { op: 'leave', sku, user }
  }

  private answered(answer: Answer, now: number): void {
    if (answer.claimKind === claimKind.order && answer.slot === 0) return this.ordered(answer.claim, now)
    const person = this.arrived[answer.slot - 1]
    if (person === undefined || answer.claim === 0) return
    person.claim = answer.claim
    this.byClaim.set(answer.claim, person)
    if (answer.claimKind === claimKind.hold) return this.granted(person, now)
    person.has = 'ticket'
    const patience = this.plan.patienceMs(this.chance)
    if (patience < saleMsMax) this.agenda.add(now + patience, { do: 'go', user: person.user })
  }

  private granted(person: Person, now: number): void {
    person.has = 'hold'
    const does = this.plan.buyer(this.chance, now, this.turns++)
    if (does.does === 'nothing' || does.afterMs >= this.plan.holdTtlMs) return
    if (does.does === 'pay') person.pays = does
    this.agenda.add(now + does.afterMs, { do: does.does === 'pay' ? 'checkout' : 'release', user: person.user })
  }

  private ordered(claim: number, now: number): void {
    const person = this.byClaim.get(claim)
    if (person?.has !== 'hold' || person.pays === undefined) return
    person.has = 'nothing'
    const { paymentMs, isDeclined } = person.pays
    let settledAt = now + paymentMs
    for (const { atMs, forMs } of this.plan.outages)
      if (settledAt >= atMs && settledAt < atMs + forMs) settledAt = atMs + forMs + this.chance.next() * 10_000
    if (settledAt >= saleMsMax) return
    this.agenda.add(settledAt, { do: 'settle', claim, outcome: isDeclined ? 'declined' : 'paid' })
    // Only a payment that came too late is still open by then.
    if (!isDeclined && paymentMs + tickMs > this.plan.paymentTtlMs)
      this.agenda.add(settledAt + 1_000, { do: 'settle', claim, outcome: 'refunded' })
  }

  /** What a gateway does with a broadcast: applies it, and asks for the claims that changed. */
  private hear(now: number): void {
    const content = this.rig.actor.broadcast(this.rig.now)
    for (const change of content?.skus ?? []) {
      const changed: number[] = []
      eachOfRuns(change.changed, (claim) => changed.push(claim))
      this.view.apply(change)
      if (changed.length === 0) continue
      for (const report of this.rig.askInner<ClaimReport[]>({ op: 'claimsByNumber', payload: [[sku, changed]] })) this.changed(report, now)
    }
  }

  private changed({ claim, state }: ClaimReport, now: number): void {
    const person = this.byClaim.get(claim)
    if (person === undefined) return
    if (state.state === 'held' && person.has === 'ticket') {
      this.servedAt.set(claim, now)
      this.granted(person, now)
    } else if (state.state === 'expired' || state.state === 'soldout') person.has = 'nothing'
  }
}

const payment = new TextEncoder().encode('tok_ok')
