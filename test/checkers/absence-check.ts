import { partsOfName, type ShardName } from '../../cluster/store.ts'
import { readRecord } from '../../ops/journal/journal-records.ts'
import type { Complain } from './findings.ts'
import type { Listener } from './freshness-check.ts'
import type { LiveBooks } from './live-books.ts'
import type { ShardBooks } from './shard-books.ts'
import type { PastClaim, SkuHistory } from './sku-history.ts'

interface AbsenceParts {
  readonly books: LiveBooks
  readonly complain: Complain
  readonly now: () => number
  /** The time, as `now` gives it, of a record's own. */
  readonly timeOf: (recordNow: number) => number
  /** How far apart the times are that several owners would give the same moment. */
  readonly slackMs: number
  /** From the last word about a user until what was decided by it is durable: they may be back meanwhile. */
  readonly decidedWithinMs: number
  /** After the time of an absence, and half of it again, until a place ends whose user is known to be gone. */
  readonly endsWithinMs: number
  /** A place has ended by absence; somebody came back in time. */
  readonly onEnded?: () => void
  readonly onBack?: () => void
}

/** A time in which a session knew of no gateway that has its user; `until` is Infinity while that lasts. */
interface Gone {
  readonly from: number
  until: number
}

/**
 * Places that ended because their users were away, held against what the sessions' durable journals say of where these were, and against who was certainly
 * connected (G7); and places of people who are known to be gone, which have to end (G2). Users of whom a store has lost something are let be.
 */
export class AbsenceCheck {
  /** Places that ended by absence. */
  checked = 0
  private readonly parts: AbsenceParts
  private readonly seen = new WeakMap<ShardBooks, number>()
  private readonly gone = new Map<string, Gone>()
  private readonly shardOf = new Map<string, ShardName>()
  private readonly parted = new Set<ShardName>()
  /** Who was connected for some time, and when that was seen last. */
  private readonly hereAt = new Map<string, number>()
  /** By place: for how long it was seen to stay although its user was known to be gone, and when. */
  private readonly stays = new Map<string, { readonly ms: number; readonly at: number }>()

  constructor(parts: AbsenceParts) {
    this.parts = parts
  }

  /** After the books have taken a record of this shard. */
  applied(shard: ShardName): void {
    const books = this.parts.books.of(shard)
    const before = this.seen.get(books) ?? 0
    this.seen.set(books, books.step)
    if (books.step === before) return
    if (partsOfName(shard).kind === 'ses') this.follow(shard, books, before)
    else for (const history of books.allSkus) this.checkEnds(history, before)
  }

  /** The store has lost something of this shard: what its owner says of users and what the journal says of them may differ from now on. */
  lost(shard: ShardName): void {
    this.parted.add(shard)
    const books = this.parts.books.of(shard)
    this.seen.set(books, books.step)
  }

  /** Now and then, while nothing is wrong. */
  look(listeners: Iterable<Listener>): void {
    const now = this.parts.now()
    for (const { user, connectedSince } of listeners)
      if (connectedSince !== undefined && now - connectedSince >= settledMs) this.hereAt.set(user, now)
    for (const books of this.parts.books.shards) for (const history of books.allSkus) this.checkStays(books, history)
  }

  private follow(shard: ShardName, { sessions, records }: ShardBooks, before: number): void {
    const now = this.parts.now()
    const record = readRecord(records.at(-1)?.bytes ?? new Uint8Array(0))
    const decidedAt = typeof record === 'string' ? now : Math.min(now, this.parts.timeOf(record.now))
    for (const { step, user, gateways } of sessions.presences) {
      if (step <= before) continue
      this.shardOf.set(user, shard)
      const last = this.gone.get(user)
      const isGone = last?.until === Infinity
      if (gateways === 0 && !isGone) this.gone.set(user, { from: decidedAt, until: Infinity })
      else if (gateways > 0 && isGone) {
        last.until = now
        if (this.hasPlace(user)) this.parts.onBack?.()
      }
    }
  }

  private hasPlace(user: string): boolean {
    for (const { ledger, marks } of this.parts.books.allSkus())
      if ((ledger.settings.absenceMs ?? 0) > 0 && marks.get(user)?.at(-1)?.state === 'queued') return true
    return false
  }

  private checkEnds({ ledger, marks, changed, claims }: SkuHistory, before: number): void {
    const { absenceMs = 0 } = ledger.settings
    for (const { step, claim } of changed) {
      const past = step > before ? claims.get(claim) : undefined
      if (past === undefined || marks.get(past.user)?.some((mark) => mark.step === step && mark.state === 'absent') !== true) continue
      this.checked++
      this.parts.onEnded?.()
      this.checkEnd(`${ledger.sku}: claim ${claim}`, past, absenceMs)
    }
  }

  private checkEnd(what: string, { user }: PastClaim, absenceMs: number): void {
    const { complain, slackMs, decidedWithinMs } = this.parts
    const now = this.parts.now()
    const of = this.shardOf.get(user)
    if (of !== undefined && this.parted.has(of)) return
    const gone = this.gone.get(user)
    if (gone === undefined) return complain('G7', `${what} ended by the absence of ${user}, who was never known to be gone`)
    const [lastMs, backMs] = [Math.min(gone.until, now) - gone.from, now - gone.until]
    if (backMs > decidedWithinMs) complain('G7', `${what} ended by the absence of ${user}, who has been back for ${backMs} ms`)
    else if (lastMs < absenceMs - slackMs)
      complain('G7', `${what} ended by the absence of ${user}, who was gone for ${lastMs} of ${absenceMs} ms`)
    else if (now - (this.hereAt.get(user) ?? -Infinity) < hereMs)
      complain('G7', `${what} ended by the absence of ${user}, who is connected`)
  }

  private checkStays(books: ShardBooks, { ledger, marks }: SkuHistory): void {
    const { complain, endsWithinMs } = this.parts
    const now = this.parts.now()
    const { absenceMs = 0 } = ledger.settings
    if (absenceMs === 0) return
    for (const [user, mine] of marks) {
      const last = mine.at(-1)
      const gone = this.gone.get(user)
      const of = this.shardOf.get(user)
      const key = `${ledger.sku} ${last?.past.claim} ${user}`
      const counts =
        last?.state === 'queued' && gone?.until === Infinity && last.past.joinedAt <= books.stepAtTime(gone.from) && of !== undefined
      if (!counts || this.parted.has(of)) {
        this.stays.delete(key)
        continue
      }
      const before = this.stays.get(key) ?? { ms: 0, at: now }
      const ms = before.ms + (ledger.phase === 'open' ? now - before.at : 0)
      this.stays.set(key, { ms, at: now })
      const mostMs = 1.5 * absenceMs + endsWithinMs
      if (before.ms <= mostMs && ms > mostMs)
        complain('G2', `${key} still waits, and its user has been known to be gone for ${ms} ms; the sale allows ${absenceMs}`)
    }
  }
}

/** A connection that is new may not be known to its user's session yet. */
const settledMs = 6_000
/** Between two looks, and a little. */
const hereMs = 1_200
