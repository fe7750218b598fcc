import type { Chance } from '../checkers/chance.ts'
import { type Fault, type Role, shuffled } from './fault-plan.ts'

/** What a purchase needs and loses: a process of the cluster, the queue with all that is in it, or the provider, which is not ours. */
export type PurchaseFault = Extract<Fault, { kind: 'kill' | 'lose-streams' }> | { readonly kind: 'kill-provider'; readonly downMs: number }

export interface PurchaseStrike {
  readonly afterMs: number
  readonly fault: PurchaseFault
}

/** The roles whose processes are killed; gateways have a test of their own. */
const killed: readonly Role[] = ['actors', 'orders']
const restMsMax = 2_000
const downMsMax = 1_500

/** In each round every owner, every worker, NATS and the provider once, in an order and at moments of chance. */
export function planPurchaseStrikes(chance: Chance, rounds: number, counts: Readonly<Record<Role, number>>): readonly PurchaseStrike[] {
  const round = (): readonly PurchaseStrike[] =>
    shuffled(chance, everyFault(chance, counts)).map((fault) => ({ afterMs: chance.below(restMsMax), fault }))
  return Array.from({ length: rounds }, round).flat()
}

function everyFault(chance: Chance, counts: Readonly<Record<Role, number>>): readonly PurchaseFault[] {
  const down = (): { readonly downMs: number } => ({ downMs: chance.below(downMsMax) })
  const kills = killed.flatMap((role) =>
    Array.from({ length: counts[role] }, (_, index) => ({ kind: 'kill' as const, role, index, ...down() })),
  )
  return [...kills, { kind: 'lose-streams', ...down() }, { kind: 'kill-provider', ...down() }]
}
