import type { Position, ShardName, Snapshot, Store } from '../../cluster/store.ts'
import type { Log } from '../../cluster/world.ts'
import { Flush } from './flush.ts'
import type { SessionLimits } from './session-actor.ts'
import { packSession, recordKey, recordLifeMs } from './session-record.ts'
import type { SessionState } from './session-state.ts'

/** Records on their way to the store at a time, per shard. */
export const writesUnderWayMax = 256
/** After a failed write, until the next try. */
export const retryMs = 1_000

export interface WriteBehindParts {
  readonly records: Pick<Store, 'putRecord' | 'deleteRecord'>
  readonly shard: ShardName
  readonly epoch: number
  readonly limits: SessionLimits
  readonly log: Log
}

/**
 * Brings users' records in the store up to what the journal says, some time later and several changes at once. It may lag as it likes: the journal
 * has everything, until a snapshot trims it, and {@link WriteBehind.flush} comes before that.
 */
export class WriteBehind {
  private readonly state: SessionState
  private readonly parts: WriteBehindParts
  private readonly writing = new Set<string>()
  private pausedUntil = 0
  private flushing: Flush | undefined
  private isFenced = false

  constructor(state: SessionState, parts: WriteBehindParts) {
    this.state = state
    this.parts = parts
  }

  /**
   * Writes what is due. Called only when everything in the state is stored, so that no record is ahead of the journal. Throws once the store has fenced
   * a record: the epoch is over, and the shard has to be given up.
   */
  pump(now: number, position: Position): void {
    if (this.isFenced) throw new Error(`${this.parts.shard} belongs to another owner now`)
    this.flushing?.begin(this.state, [...this.state.dirty.keys(), ...this.writing], now, position)
    this.writeDue(now)
    this.endFlush()
    this.evict(this.parts.limits.usersMax)
  }

  /**
   * Resolves when every change so far of a user in memory is in that user's record: with a snapshot, before which the journal is not needed any
   * more, or with undefined if the journal has changes of users who were not in memory. A call while one is under way gets that one.
   */
  flush(): Promise<Snapshot | undefined> {
    this.flushing ??= new Flush()
    return this.flushing.ended
  }

  /** Puts users away until `usersMax` are left, as far as their records are up to date. */
  evict(usersMax: number): void {
    this.state.evict(usersMax, (user) => this.writing.has(user))
  }

  private writeDue(now: number): void {
    if (now < this.pausedUntil) return
    const { dirty } = this.state
    const { limits } = this.parts
    const hurry = this.flushing !== undefined || dirty.size > limits.usersMax / 2
    for (const [user, since] of dirty) {
      if (this.writing.size >= writesUnderWayMax) return
      const isDue = since + limits.writeAfterMs <= now
      if (!hurry && !isDue) return
      // A store that loses its newest records may lose an erasure; a record that had gone at once would be missed then, and what it counts against limits.
      if (!isDue && this.state.peek(user)?.isKnown === false) continue
      // One write per user at a time, so that an older one cannot come last.
      if (!this.writing.has(user)) this.write(user, now)
    }
  }

  private write(user: string, now: number): void {
    const session = this.state.peek(user)
    if (session === undefined) throw new Error(`${user} has changes but is not in memory`)
    const { included } = session
    this.state.dirty.delete(user)
    this.writing.add(user)
    const written = (outcome: 'stored' | 'deleted' | 'fenced'): void => {
      this.writing.delete(user)
      if (outcome === 'fenced') {
        this.isFenced = true
        return
      }
      this.flushing?.written(user, included)
      this.endFlush()
    }
    const { records, shard, epoch, log } = this.parts
    const key = recordKey(user)
    // Of whom nothing is known there is no record: who was erased had one.
    const writing = session.isKnown
      ? records.putRecord(shard, epoch, key, packSession(session), recordLifeMs)
      : records.deleteRecord(shard, epoch, key)
    writing.then(written, (error: unknown) => {
      this.writing.delete(user)
      if (!this.state.dirty.has(user)) this.state.dirty.set(user, now)
      this.pausedUntil = now + retryMs
      log.error({ error: String(error) }, 'records of users could not be written; they will be tried again')
    })
  }

  private endFlush(): void {
    if (this.flushing?.endIfDone() === true) this.flushing = undefined
  }
}
