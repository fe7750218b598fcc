import { comparePositions } from '../../cluster/store.ts'
import { mix32 } from '../../protocol/hash.ts'
import { packInner, unpackInner } from '../../protocol/inner-codec.ts'
import { type Erasure, Erasures } from '../erasures.ts'
import { pseudonymOf } from '../pseudonym.ts'
import { JournalFault } from '../record.ts'
import { Standstills } from '../standstills.ts'
import { type OpenReservation, OpenReservations } from './open-reservations.ts'
import { gapOfEvent, hashOfEvent, isErasure, isOfUser, readErasure, readEvent, userOfEvent } from './session-events.ts'
import { unpackSession } from './session-record.ts'
import type { SavedReservations } from './user-reservations.ts'
import type { UserSession } from './user-session.ts'

const snapshotVersion = 1

interface Saved {
  readonly version: number
  readonly chain: number
  /** Not in snapshots of versions that had none. */
  readonly open?: readonly OpenReservation[]
  readonly standstills?: readonly number[]
  readonly erasures?: readonly Erasure<SavedReservations>[]
}

/** An event of a user who is not in memory, as it stood in its record. */
interface ColdEvent {
  readonly bytes: Uint8Array
  readonly now: number
}

/**
 * The users of one shard. Few of them are in memory; the others are one record each in the store, and what the journal says of them beyond that
 * record waits here until somebody needs them:
 *
 *     warm   in memory, least recently used first       dirty   those of them whose record in the store is older
 *     cold   events after the snapshot, by user, in order; each knows its position, so a record that includes it already is left as it is
 */
export class SessionState {
  /** Users whose record has to be written, with when that began; oldest first. */
  readonly dirty = new Map<string, number>()
  /** Reservations whose end is not known, of all users, whether in memory or not. */
  readonly open = new OpenReservations()
  /** Times without an owner: nobody could say meanwhile that a user is back. */
  readonly standstills = new Standstills()
  /** Users of whom nothing is left but what counts: their records are gone, or are on their way out. */
  readonly erasures = new Erasures<SavedReservations>()
  private readonly warm = new Map<string, UserSession>()
  private readonly cold = new Map<string, ColdEvent[]>()
  private chain = 0

  get warmUsers(): number {
    return this.warm.size
  }

  get coldUsers(): number {
    return this.cold.size
  }

  has(user: string): boolean {
    return this.warm.has(user)
  }

  /** The user if in memory, who is then the most recently used. */
  touch(user: string): UserSession | undefined {
    const session = this.warm.get(user)
    if (session === undefined) return undefined
    this.warm.delete(user)
    this.warm.set(user, session)
    return session
  }

  peek(user: string): UserSession | undefined {
    return this.warm.get(user)
  }

  /** Up to `limit` users who have events that are not in their records. */
  coldSlice(limit: number): readonly string[] {
    const users: string[] = []
    for (const user of this.cold.keys()) {
      if (users.length >= limit) break
      users.push(user)
    }
    return users
  }

  /** Applies an event of a record, or keeps it until its user is read. */
  evolve(bytes: Uint8Array, view: DataView, at: number, now: number): void {
    const end = at + view.getUint16(at, true)
    this.chain = mix32(Math.imul(this.chain, 31) ^ hashOfEvent(bytes, view, at))
    const gapMs = gapOfEvent(bytes, view, at)
    if (gapMs !== undefined) return this.standstills.add(now - gapMs, now)
    if (!isOfUser(bytes, at)) return
    this.open.follow(bytes, view, at)
    const user = userOfEvent(bytes, at)
    this.noteErasure(bytes, view, at, now)
    const session = this.warm.get(user)
    if (session !== undefined) {
      session.apply(readEvent(bytes, view, at), now)
      // From here on the record waits to be taken away, whatever it waited for before.
      if (isErasure(bytes, at)) this.dirty.delete(user)
      this.soil(user, now)
      return
    }
    // A copy in any case: `slice` of a Buffer would be a view of memory that is used again.
    const event = { bytes: new Uint8Array(bytes.subarray(at, end)), now }
    const events = this.cold.get(user)
    if (events === undefined) this.cold.set(user, [event])
    else events.push(event)
  }

  /** Takes a user's record in and applies what the journal says beyond it. */
  load(user: string, record: Uint8Array | undefined): void {
    if (this.warm.has(user)) throw new Error(`${user} was read while in memory`)
    const session = unpackSession(user, record)
    const erasure = this.erasures.of(user, session.included)
    if (erasure !== undefined && comparePositions(erasure.position, session.included) > 0) {
      session.erase(erasure.kept, erasure.position)
      // There is a record that has to go.
      if (record !== undefined) this.soil(user, erasure.at)
    }
    const { included } = session
    for (const { bytes, now } of this.cold.get(user) ?? []) {
      const event = readEvent(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0)
      if (comparePositions(event.position, included) <= 0) continue
      session.apply(event, now)
      this.soil(user, now)
    }
    this.cold.delete(user)
    this.warm.set(user, session)
    this.open.read(user, session.reservations.counted())
  }

  /** Puts the least recently used away until `usersMax` are left; those that are dirty or `busy` stay. Cost: a step per user looked at. */
  evict(usersMax: number, busy: (user: string) => boolean): void {
    let looks = this.warm.size
    for (const [user, session] of this.warm) {
      if (this.warm.size <= usersMax || looks-- <= 0) return
      this.warm.delete(user)
      // Who has to stay goes to the end, so that the next look begins with others.
      if (this.dirty.has(user) || busy(user)) this.warm.set(user, session)
    }
  }

  /** A chain over every event since the shard began. Equal for owner and replica, whoever of them has which users in memory. */
  digest(): number {
    return this.chain
  }

  /** What a snapshot keeps besides the users' own records, which have to be written first. */
  save(): Uint8Array[] {
    if (this.cold.size > 0) throw new Error('a snapshot of sessions leaves out users who are not in their records yet')
    const erasures = this.erasures.isEmpty ? {} : { erasures: this.erasures.save() }
    const saved = { version: snapshotVersion, chain: this.chain, open: this.open.save(), standstills: this.standstills.save(), ...erasures }
    return [packInner(saved satisfies Saved)]
  }

  restore(chunks: readonly Uint8Array[]): void {
    const saved = unpackInner<Saved>(Buffer.concat(chunks))
    if (saved.version !== snapshotVersion) {
      throw new JournalFault(`a snapshot has version ${saved.version}; this version of Sluice reads ${snapshotVersion}`)
    }
    this.chain = saved.chain
    this.open.restore(saved.open ?? [])
    this.standstills.restore(saved.standstills ?? [])
    this.erasures.restore(saved.erasures ?? [])
  }

  clear(): void {
    this.dirty.clear()
    this.warm.clear()
    this.cold.clear()
    this.open.clear()
    this.standstills.clear()
    this.erasures.clear()
    this.chain = 0
  }

  private noteErasure(bytes: Uint8Array, view: DataView, at: number, now: number): void {
    if (!isErasure(bytes, at)) return
    const { user, position, kept } = readErasure(bytes, view, at)
    this.erasures.add({ pseudonym: pseudonymOf(user), position, at: now, kept })
  }

  private soil(user: string, now: number): void {
    if (!this.dirty.has(user)) this.dirty.set(user, now)
  }
}
