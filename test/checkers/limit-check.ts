import { partsOfName, type ShardName } from '../../cluster/store.ts'
import type { Complain } from './findings.ts'
import type { LiveBooks } from './live-books.ts'
import { pseudonymOf } from './pseudonym.ts'
import { unitsOf } from './reservation-history.ts'
import type { ShardBooks } from './shard-books.ts'
import { liveStates, type SkuHistory } from './sku-history.ts'

interface LimitCheckParts {
  readonly books: LiveBooks
  readonly complain: Complain
  readonly now: () => number
  /** A reservation was given back with which nothing had begun, so long after it was made. */
  readonly onGivenBack?: (afterMs: number) => void
}

/**
 * The limit of a sale over all its SKUs (G11), from the durable journals of SKUs and sessions: nobody ever has more than the limit, every claim has used up a
 * reservation that was durable before it, and when all has come to rest sessions count what there is. Users of whom a store has lost something are let be.
 */
export class LimitCheck {
  /** Claims that were held against the limit. */
  checked = 0
  private readonly parts: LimitCheckParts
  /** Steps of each shard's books that were looked at. */
  private readonly seen = new WeakMap<ShardBooks, number>()
  private readonly reservedAtMs = new Map<string, number>()
  private readonly erased = new Set<string>()
  private readonly excused = new Set<string>()

  constructor(parts: LimitCheckParts) {
    this.parts = parts
  }

  /** After the books have taken a record of this shard. */
  applied(shard: ShardName): void {
    const books = this.parts.books.of(shard)
    const before = this.seen.get(books) ?? 0
    this.seen.set(books, books.step)
    if (books.step === before) return
    if (partsOfName(shard).kind === 'ses') this.noteReservations(books, before)
    else for (const history of books.allSkus) if (history.ledger.settings.saleLimitPerUser !== undefined) this.checkClaims(history, before)
  }

  /** The store has lost the end of this shard's journal; `before` had it, and the books that count no longer do. */
  lost(shard: ShardName, before: ShardBooks): void {
    const after = this.parts.books.of(shard)
    const kept = after.step
    this.seen.set(after, kept)
    for (const user of before.sessions.reservations.users) this.excused.add(user)
    for (const { marks, reservations } of before.allSkus) {
      for (const [user, mine] of marks) if (mine.some(({ step }) => step > kept)) this.excused.add(user)
      for (const { user, step } of reservations) if (step > kept) this.excused.add(user)
    }
  }

  /** When nothing happens any more. */
  atEnd(): void {
    const { books, complain } = this.parts
    for (const { sessions } of books.shards) {
      for (const user of sessions.reservations.users) {
        if (this.excused.has(user) || this.erased.has(user)) continue
        for (const history of books.allSkus()) {
          const { sku } = history.ledger
          const counted = unitsOf(sessions.reservations.now(user, sku))
          const has = history.ledger.settings.saleLimitPerUser === undefined ? 0 : unitsIn(history, user)
          if (counted !== has) complain('G11', `${user} has ${has} units of ${sku}, and the session counts ${counted}`)
        }
      }
    }
  }

  private noteReservations(books: ShardBooks, before: number): void {
    const { steps, late } = books.sessions.reservations
    // What comes back to who was erased counts under a pseudonym, which the session cannot know.
    for (const { user } of books.sessions.erasures) for (const name of [user, pseudonymOf(user)]) this.erased.add(name)
    for (const { step, user, sku } of late)
      if (step > before && !this.excused.has(user))
        this.parts.complain('G11', `the session of ${user} went back to an older report of ${sku}`)
    for (const { step, user, sku, number, reserved, open } of steps) {
      if (step <= before) continue
      const key = `${user} ${sku} ${number}`
      const atMs = this.reservedAtMs.get(key)
      if (reserved > 0) this.reservedAtMs.set(key, this.parts.now())
      else if (open === 0 && atMs !== undefined && this.isUnused(user, sku, number)) this.parts.onGivenBack?.(this.parts.now() - atMs)
    }
  }

  private isUnused(user: string, sku: string, number: number): boolean {
    const { reservations = [] } = this.parts.books.sku(sku) ?? {}
    return !reservations.some((one) => one.kind === 'reserved' && one.user === user && one.number === number)
  }

  private checkClaims(history: SkuHistory, before: number): void {
    const { claims, ledger, reservations } = history
    for (const { user, claim, qty, joinedAt, isSeated } of claims.values()) {
      if (joinedAt <= before || this.excused.has(user)) continue
      this.checked++
      this.checkTotal(history, user, claim)
      // Its place in the lobby had the reservation.
      if (isSeated) continue
      const used = reservations.find((one) => one.kind === 'reserved' && one.user === user && one.step === joinedAt + 1)
      const isReserved = used !== undefined && this.isReserved(user, ledger.sku, used.number, qty)
      if (!isReserved) this.parts.complain('G11', `${ledger.sku}: claim ${claim} of ${user} began without a durable reservation for it`)
      const isUsedTwice = used !== undefined && reservations.some((one) => isEarlierUse(one, used))
      if (isUsedTwice) this.parts.complain('G11', `${ledger.sku}: claim ${claim} of ${user} began with a reservation that was used up`)
    }
  }

  private checkTotal({ ledger }: SkuHistory, user: string, claim: number): void {
    const { sale, saleLimitPerUser: limit = Infinity } = ledger.settings
    let units = 0
    for (const other of this.parts.books.allSkus()) if (other.ledger.settings.sale === sale) units += unitsIn(other, user)
    if (units > limit)
      this.parts.complain('G11', `${ledger.sku}: claim ${claim} gives ${user} ${units} units of the sale; one may have ${limit}`)
  }

  private isReserved(user: string, sku: string, number: number, qty: number): boolean {
    return this.parts.books.shards.some(({ sessions }) => sessions.reservations.wasReserved(user, sku, number, qty))
  }
}

interface Use {
  readonly step: number
  readonly user: string
  readonly number: number
  readonly kind: string
}

function isEarlierUse(one: Use, use: Use): boolean {
  return one.kind !== 'reservationTold' && one.user === use.user && one.step < use.step && one.number >= use.number
}

/** Units that a user has or may still get of this SKU, and has bought; what was refunded counts no more if the refund said so. */
function unitsIn(history: SkuHistory, user: string): number {
  const last = history.marks.get(user)?.at(-1)
  const isLive = last !== undefined && last.state !== 'away' && last.state !== 'refunding' && liveStates.has(last.state)
  return history.boughtBy(user, Infinity) - history.freedBy(user, Infinity) + (isLive ? last.past.qty : 0)
}
