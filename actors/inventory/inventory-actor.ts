import type { Position } from '../../cluster/store.ts'
import type { Outlook, ShardView, SkuChange, SkuNumbers, SkuView } from '../../protocol/broadcast.ts'
import { entryHeadBytes, entryOffset, op } from '../../protocol/entry.ts'
import { parseOrderId, type SkuId } from '../../protocol/ids.ts'
import { packInner, unpackInner } from '../../protocol/inner-codec.ts'
import type { Actor, Batch, BroadcastContent } from '../actor.ts'
import { EstimateCounts } from '../estimate-counts.ts'
import type { Work } from '../work.ts'
import type { AbsenceWatch } from './absence-watch.ts'
import { claimKindOf, describeClaim } from './claim-answer.ts'
import { isLive } from './claim.ts'
import { decideAbsent } from './decide-absent.ts'
import { decideBuy, decideClaim, decideLeave, type OwnedSku } from './decide-claim.ts'
import { decideDrawBeacon, decideDrawProof } from './decide-draw-operator.ts'
import { advanceDraws } from './decide-draw.ts'
import { decideDue } from './decide-due.ts'
import { decideEdit } from './decide-edit.ts'
import { decideErase } from './decide-erase.ts'
import { decideConfigure, decideLineList, decidePhase, decideRestock, skuStatus } from './decide-operator.ts'
import { answerNeverOrdered, decideCheckout, decideOrderCancel, decideOrderGet, decideSettle } from './decide-order.ts'
import { decideOrderFind, decideOrderRefund, refundDelivered } from './decide-refund.ts'
import { decideReservationAsk, decideReservationTold, decideReservedBuy } from './decide-reserved.ts'
import { DrawWorks, type OpenSeed } from './draw-works.ts'
import { endIdOf } from './ended-order.ts'
import { eventKind, writeNumbered, writeResumedBy } from './events.ts'
import { evolve } from './evolve.ts'
import { InventoryState } from './inventory-state.ts'
import { isOpen } from './order-life.ts'
import type { Outbox } from './outbox.ts'
import { Outlooks } from './outlooks.ts'
import { owedEnds, type OwedEnds, type OwedQuestion } from './owed-ends.ts'
import { refundMark } from './refunds.ts'
import { RefusedRequests } from './refused-requests.ts'
import type { ReservationReports } from './reservation-reports.ts'
import { SkuOutlook } from './sku-outlook.ts'
import { SkuRates } from './sku-rates.ts'
import type { SkuState } from './sku-state.ts'
import { restoreInventory, saveInventory } from './snapshot.ts'
import { strikeProgress } from './strike-names.ts'

const latin1 = new TextDecoder('latin1')
const utf8 = new TextDecoder()

/** One claim as gateways ask for it: what its user sees, and the number by which the gateway follows it. */
export interface ClaimReport {
  readonly sku: SkuId
  readonly claim: number
  readonly kind: number
  readonly user: string
  readonly state: ReturnType<typeof describeClaim>
}

/** The inventory of one shard: finds the SKU that an entry is about and hands it to the decision for its op. */
export class InventoryActor implements Actor {
  readonly runsAhead = true
  readonly estimates = new EstimateCounts()
  private readonly state = new InventoryState()
  /** For metrics: to be read and left alone. */
  readonly skus: readonly SkuState[] = this.state.skus
  readonly names = strikeProgress(this.state.erasures)
  private readonly shard: number
  private readonly owned: OwnedSku[] = []
  private readonly refused = new RefusedRequests()
  private outbox: Outbox | undefined
  private reports: ReservationReports | undefined
  private absence: AbsenceWatch | undefined
  private last: OwnedSku | undefined
  private openSeed: OpenSeed = () => undefined
  private draws = new DrawWorks(this.openSeed)
  private readonly outlooks = new Outlooks()
  /** Kept only so that the reads behind it are not left out. */
  private readonly touched = new Uint32Array(1)

  constructor(shard: number) {
    this.shard = shard
  }

  /** Owners have an outbox; followers that only replay have none. */
  useOutbox(make: (state: InventoryState) => Outbox): void {
    this.outbox = make(this.state)
  }

  /** Owners tell sessions what became of their reservations. */
  useReports(make: (state: InventoryState) => ReservationReports): void {
    this.reports = make(this.state)
  }

  /** Owners end the places of users who stay away. */
  useAbsence(make: (state: InventoryState) => AbsenceWatch): void {
    this.absence = make(this.state)
  }

  /** Owners can open the seeds of draws; whoever only replays needs none. */
  useSeeds(open: OpenSeed): void {
    this.openSeed = open
    this.draws = new DrawWorks(open)
  }

  /**
   * Touches the users' places in the index. Each is a cache miss once there are many users, and deciding one entry after the other waits for one
   * after the other; here they overlap.
   */
  foresee(view: DataView, at: number, count: number): void {
    const users = this.last?.sku.users
    if (users === undefined) return
    let touched = 0
    for (let left = count, entry = at; left > 0; left--) {
      touched ^= users.touch(view.getUint32(entry + entryOffset.userHash, true))
      entry += view.getUint16(entry, true)
    }
    this.touched[0] = touched
  }

  command(batch: Batch, bytes: Uint8Array, view: DataView, at: number): void {
    const skuBytes = bytes[at + entryOffset.skuBytes] as number
    const operation = bytes[at + entryOffset.op]
    if (skuBytes === 0) return this.shardCommand(operation, batch, bytes, view, at)
    const owned = this.ownedAt(bytes, view, at, skuBytes)
    if (owned === undefined) return decideUnknown(operation, batch, view, at)
    switch (operation) {
      case op.buy:
        return decideBuy(owned, batch, bytes, view, at, owned.sku.directMax)
      case op.leave:
        return decideLeave(owned, batch, bytes, view, at)
      case op.claim:
        return decideClaim(owned, batch, bytes, view, at)
      case op.checkout:
        return decideCheckout(owned, batch, bytes, view, at, payloadOf(bytes, view, at))
      case op.settle:
        return decideSettle(owned, batch, view, at, payloadOf(bytes, view, at))
      case op.orderGet:
        return decideOrderGet(owned, batch, bytes, view, at, payloadOf(bytes, view, at))
      case op.orderCancel:
        return decideOrderCancel(owned, batch, bytes, view, at, payloadOf(bytes, view, at))
      case op.orderFind:
        return decideOrderFind(owned, batch, view, at, payloadOf(bytes, view, at))
      case op.orderRefund:
        return decideOrderRefund(owned, batch, view, at, payloadOf(bytes, view, at))
      case op.setPhase:
        return decidePhase(owned, batch, view, at, payloadOf(bytes, view, at))
      case op.edit:
        return decideEdit(owned, batch, view, at, payloadOf(bytes, view, at))
      case op.restock:
        return decideRestock(owned, batch, view, at, payloadOf(bytes, view, at))
      case op.lineList:
        return decideLineList(owned, batch, view, at, payloadOf(bytes, view, at))
      case op.drawBeacon:
        return decideDrawBeacon(owned, batch, view, at, payloadOf(bytes, view, at))
      case op.drawProof:
        return decideDrawProof(owned, this.draws, batch, view, at, payloadOf(bytes, view, at))
      case op.status:
        return batch.replies.result(view, at, { ...skuStatus(owned.sku) })
      case op.reservedBuy:
        return decideReservedBuy(owned, batch, bytes, view, at, payloadOf(bytes, view, at))
      case op.reservationAsk:
        return decideReservationAsk(owned, batch, bytes, view, at, payloadOf(bytes, view, at))
      case op.reservationTold:
        return decideReservationTold(owned, batch, bytes, view, at, payloadOf(bytes, view, at))
      case op.absent:
        return decideAbsent(owned, batch, bytes, view, at, payloadOf(bytes, view, at))
      case op.delivered:
        return delivered(owned, batch, view, at, unpackInner<string>(payloadOf(bytes, view, at)))
      default:
        batch.replies.refuse(view, at, 'UNKNOWN_METHOD')
    }
  }

  tick(batch: Batch): boolean {
    this.refused.dropOld(batch.now)
    const isMoreDue = decideDue(this.state, batch)
    return advanceDraws(this.state, this.draws, batch) || isMoreDue
  }

  opened(batch: Batch, gapMs: number): void {
    const at = writeResumedBy(batch.record, batch.epoch, gapMs)
    this.evolve(batch.record.bytes, batch.record.view, at, batch.now)
  }

  evolve(bytes: Uint8Array, view: DataView, at: number, now: number): void {
    evolve(this.state, bytes, view, at, now)
  }

  released(now: number, position: Position): void {
    this.names.stored(this.state.erasures.newest)
    this.outbox?.pump(now)
    this.reports?.pump(now, position)
    this.absence?.pump(now)
  }

  broadcast(now: number): BroadcastContent | undefined {
    if (this.state.skus.length === 0) return undefined
    const skus: SkuChange[] = []
    let complete = true
    for (const sku of this.state.skus) this.ownedOf(sku).line.look(sku, this.estimates, now)
    const renewed = this.outlooks.renew(this.owned, now)
    for (const sku of this.state.skus) {
      const { changes } = sku
      const { rates, line } = this.ownedOf(sku)
      rates.update(changes, now)
      if (!changes.any && !renewed.has(sku.index)) continue
      if (changes.overflowed) complete = false
      const { joined, left, changed, rollCall } = changes
      const called = rollCall.length === 0 ? {} : { rollCall }
      const change: SkuChange = { sku: sku.settings.sku, ...numbersOf(sku, rates, line.outlook), joined, left, changed, ...called }
      skus.push(changes.settings ? { ...change, settings: sku.settings } : change)
      changes.reset()
    }
    return { shard: this.shard, skus, complete }
  }

  missing(): undefined {
    return undefined
  }

  loaded(): void {
    throw new Error('inventory actors keep everything in memory')
  }

  digest(): number {
    return this.state.digest()
  }

  save(): Uint8Array[] {
    return saveInventory(this.state)
  }

  restore(chunks: readonly Uint8Array[]): Work<void> {
    return restoreInventory(this.state, chunks)
  }

  clear(): void {
    this.state.clear()
    this.owned.length = 0
    this.last = undefined
    this.draws = new DrawWorks(this.openSeed)
  }

  get hasDeadlines(): boolean {
    return this.state.skus.some((sku) => sku.held + sku.ordered > 0 || sku.draw?.stage === 'beacon')
  }

  private shardCommand(operation: number | undefined, batch: Batch, bytes: Uint8Array, view: DataView, at: number): void {
    switch (operation) {
      case op.configure:
        return decideConfigure(this.state, this.openSeed, batch, view, at, payloadOf(bytes, view, at))
      case op.view:
        return batch.replies.rawResult(view, at, packInner(this.view(batch)))
      case op.claimsByNumber:
        return batch.replies.rawResult(view, at, packInner(this.claimsByNumber(unpackInner(payloadOf(bytes, view, at)), batch.now)))
      case op.claimsOfUser:
        return batch.replies.rawResult(view, at, packInner(this.claimsOfUser(bytes, view, at, batch.now)))
      case op.userErase:
        return decideErase(this.state, batch, bytes, view, at)
      case op.owed:
        return batch.replies.rawResult(view, at, packInner(this.owed(unpackInner(payloadOf(bytes, view, at)))))
      default:
        batch.replies.refuse(view, at, 'UNKNOWN_METHOD')
    }
  }

  private owed(question: OwedQuestion): OwedEnds {
    return owedEnds(this.state, question, (order) => this.outbox?.triesOf(order) ?? 0)
  }

  private view(batch: Batch): ShardView {
    const skus = this.state.skus.map((sku): SkuView => {
      const line = sku.line.toBitmap()
      const { rates, line: outlook } = this.ownedOf(sku)
      const numbers = numbersOf(sku, rates, outlook.outlook)
      return { sku: sku.settings.sku, settings: sku.settings, ...numbers, lineFrom: line.from, lineEnd: sku.lastClaim + 1, line: line.bits }
    })
    return { shard: this.shard, epoch: batch.epoch, seq: batch.seq, now: batch.now, skus }
  }

  private claimsByNumber(wanted: readonly (readonly [sku: string, claims: readonly number[]])[], now: number): ClaimReport[] {
    const reports: ClaimReport[] = []
    for (const [name, claims] of wanted) {
      const sku = this.state.find(name)
      if (sku === undefined) continue
      for (const claim of claims) {
        const row = sku.users.rowOf(claim)
        if (row >= 0) reports.push(this.report(sku, row, now))
      }
    }
    return reports
  }

  private claimsOfUser(bytes: Uint8Array, view: DataView, at: number, now: number): ClaimReport[] {
    const reports: ClaimReport[] = []
    const from = at + entryHeadBytes
    const length = bytes[at + entryOffset.userBytes] as number
    for (const sku of this.state.skus) {
      const row = sku.users.find(view.getUint32(at + entryOffset.userHash, true), bytes, from, length)
      // By the name that was asked for, for who comes again may have a pseudonym there yet.
      if (row >= 0) reports.push({ ...this.report(sku, row, now), user: utf8.decode(bytes.subarray(from, from + length)) })
    }
    return reports
  }

  private report(sku: SkuState, row: number, now: number): ClaimReport {
    const { users } = sku
    return {
      sku: sku.settings.sku,
      claim: users.claim(row),
      kind: claimKindOf(users.state(row)),
      user: utf8.decode(users.userBytes(row)),
      state: describeClaim(sku, this.ownedOf(sku).line.outlook, row, now),
    }
  }

  /** The SKU of an entry. Most entries of a batch are about the same one, so that one is tried first. */
  private ownedAt(bytes: Uint8Array, view: DataView, at: number, skuBytes: number): OwnedSku | undefined {
    const { last } = this
    const hash = view.getUint32(at + entryOffset.skuHash, true)
    const from = at + entryHeadBytes
    if (last?.sku.skuHash === hash && isName(last.sku, bytes, from, skuBytes)) return last
    const sku = this.state.find(latin1.decode(bytes.subarray(from, from + skuBytes)))
    if (sku === undefined) return undefined
    this.last = this.ownedOf(sku)
    return this.last
  }

  private ownedOf(sku: SkuState): OwnedSku {
    const known = this.owned[sku.index]
    if (known !== undefined) return known
    const owned: OwnedSku = { state: this.state, sku, rates: new SkuRates(), line: new SkuOutlook(), refused: this.refused }
    this.owned[sku.index] = owned
    return owned
  }
}

/**
 * Word that everyone knows of an order's end, or of a refund, by its key. Only an ended order can be put away: an open one is what its payment is settled with. And
 * only by word of the end that it has come to, for it may have gone on since; an order's id alone, which is how nodes of former versions say it, stands for any.
 */
function delivered(owned: OwnedSku, batch: Batch, view: DataView, at: number, id: string): void {
  if (id.includes(refundMark)) refundDelivered(owned, batch, id)
  const order = owned.sku.orders.get(parseOrderId(id.split('/', 1)[0] ?? '')?.claim ?? 0)
  if (order !== undefined && !isLive(order.state) && (id === endIdOf(order) || id === order.order)) {
    const event = writeNumbered(batch.record, eventKind.delivered, owned.sku.index, order.claim)
    evolve(owned.state, batch.record.bytes, batch.record.view, event, batch.now)
  }
  batch.replies.result(view, at, null)
}

function decideUnknown(operation: number | undefined, batch: Batch, view: DataView, at: number): void {
  if (operation === op.settle) answerNeverOrdered(batch, view, at)
  else batch.replies.refuse(view, at, orderOps.has(operation) ? 'UNKNOWN_ORDER' : 'UNKNOWN_SKU')
}

/** Of one order, which is unknown where its SKU is. */
const orderOps: ReadonlySet<number | undefined> = new Set([op.orderGet, op.orderCancel, op.orderFind, op.orderRefund])

function isName(sku: SkuState, bytes: Uint8Array, from: number, length: number): boolean {
  const name = sku.settings.sku
  if (name.length !== length) return false
  for (let i = 0; i < length; i++) if (name.charCodeAt(i) !== bytes[from + i]) return false
  return true
}

function numbersOf(sku: SkuState, rates: SkuRates, outlook: Outlook | undefined): SkuNumbers {
  const { phase, available, held, ordered, sold } = sku
  const { servedPerSecond, releaseShare } = rates
  const draw = sku.draw === undefined ? {} : { draw: sku.draw.info(sku.settings) }
  const numbers = {
    phase,
    available,
    held,
    ordered,
    sold,
    waiting: sku.line.size,
    servedPerSecond,
    releaseShare,
    ...draw,
    ...(outlook === undefined ? {} : { outlook }),
  }
  if (sku.freeable > 0 || sku.users.count > buyersMax) return numbers
  return { ...numbers, buyers: buyersOf(sku) }
}

/** Hashes of this many users still fit a bus frame beside the rest. */
const buyersMax = 100_000

/** Whoever has an order that is open may be a buyer yet, and its request still has it for an answer. */
function buyersOf(sku: SkuState): Uint8Array {
  const { users } = sku
  const hashes: number[] = []
  for (const row of users.rows()) if (users.bought(row) > 0 || isOpen(users.state(row))) hashes.push(users.userHash(row))
  return new Uint8Array(Uint32Array.from(hashes).buffer)
}

function payloadOf(bytes: Uint8Array, view: DataView, at: number): Uint8Array {
  const from = at + entryHeadBytes + (bytes[at + entryOffset.skuBytes] as number) + (bytes[at + entryOffset.userBytes] as number)
  return bytes.subarray(from, at + view.getUint16(at, true))
}
