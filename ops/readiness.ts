import type { Reachable } from '../cluster/reachable.ts'
import type { Clock } from '../cluster/world.ts'

/** A server that this node needs may be away for so long before balancers hear of it: most restarts are shorter. */
export const awayMsMax = 5_000

/** Whether this node should be sent new work. Starts as not ready. */
export class Readiness {
  private readonly clock: Pick<Clock, 'monotonic'>
  private readonly needed = new Map<string, Reachable>()
  private reason: string | undefined = 'starting'

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.clock = clock
  }

  /** Why not, in a few words; undefined when ready. */
  get whyNot(): string | undefined {
    if (this.reason !== undefined) return this.reason
    const now = this.clock.monotonic()
    for (const [name, { awaySince }] of this.needed) {
      if (awaySince !== undefined && now - awaySince > awayMsMax) return waitingFor(name)
    }
    return undefined
  }

  ready(): void {
    this.reason = undefined
  }

  /** From here on no new work; said before a drain begins, so that balancers look elsewhere first. */
  notReady(reason: string): void {
    this.reason = reason
  }

  /** Not ready until it is told to be: the server of this name has to come first. */
  waitsFor(name: string): void {
    this.notReady(waitingFor(name))
  }

  /** Without this server the node is of no use, also once it was ready. */
  needs(name: string, server: Reachable): void {
    this.needed.set(name, server)
  }
}

function waitingFor(name: string): string {
  return `waiting for ${name}`
}
