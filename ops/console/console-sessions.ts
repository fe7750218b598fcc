import { createHash } from 'node:crypto'
import type { Clock, Random } from '../../cluster/world.ts'
import type { Identity } from '../../gateway/identity.ts'

/** Whom a key proves; sessions are for operators only. */
export type KeyIdentity = Extract<Identity, { readonly key: string }>

/** One operator who has shown a key, in one browser. */
export interface ConsoleSession {
  /** Shown with every change: a page of somebody else's can send the cookie along, but cannot know this. */
  readonly token: string
  readonly identity: KeyIdentity
}

export const sessionLimits = {
  /** Without a sign of the person: a page that is open and looks after itself is none. */
  idleMs: 30 * 60_000,
  lifeMs: 12 * 3_600_000,
  sessionsMax: 64,
} as const

const idLength = 44
const tokenLength = 32

interface Row {
  readonly session: ConsoleSession
  readonly endsAt: number
  usedAt: number
}

/**
 * Who is signed in. In memory only: a restart signs everybody out. Of more than {@link sessionLimits} allow the one that was used longest ago makes way, for nobody gets one without
 * a key.
 */
export class ConsoleSessions {
  private readonly clock: Pick<Clock, 'monotonic'>
  private readonly random: Random
  /** By the digest of their ids, the one used longest ago first: a look-up takes no other time for an id that is nearly right. */
  private readonly rows = new Map<string, Row>()

  constructor(clock: Pick<Clock, 'monotonic'>, random: Random) {
    this.clock = clock
    this.random = random
  }

  /** Opens one and returns its id, which only the cookie has. */
  open(identity: KeyIdentity): { readonly id: string; readonly session: ConsoleSession } {
    const now = this.clock.monotonic()
    const id = this.random.id(idLength)
    const session = { token: this.random.id(tokenLength), identity }
    this.sweep(now)
    if (this.rows.size >= sessionLimits.sessionsMax) this.dropOldest()
    this.rows.set(digestOf(id), { session, endsAt: now + sessionLimits.lifeMs, usedAt: now })
    return { id, session }
  }

  find(id: string): ConsoleSession | undefined {
    return this.rowOf(id)?.session
  }

  /** The person did something. */
  touch(id: string): void {
    const row = this.rowOf(id)
    if (row === undefined) return
    row.usedAt = this.clock.monotonic()
    const key = digestOf(id)
    this.rows.delete(key)
    this.rows.set(key, row)
  }

  /** ms until the session ends if nobody does anything; 0 if it has ended. */
  endsInMs(id: string): number {
    const row = this.rowOf(id)
    return row === undefined ? 0 : endOf(row) - this.clock.monotonic()
  }

  close(id: string): void {
    this.rows.delete(digestOf(id))
  }

  private rowOf(id: string): Row | undefined {
    const key = digestOf(id)
    const row = this.rows.get(key)
    if (row === undefined || endOf(row) > this.clock.monotonic()) return row
    this.rows.delete(key)
    return undefined
  }

  private dropOldest(): void {
    const [oldest] = this.rows.keys()
    if (oldest !== undefined) this.rows.delete(oldest)
  }

  private sweep(now: number): void {
    for (const [key, row] of this.rows) if (endOf(row) <= now) this.rows.delete(key)
  }
}

function endOf({ usedAt, endsAt }: Row): number {
  return Math.min(usedAt + sessionLimits.idleMs, endsAt)
}

function digestOf(id: string): string {
  return createHash('sha256').update(id).digest('base64')
}
