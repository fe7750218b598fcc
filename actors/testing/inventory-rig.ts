import { z } from 'zod'
import type { ArchiveRecord } from '../../cluster/store.ts'
import { parseOrderId } from '../../protocol/ids.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import type { ClaimState, SkuStatus } from '../../protocol/results.ts'
import type { SkuEdit } from '../../protocol/sale-change.ts'
import { saleFileSchema, type SaleFileInput, settingsOfSale, type SkuSettings } from '../../protocol/sku-settings.ts'
import type { Batch } from '../actor.ts'
import { type ClaimReport, InventoryActor } from '../inventory/inventory-actor.ts'
import { Notices } from '../notices.ts'
import { eachEvent, readRecordHead, RecordWriter } from '../record.ts'
import { Replies } from '../replies.ts'
import { finish } from '../work.ts'
import { type Answer, answersOf, type Ask, entryOf, innerResultsOf } from './asks.ts'

const peopleSchema = z.array(z.object({ ticket: z.number(), user: z.string(), qty: z.number(), ahead: z.number() }))
type PersonInLine = z.output<typeof peopleSchema>[number]

/** A moment on a deadline-wheel granule; deadlines of {@link settingsOf} end between two granules, so that none falls on a tick. */
export const start = 1_700_000_000_000

/** Settings with defaults that suit tests: open from the start, a hold of 10 s, a payment of 30 s. */
export function settingsOf(
  overrides: Partial<SaleFileInput['skus'][number]> & { readonly opensAt?: number; readonly closesAt?: number } = {},
): SkuSettings {
  const { opensAt = 0, closesAt, ...sku } = overrides
  const file = saleFileSchema.parse({
    sale: 'sale',
    title: 'Sale',
    opensAt,
    ...(closesAt === undefined ? {} : { closesAt }),
    skus: [{ sku: 'shoe', title: 'Shoe', priceMinor: 1_999, stock: 3, perUserMax: 2, holdTtlMs: 10_025, paymentTtlMs: 30_025, ...sku }],
  })
  const [settings] = settingsOfSale(file)
  if (settings === undefined) throw new Error('no SKU')
  return settings
}

export const incarnation = 'inc1'

/**
 * An inventory actor under a test's own clock, driven by the same entries and read by the same answers as in a shard, without one. Every batch
 * that changes something becomes a record of `journal`.
 */
export class InventoryRig {
  now = start
  actor = new InventoryActor(0)
  /** Of the owner; the next one's is one more. */
  epoch = 1
  readonly journal: Uint8Array[] = []
  private readonly epochs: number[] = []
  private readonly record = new RecordWriter()
  private readonly notices = new Notices()
  private readonly replies = new Replies()

  /** Decides the commands as one batch and then what is due; gives the answers in order. */
  batch(asks: readonly Ask[]): Answer[] {
    return this.turn(asks).flatMap((frame) => answersOf(frame))
  }

  /** One command, one answer. */
  ask(ask: Ask): Answer {
    const [answer] = this.batch([ask])
    if (answer === undefined) throw new Error(`no answer to ${ask.op}`)
    return answer
  }

  /** The result of a command whose answer carries the inner codec. */
  askInner<T>(ask: Ask): T {
    const [result] = this.turn([ask]).flatMap((frame) => innerResultsOf<T>(frame))
    if (result === undefined) throw new Error(`no answer to ${ask.op}`)
    return result
  }

  /** Lets time pass, with a tick at its end. */
  pass(ms: number): void {
    this.now += ms
    while (this.tick());
  }

  /** One batch without commands; true if more is due. */
  tick(): boolean {
    const batch = this.begin()
    const more = this.actor.tick(batch)
    this.keep()
    return more
  }

  configure(settings: SkuSettings = settingsOf()): void {
    const answer = this.ask({ op: 'configure', payload: { settings, incarnation } })
    if (answer.error !== null) throw new Error(answer.error.message)
    this.pass(50)
  }

  buy(user: string, options: Partial<Ask> = {}): Plain {
    return short(this.ask({ op: 'buy', sku: 'shoe', user, ...options }))
  }

  checkout(user: string, options: Partial<Ask> = {}): Plain {
    return short(this.ask({ op: 'checkout', sku: 'shoe', user, payload: new TextEncoder().encode('tok_ok'), ...options }))
  }

  leave(user: string, request?: string): Plain {
    return short(this.ask({ op: 'leave', sku: 'shoe', user, ...(request === undefined ? {} : { request }) }))
  }

  claim(user: string): Plain {
    return short(this.ask({ op: 'claim', sku: 'shoe', user }))
  }

  /** `orderedIn`: what the order's id says between SKU and claim, if it is not the order that this claim is now. */
  settle(claim: number, outcome: string, orderedIn = this.orderedIn(claim)): Plain {
    return short(this.ask({ op: 'settle', sku: 'shoe', payload: { incarnation: orderedIn, claim, outcome } }))
  }

  /** Word that the session has the news of the order that this claim is now. */
  delivered(claim: number): Plain {
    const payload = `shoe:${this.orderedIn(claim)}:${claim.toString(36)}`
    return short(this.ask({ op: 'delivered', sku: 'shoe', payload }))
  }

  cancel(user: string, claim: number, orderedIn = this.orderedIn(claim)): Plain {
    return short(this.ask({ op: 'orderCancel', sku: 'shoe', user, payload: { incarnation: orderedIn, claim } }))
  }

  /** Of the order that the claim is or was under this rig's first owner, if no other is named. */
  refund(claim: number, request: string, amountMinor?: number, orderedIn: string = incarnation): Plain {
    const payload = { incarnation: orderedIn, claim, amountMinor }
    return short(this.ask({ op: 'orderRefund', sku: 'shoe', request, payload }))
  }

  find(claim: number, orderedIn: string = incarnation): Plain {
    return short(this.ask({ op: 'orderFind', sku: 'shoe', payload: { incarnation: orderedIn, claim } }))
  }

  /** What a worker found out about this refund. */
  settleRefund(refund: string, outcome: string): Plain {
    return short(this.ask({ op: 'settle', sku: 'shoe', payload: { incarnation, claim: 0, outcome, refund } }))
  }

  setPhase(phase: string, request?: string): Plain {
    return short(this.ask({ op: 'setPhase', sku: 'shoe', payload: { phase }, ...(request === undefined ? {} : { request }) }))
  }

  /** The changes that it makes, or with `preview` would make; else its refusal. */
  edit(edit: SkuEdit, more: { readonly preview?: boolean; readonly request?: string; readonly sale?: string } = {}): Plain {
    const { preview = false, request, sale = 'sale' } = more
    return short(this.ask({ op: 'edit', sku: 'shoe', payload: { sale, edit, preview }, ...(request === undefined ? {} : { request }) }))
  }

  restock(units: number, request?: string): Plain {
    return short(this.ask({ op: 'restock', sku: 'shoe', payload: { units }, ...(request === undefined ? {} : { request }) }))
  }

  /** The claim number of a user, 0 if there is none. */
  claimOf(user: string): number {
    return this.ask({ op: 'claim', sku: 'shoe', user }).claim
  }

  reportsOf(user: string): ClaimReport[] {
    return this.askInner({ op: 'claimsOfUser', user })
  }

  /** `[available, held, ordered, sold]` */
  units(sku = 'shoe'): number[] {
    const status = this.status(sku)
    return [status.available, status.held, status.ordered, status.sold]
  }

  status(sku = 'shoe'): Pick<SkuStatus, 'available' | 'held' | 'ordered' | 'sold' | 'waiting' | 'state'> {
    const view = this.askInner<{ skus: (SkuStatus & { phase: SkuStatus['state'] })[] }>({ op: 'view' })
    const found = view.skus.find((one) => one.sku === sku)
    if (found === undefined) throw new Error(`no SKU ${sku}`)
    const { available, ordered, sold, waiting, phase } = found
    return { available, held: found.held, ordered, sold, waiting, state: phase }
  }

  /** Users in line, first come first. */
  line(): string[] {
    return this.people().map((one) => one.user)
  }

  people(): PersonInLine[] {
    const { result } = this.ask({ op: 'lineList', sku: 'shoe', payload: { after: 0, limit: 1_000 } })
    return peopleSchema.parse(result)
  }

  reportsOfClaims(last: number): ClaimReport[] {
    const claims = Array.from({ length: last }, (_, i) => i + 1)
    return this.askInner({ op: 'claimsByNumber', payload: [['shoe', claims]] })
  }

  /** The journal as a store has it. */
  archive(): ArchiveRecord[] {
    const archive: ArchiveRecord[] = []
    for (const [index, bytes] of this.journal.entries()) {
      const epoch = this.epochs[index] ?? 0
      const last = archive.at(-1)?.position
      if (last?.epoch !== epoch) archive.push({ position: { epoch, seq: 0 }, bytes: new Uint8Array(0), trimmed: false })
      archive.push({ position: { epoch, seq: last?.epoch === epoch ? last.seq + 1 : 1 }, bytes, trimmed: false })
    }
    return archive
  }

  /** An actor that has only read the journal. */
  replayed(from = 0, actor = new InventoryActor(0)): InventoryActor {
    for (const record of this.journal.slice(from)) replayRecord(actor, record)
    return actor
  }

  /**
   * Another owner takes over from a snapshot (or none) and the records after `from`, `downMs` after the last moment. Returns the time without an
   * owner that it reckons with: since the last record.
   */
  recover(snapshot: readonly Uint8Array[] | undefined, from: number, downMs: number): number {
    const last = this.journal.at(-1)
    const lastNow = last === undefined ? this.now : readRecordHead(last).now
    this.now += downMs
    this.actor = new InventoryActor(0)
    if (snapshot !== undefined) finish(this.actor.restore(snapshot))
    this.replayed(from, this.actor)
    this.epoch++
    const batch = this.begin()
    const gapMs = this.now - lastNow
    this.actor.opened(batch, gapMs)
    this.keep()
    return gapMs
  }

  /** What the id of the order that this claim is says between SKU and claim. */
  orderedIn(claim: number): string {
    const state = this.reportsOfClaims(claim).find((report) => report.claim === claim)?.state
    return (state !== undefined && 'order' in state ? parseOrderId(state.order)?.incarnation : undefined) ?? incarnation
  }

  private turn(asks: readonly Ask[]): Uint8Array[] {
    const batch = this.begin()
    this.replies.to('gw')
    for (const ask of asks) {
      const entry = entryOf(ask)
      this.actor.command(batch, entry, new DataView(entry.buffer), 0)
    }
    this.actor.tick(batch)
    this.keep()
    const frames: Uint8Array[] = []
    this.replies.release((_, frame) => frames.push(frame.slice()))
    return frames
  }

  private begin(): Batch {
    this.record.begin(this.now)
    return { now: this.now, epoch: this.epoch, seq: this.journal.length, record: this.record, replies: this.replies, notices: this.notices }
  }

  private keep(): void {
    if (this.record.events === 0) return
    this.journal.push(this.record.seal(this.actor.digest()).slice())
    this.epochs[this.journal.length - 1] = this.epoch
  }
}

function replayRecord(actor: InventoryActor, record: Uint8Array): void {
  const head = readRecordHead(record)
  const view = new DataView(record.buffer, record.byteOffset, record.length)
  eachEvent(record, view, (at) => actor.evolve(record, view, at, head.now))
  if (actor.digest() !== head.digest) throw new Error('replay came to another state than its owner had')
}

/** The code of a refusal, or the result: what tests compare. */
export function short(answer: Answer): Plain {
  return answer.error === null ? answer.result : answer.error.code
}

export function held(hold: number, expiresAt: number, qty = 1): ClaimState {
  return { state: 'held', hold, qty, expiresAt }
}
