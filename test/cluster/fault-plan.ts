import type { Chance } from '../checkers/chance.ts'
import type { ProxyState } from '../servers/tcp-proxy.ts'

export type Role = 'gateway' | 'actors' | 'orders'
export type Server = 'nats' | 'redis'

/** Something that is done to a cluster and then undone; `index` tells the processes of a role apart. */
export type Fault =
  /** SIGKILL, and after a while a new process in its place. */
  | { readonly kind: 'kill'; readonly role: Role; readonly index: number; readonly downMs: number }
  /** SIGSTOP, and SIGCONT when others may have what it had. */
  | { readonly kind: 'sleep'; readonly role: Role; readonly index: number; readonly ms: number }
  /** A server ends and comes back with what it had. */
  | { readonly kind: 'restart'; readonly server: Server; readonly downMs: number }
  /** NATS is killed, and comes back without what JetStream had stored. */
  | { readonly kind: 'lose-streams'; readonly downMs: number }
  /** The line between a process and a server is not what it should be. */
  | {
      readonly kind: 'link'
      readonly role: Role
      readonly index: number
      readonly server: Server
      readonly state: ProxyState
      readonly ms: number
    }
  /** All connections on that line end. */
  | { readonly kind: 'cut'; readonly role: Role; readonly index: number; readonly server: Server }

export interface Strike {
  readonly afterMs: number
  readonly fault: Fault
}

/** How many processes there are of each role. */
export const roleCounts: Readonly<Record<Role, number>> = { gateway: 2, actors: 3, orders: 1 }
export const leaseMs = 1_000

const restMsMax = 1_000
const downMsMax = 1_000
/** Long enough for pings to miss their answers and for leases to run out. */
const troubleMs = [500, 2_500] as const

/** In each round every kind of fault once, in an order and at moments of chance. */
export function planStrikes(chance: Chance, rounds: number): readonly Strike[] {
  const round = (): readonly Strike[] => shuffled(chance, everyFault(chance)).map((fault) => ({ afterMs: chance.below(restMsMax), fault }))
  return Array.from({ length: rounds }, round).flat()
}

function everyFault(chance: Chance): readonly Fault[] {
  const down = (): number => chance.below(downMsMax)
  const trouble = (): number => troubleMs[0] + chance.below(troubleMs[1] - troubleMs[0])
  const one = (role: Role): { readonly role: Role; readonly index: number } => ({ role, index: chance.below(roleCounts[role]) })
  return [
    { kind: 'kill', ...one('actors'), downMs: down() },
    { kind: 'kill', ...one('gateway'), downMs: down() },
    { kind: 'sleep', ...one('actors'), ms: 2 * leaseMs + down() },
    { kind: 'restart', server: 'nats', downMs: down() },
    { kind: 'restart', server: 'redis', downMs: down() },
    { kind: 'link', ...one('actors'), server: 'redis', state: 'held', ms: trouble() },
    { kind: 'link', ...one('actors'), server: 'redis', state: 'silent', ms: trouble() },
    { kind: 'link', ...one('actors'), server: 'redis', state: 'slow', ms: trouble() },
    { kind: 'link', ...one('actors'), server: 'nats', state: 'held', ms: trouble() },
    { kind: 'link', ...one('gateway'), server: 'nats', state: 'silent', ms: trouble() },
    { kind: 'link', ...one('orders'), server: 'nats', state: 'slow', ms: trouble() },
    { kind: 'cut', ...one('actors'), server: chance.is(0.5) ? 'nats' : 'redis' },
  ]
}

/** In an order of chance. */
export function shuffled<T>(chance: Chance, items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, at: chance.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
