import type { Member, Members } from './members.ts'
import type { Clock } from './world.ts'

interface Seen {
  readonly member: Member
  readonly until: number
}

/** Who is there, known in one process: a node that runs alone is the only one, and tests let several share it. */
export class LocalMembers implements Members {
  readonly #clock: Clock
  readonly #seen = new Map<string, Seen>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async beat(member: Member, ttlMs: number): Promise<readonly Member[]> {
    const now = this.#clock.monotonic()
    this.#seen.set(member.name, { member: { ...member }, until: now + ttlMs })
    for (const [name, { until }] of this.#seen) if (until <= now) this.#seen.delete(name)
    return [...this.#seen.values()].map((seen) => seen.member).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async leave(name: string): Promise<void> {
    this.#seen.delete(name)
  }
}
