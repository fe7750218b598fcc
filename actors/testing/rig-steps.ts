import * as fc from 'fast-check'
import type { InventoryRig } from './inventory-rig.ts'

export const rigUsers = ['ann', 'bob', 'cat', 'dan', 'eve', 'fay']
const user = fc.constantFrom(...rigUsers)
const claimNumber = fc.integer({ min: 1, max: 12 })

/** What may happen to an inventory rig; calls that it refuses leave nothing in the journal. */
export const rigStep = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('buy' as const), user, qty: fc.constantFrom(1, 1, 2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('leave' as const), user }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('checkout' as const), user }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      claim: claimNumber,
      outcome: fc.constantFrom('paid', 'paid', 'declined', 'refunded'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delivered' as const), claim: claimNumber }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('phase' as const), phase: fc.constantFrom('open', 'open', 'paused', 'closed') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restock' as const), units: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(50, 2_000, 10_000, 40_000, 400_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('recover' as const), downMs: fc.constantFrom(0, 20_000) }) },
)
type RigStep = typeof rigStep extends fc.Arbitrary<infer T> ? T : never

export function takeStep(rig: InventoryRig, one: RigStep): void {
  switch (one.do) {
    case 'buy':
      rig.buy(one.user, { qty: one.qty })
      break
    case 'leave':
    case 'checkout':
      rig[one.do](one.user)
      break
    case 'settle':
      rig.settle(one.claim, one.outcome)
      break
    case 'delivered':
      rig.delivered(one.claim)
      break
    case 'phase':
      rig.setPhase(one.phase)
      break
    case 'restock':
      rig.restock(one.units)
      break
    case 'pass':
      rig.pass(one.ms)
      break
    case 'recover':
      rig.recover(undefined, 0, one.downMs)
      break
  }
}

/** Three records that a real actor wrote. */
