import type { Position } from '../../cluster/store.ts'
import { mix32 } from '../../protocol/hash.ts'
import type { SaleId, SkuId } from '../../protocol/ids.ts'
import { hashInPseudonym, type Pseudonym, pseudonymOf, userHashOf } from '../pseudonym.ts'
import { requestMemoryMs } from './former-requests.ts'

/** What one SKU knows of one user's reservations. */
export interface Reservation {
  readonly user: string
  /** The largest number that was used, or that nothing may begin with any more. */
  readonly number: number
  /** A claim that began with it has not ended. */
  readonly isLive: boolean
  /** Counts what the user's session has to hear of, and up to which of it the session has heard. */
  readonly word: number
  readonly told: number
  readonly at: number
}

/**
 * All that counts of one SKU against a user's limit, as it was at one place of its shard's journal. Said whole each time, so that of two reports the
 * one from further on is right, whichever comes first and however often.
 */
export interface ReservationReport {
  readonly user: string
  readonly sku: SkuId
  readonly sale: SaleId
  /** Everything up to this reservation is in here. */
  readonly number: number
  /** Units of the claim that has not ended; 0 if there is none. */
  readonly live: number
  readonly bought: number
  readonly at: Position
}

/**
 * The reservations that users' sessions made for one SKU, by user: empty where the sale has no limit of its own. Written by `evolve` alone.
 *
 *     spend, end -> word rises: the session has to hear -> told
 *
 * A number is kept as long as a call with an older one may still come; after that there can be none.
 */
export class Reservations {
  /** Sum over all, as of {@link UserTable}; 0 if there are none. */
  digest = 0
  /** Longest unchanged first. */
  private readonly byUser = new Map<string, Reservation>()
  private readonly owing = new Set<string>()

  get size(): number {
    return this.byUser.size
  }

  find(user: string): Reservation | undefined {
    return this.byUser.get(user)
  }

  numberOf(user: string): number {
    return this.byUser.get(user)?.number ?? 0
  }

  /** Those of which a session has to hear. */
  *owed(): Generator<Reservation> {
    for (const user of this.owing) {
      const reservation = this.byUser.get(user)
      if (reservation !== undefined) yield reservation
    }
  }

  /** A claim has begun with this reservation. */
  begin(user: string, number: number, now: number): void {
    const { word, told } = this.byUser.get(user) ?? unheard
    this.put({ user, number, isLive: true, word, told, at: now })
    this.dropOld(now)
  }

  /** Nothing begins with this reservation any more. */
  spend(user: string, number: number, now: number): void {
    const { isLive, word, told } = this.byUser.get(user) ?? unheard
    this.put({ user, number, isLive, word: word + 1, told, at: now })
    this.dropOld(now)
  }

  /** The user's claim has ended. */
  end(user: string, now: number): void {
    const known = this.byUser.get(user)
    if (known !== undefined) this.put({ ...known, isLive: false, word: known.word + 1, at: now })
  }

  /** Units of an ended order count no more. */
  free(user: string, now: number): void {
    const { number, isLive, word, told } = this.byUser.get(user) ?? { number: 0, ...unheard }
    this.put({ user, number, isLive, word: word + 1, told, at: now })
    this.dropOld(now)
  }

  told(user: string, word: number): void {
    const known = this.byUser.get(user)
    if (known === undefined) return
    // It keeps its place: nothing of the reservation itself has changed.
    this.keep({ ...known, told: Math.max(known.told, word) }, known)
  }

  /** Forgets a user by pseudonym, of whom nothing is live and no call is on its way. Cost: a look at everyone. */
  erase(pseudonym: Pseudonym): void {
    const hash = hashInPseudonym(pseudonym)
    for (const user of this.byUser.keys()) if (userHashOf(user) === hash && pseudonymOf(user) === pseudonym) this.remove(user)
  }

  save(): readonly Reservation[] {
    return [...this.byUser.values()]
  }

  restore(saved: readonly Reservation[]): void {
    for (const reservation of saved) this.put(reservation)
  }

  private put(reservation: Reservation): void {
    this.remove(reservation.user)
    this.keep(reservation, undefined)
  }

  private keep(reservation: Reservation, former: Reservation | undefined): void {
    const { user, word, told } = reservation
    this.byUser.set(user, reservation)
    this.digest = (this.digest + digestOf(reservation) - (former === undefined ? 0 : digestOf(former))) >>> 0
    if (word > told) this.owing.add(user)
    else this.owing.delete(user)
  }

  private remove(user: string): void {
    const known = this.byUser.get(user)
    if (known === undefined) return
    this.byUser.delete(user)
    this.owing.delete(user)
    this.digest = (this.digest - digestOf(known)) >>> 0
  }

  /** A few at a time, and more than come. What is still needed goes to the end. */
  private dropOld(now: number): void {
    let looks = looksMax
    for (const [user, known] of this.byUser) {
      if (now - known.at <= requestMemoryMs || looks-- === 0) return
      if (known.isLive || known.word > known.told) this.put({ ...known, at: now })
      else this.remove(user)
    }
  }
}

const looksMax = 3
const unheard = { isLive: false, word: 0, told: 0 }

function digestOf({ user, number, isLive, word, told }: Reservation): number {
  let digest = mix32(userHashOf(user) ^ (isLive ? 1 : 0))
  for (const part of [number, word, told]) digest = mix32(Math.imul(digest, 31) ^ part)
  return digest
}
