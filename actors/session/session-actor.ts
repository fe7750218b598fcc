import type { Position, Snapshot } from '../../cluster/store.ts'
import { entryHeadBytes, entryOffset, op } from '../../protocol/entry.ts'
import { parseUserId, type UserId } from '../../protocol/ids.ts'
import type { Actor, Batch } from '../actor.ts'
import { StrikeProgress } from '../names-to-strike.ts'
import type { Work } from '../work.ts'
import { decideErase } from './decide-erase.ts'
import { decideReservationNews, decideReserve } from './decide-reserve.ts'
import {
  decideAttach,
  decideClaimed,
  decideDetach,
  decideOrderList,
  decideOrderNews,
  decideUserGet,
  recordOf,
  type SessionCommand,
} from './decide-session.ts'
import { decideUserHistory, decideUserInfo, decideUserSet } from './decide-user.ts'
import { decideWhereabouts, leaveGateways } from './decide-whereabouts.ts'
import type { OpenReservations } from './open-reservations.ts'
import type { ReservationRepeats } from './reservation-repeats.ts'
import { writeResumed } from './session-events.ts'
import { recordKey, userOfKey } from './session-record.ts'
import { SessionState } from './session-state.ts'
import { strikeEvents } from './strike-events.ts'
import type { WriteBehind } from './write-behind.ts'

export interface SessionLimits {
  /** Users of a shard in memory; and as many may have changes that are not in their records yet, more are `BUSY`. */
  readonly usersMax: number
  /** From a user's first change until it goes into the user's record, so that several changes share a write. */
  readonly writeAfterMs: number
  /**
   * An open reservation is asked about at least so often. That its claim ended is told without a question; but a store that lost its newest records may have lost
   * the claim, and then nobody says so.
   */
  readonly askEveryMs: number
}

export const sessionLimits: SessionLimits = { usersMax: 4_096, writeAfterMs: 5_000, askEveryMs: 60_000 }

const busyRetryMs = 1_000
/** After word of an absence that may be counted, for so long a next owner has to know how long there was none. */
const countingMs = 600_000
const changesNothing: ReadonlySet<number> = new Set([op.claimed, op.userGet, op.userInfo, op.userHistory, op.orderList])
const whereOps: ReadonlySet<number> = new Set([op.attach, op.detach, op.whereabouts])
const utf8 = new TextDecoder()

/** The sessions of one shard: finds the user that an entry is about and hands it to the decision for its op. */
export class SessionActor implements Actor {
  readonly names = new StrikeProgress(() => {
    const { erasures } = this.state
    return (position, record) => strikeEvents(position, record, (user) => erasures.of(user, position) !== undefined)
  }, false)
  private readonly state = new SessionState()
  private readonly limits: SessionLimits
  private writeBehind: WriteBehind | undefined
  private repeats: ReservationRepeats | undefined
  private readonly isOver: (gateway: string) => boolean
  /** By the shard's time: of the last turn, and when somebody was last known to be gone. */
  private now = 0
  private goneAt = -Infinity

  /** `isOver`: this gateway's process has certainly ended, and all its connections with it. */
  constructor(limits: SessionLimits = sessionLimits, isOver: (gateway: string) => boolean = () => false) {
    this.limits = limits
    this.isOver = isOver
  }

  /** Owners write records behind; followers that only replay do not. */
  useRecords(make: (state: SessionState) => WriteBehind): void {
    this.writeBehind = make(this.state)
  }

  /** Owners ask until they know what became of every reservation. */
  useRepeats(make: (open: OpenReservations) => ReservationRepeats): void {
    this.repeats = make(this.state.open)
  }

  command(batch: Batch, bytes: Uint8Array, view: DataView, at: number): void {
    const user = userOf(bytes, at)
    const session = user === undefined ? undefined : this.state.touch(user)
    if (user === undefined || session === undefined)
      return batch.replies.refuse(view, at, 'MALFORMED', undefined, 'A session command names a user.')
    const { dirty } = this.state
    const operation = bytes[at + entryOffset.op] as number
    if (dirty.size >= this.limits.usersMax && !dirty.has(user) && !changesNothing.has(operation))
      return batch.replies.refuse(view, at, 'BUSY', busyRetryMs)
    const payloadAt = at + entryHeadBytes + (bytes[at + entryOffset.skuBytes] as number) + (bytes[at + entryOffset.userBytes] as number)
    const payload = bytes.subarray(payloadAt, at + view.getUint16(at, true))
    const command = { state: this.state, batch, user, session, view, at, payload }
    if (operation === op.detach || operation === op.whereabouts) this.goneAt = batch.now
    if (whereOps.has(operation)) leaveGateways(command, this.isOver)
    decide(operation, command)
  }

  tick(batch: Batch): boolean {
    this.now = batch.now
    const { newest } = this.state.erasures
    // The last record of all stays where it is when a journal is trimmed, so there has to be one behind that of an erasure, which names its user.
    if (newest?.epoch === batch.epoch && newest.seq === batch.seq)
      this.evolve(batch.record.bytes, batch.record.view, writeResumed(batch.record, recordOf(batch), 0), batch.now)
    return false
  }

  get hasDeadlines(): boolean {
    return this.now - this.goneAt < countingMs
  }

  /** Nobody could say meanwhile that a user is back. */
  opened(batch: Batch, gapMs: number): void {
    if (gapMs > 0) this.evolve(batch.record.bytes, batch.record.view, writeResumed(batch.record, recordOf(batch), gapMs), batch.now)
  }

  evolve(bytes: Uint8Array, view: DataView, at: number, now: number): void {
    this.state.evolve(bytes, view, at, now)
  }

  released(now: number, position: Position): void {
    this.names.stored(this.state.erasures.newest)
    this.writeBehind?.pump(now, position)
    this.repeats?.pump(now)
  }

  broadcast(): undefined {
    return undefined
  }

  missing(bytes: Uint8Array, at: number): string | undefined {
    const user = userOf(bytes, at)
    return user === undefined || this.state.has(user) ? undefined : recordKey(user)
  }

  loaded(key: string, record: Uint8Array | undefined): void {
    // Room is made before: whoever was just read must not be put away again before the command that wanted them has run.
    this.writeBehind?.evict(this.limits.usersMax - 1)
    this.state.load(userOfKey(key), record)
  }

  digest(): number {
    return this.state.digest()
  }

  save(): Uint8Array[] {
    return this.state.save()
  }

  /** One slice: users are records of their own, and what is left is small. */
  *restore(chunks: readonly Uint8Array[]): Work<void> {
    this.state.restore(chunks)
    yield 1
  }

  clear(): void {
    this.state.clear()
  }

  /** Keys of up to `limit` records of which the journal knows more than they say; a snapshot can be taken when there are none. */
  staleRecords(limit: number): readonly string[] {
    return this.state.coldSlice(limit).map(recordKey)
  }

  /** See {@link WriteBehind.flush}. Owners only. */
  flush(): Promise<Snapshot | undefined> {
    if (this.writeBehind === undefined) throw new Error('only the owner of a shard writes records')
    return this.writeBehind.flush()
  }

  get usersInMemory(): number {
    return this.state.warmUsers
  }
}

function decide(operation: number, command: SessionCommand): void {
  switch (operation) {
    case op.attach:
      return decideAttach(command)
    case op.detach:
      return decideDetach(command)
    case op.whereabouts:
      return decideWhereabouts(command)
    case op.claimed:
      return decideClaimed(command)
    case op.orderNews:
      return decideOrderNews(command)
    case op.reserve:
      return decideReserve(command)
    case op.reservationNews:
      return decideReservationNews(command)
    case op.userGet:
      return decideUserGet(command)
    case op.userSet:
      return decideUserSet(command)
    case op.userErase:
      return decideErase(command)
    case op.userInfo:
      return decideUserInfo(command)
    case op.userHistory:
      return decideUserHistory(command)
    case op.orderList:
      return decideOrderList(command)
    default:
      command.batch.replies.refuse(command.view, command.at, 'UNKNOWN_METHOD')
  }
}

function userOf(bytes: Uint8Array, at: number): UserId | undefined {
  const from = at + entryHeadBytes + (bytes[at + entryOffset.skuBytes] as number)
  return parseUserId(utf8.decode(bytes.subarray(from, from + (bytes[at + entryOffset.userBytes] as number))))
}
