import type { UserId } from '../protocol/ids.ts'
import type { Presences } from './presence.ts'

export interface AttachRoundsParts {
  readonly presences: Pick<Presences, 'size'> & { users(): Iterator<UserId, undefined> }
  readonly stillAttached: (user: UserId) => void
  /** In which everybody has had their turn once. */
  readonly roundMs: number
}

/** Goes round everybody who is connected here, evenly over the time of a round, whoever comes and goes meanwhile. */
export class AttachRounds {
  private readonly parts: AttachRoundsParts
  private users: Iterator<UserId, undefined> | undefined
  private due = 0

  constructor(parts: AttachRoundsParts) {
    this.parts = parts
  }

  /** Called again after `elapsedMs`. */
  run(elapsedMs: number): void {
    const { presences, roundMs } = this.parts
    this.due = Math.min(this.due + (presences.size * elapsedMs) / roundMs, presences.size)
    for (; this.due >= 1; this.due--) {
      const user = this.next()
      if (user === undefined) return
      this.parts.stillAttached(user)
    }
  }

  private next(): UserId | undefined {
    this.users ??= this.parts.presences.users()
    const { done, value } = this.users.next()
    if (done !== true) return value
    this.users = this.parts.presences.users()
    const first = this.users.next()
    return first.done === true ? undefined : first.value
  }
}
