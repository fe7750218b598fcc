import type { Log } from '../../cluster/world.ts'
import { op } from '../../protocol/entry.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import { DeadlineWheel } from '../deadline-wheel.ts'
import type { ShardCalls } from '../payment/shard-calls.ts'
import { readWhereabouts, type Whereabouts } from '../session/decide-whereabouts.ts'
import { claimState } from './claim.ts'
import { absenceLeft } from './decide-absent.ts'
import type { InventoryState } from './inventory-state.ts'
import type { SkuState } from './sku-state.ts'

/** Questions under way at once, per shard; for more a round takes longer. */
const underWayMax = 256
/** Tickets that one tick looks at, so that a long line leaves time for calls. */
const looksMax = 4_096
/** How often gateways are asked for somebody before their ticket ends, and how long they have for it each time. */
const rollCalls = 2
export const rollCallMs = 1_500
const askAgainMs = 1_000

/** Tickets that ended by their users' absence. */
export interface AbsenceCounters {
  ended: number
}

/**
 * Ends the places of users who are known to be gone for longer than their sale allows. Owner only, and nothing of it is journaled but the end itself: a next
 * owner asks anew, and what it is told counts from the same moment.
 *
 *     walk: everyone in line once in half the time of absence -> ask the user's session -> not gone: nothing
 *     gone, with time left -> ask again when it is over
 *     gone for too long -> call the roll, twice -> still gone: the shard decides it (decide-absent.ts)
 *
 * The session is asked, and does not tell: so a `buy` costs it nothing, and of words that are late, doubled or lost only the last state counts. A session may
 * yet be wrong, by a word of a gateway that came twice, or a store that lost its newest records: therefore the roll call, a broadcast upon which gateways say
 * again which of these users they have.
 */
export class AbsenceWatch {
  private readonly state: InventoryState
  private readonly calls: ShardCalls
  private readonly log: Log
  private readonly counters: AbsenceCounters
  private readonly walks = new WeakMap<SkuState, Walk>()
  /** When to ask about whom again. */
  private readonly due = new DeadlineWheel()
  /** Roll calls that each ticket has had that is asked about or will be. */
  private readonly watched = new Map<string, number>()
  private underWay = 0
  private now = 0

  constructor(state: InventoryState, calls: ShardCalls, log: Log, counters: AbsenceCounters) {
    this.state = state
    this.calls = calls
    this.log = log
    this.counters = counters
  }

  /** Once a tick, when everything in the state is stored. */
  pump(now: number): void {
    this.now = now
    this.due.due(now, underWayMax, (index, claim) => this.ask(this.state.at(index), claim))
    for (const sku of this.state.skus) if (sku.countsAbsence) this.walk(sku)
  }

  private walk(sku: SkuState): void {
    const { line, phase } = sku
    const walk = this.walks.get(sku) ?? { at: 0, owed: 0, walkedAt: this.now }
    this.walks.set(sku, walk)
    const elapsedMs = this.now - walk.walkedAt
    walk.walkedAt = this.now
    if (phase !== 'open' || line.size === 0) return
    walk.owed = Math.min(walk.owed + (line.size * elapsedMs) / roundMsOf(sku), line.size, looksMax)
    for (; walk.owed >= 1 && this.underWay < underWayMax; walk.owed--) {
      const next = line.nextFrom(walk.at + 1)
      walk.at = next >= 0 ? next : line.first()
      this.look(sku, walk.at)
    }
  }

  /** Who has waited for less than half the time needs no question yet: the next round comes before the time is over. */
  private look(sku: SkuState, claim: number): void {
    const key = keyOf(sku, claim)
    if (this.watched.has(key)) return
    const begunAt = sku.users.deadline(sku.users.rowOf(claim))
    if (this.now - begunAt < roundMsOf(sku)) return
    this.watched.set(key, 0)
    this.ask(sku, claim)
  }

  private ask(sku: SkuState, claim: number): void {
    const user = waitingUser(sku, claim)
    if (user === undefined) return this.drop(sku, claim)
    // Nobody's time runs in a pause.
    if (sku.phase === 'paused' || this.underWay >= underWayMax) return this.askLater(sku, claim, askAgainMs)
    this.underWay++
    this.whereabouts(user)
      .then((said) => this.heard(sku, claim, user, said))
      .catch((error: unknown) => {
        this.log.debug({ user, error: String(error) }, 'a session did not say where its user is; it will be asked again')
        this.askLater(sku, claim, askAgainMs)
      })
      .finally(() => this.underWay--)
  }

  private async whereabouts(user: string): Promise<Whereabouts> {
    const { error, result } = await this.calls.request('ses', this.calls.shardOfText(user), {
      op: op.whereabouts,
      user,
      payload: new Uint8Array(0),
    })
    if (error !== null) throw new Error(error.code)
    return readWhereabouts(result)
  }

  private heard(sku: SkuState, claim: number, user: string, said: Whereabouts): Promise<void> | void {
    if (sku.phase === 'paused') return this.askLater(sku, claim, askAgainMs)
    const row = sku.users.rowOf(claim)
    const leftMs = waitingUser(sku, claim) === user ? absenceLeft(sku, row, said, this.now) : undefined
    if (leftMs === undefined) return this.drop(sku, claim)
    if (leftMs > 0) {
      this.watched.set(keyOf(sku, claim), 0)
      return this.askLater(sku, claim, leftMs)
    }
    const called = this.watched.get(keyOf(sku, claim)) ?? 0
    if (called === rollCalls) return this.end(sku, claim, user, said)
    this.watched.set(keyOf(sku, claim), called + 1)
    sku.changes.call(claim)
    this.askLater(sku, claim, rollCallMs)
  }

  private async end(sku: SkuState, claim: number, user: string, said: Whereabouts): Promise<void> {
    const id = sku.settings.sku
    const payload = packInner({ claim, ...said })
    const { error, result } = await this.calls.request('inv', this.calls.shardOfText(id), { op: op.absent, sku: id, user, payload })
    if (error === null && result === true) this.counters.ended++
    // In the next round, if that came to nothing.
    this.drop(sku, claim)
  }

  private askLater(sku: SkuState, claim: number, inMs: number): void {
    this.due.add(this.now + inMs, sku.index, claim)
  }

  private drop(sku: SkuState, claim: number): void {
    this.watched.delete(keyOf(sku, claim))
  }
}

interface Walk {
  /** The ticket that was looked at last. */
  at: number
  owed: number
  walkedAt: number
}

const utf8 = new TextDecoder()

function roundMsOf(sku: SkuState): number {
  return (sku.settings.absenceMs ?? 0) / 2
}

function waitingUser({ users }: SkuState, claim: number): string | undefined {
  const row = users.rowOf(claim)
  return row >= 0 && users.state(row) === claimState.queued ? utf8.decode(users.userBytes(row)) : undefined
}

function keyOf({ index }: SkuState, claim: number): string {
  return `${index}.${claim}`
}
