import * as fc from 'fast-check'
import type { InventoryRig } from './inventory-rig.ts'
import { askOf, type RigCall, rigCall } from './rig-calls.ts'

export const rigUsers = ['ann', 'bob', 'cat', 'dan', 'eve', 'fay']

type RigStep = RigCall | { readonly do: 'pass'; readonly ms: number } | { readonly do: 'recover'; readonly downMs: number }

/** What may happen to an inventory rig; calls that it refuses leave nothing in the journal. */
export const rigStep: fc.Arbitrary<RigStep> = fc.oneof(
  {
    weight: 21,
    arbitrary: rigCall({
      user: fc.constantFrom(...rigUsers),
      claim: fc.integer({ min: 1, max: 12 }),
      request: fc.constant(''),
      isLost: fc.constant(false),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(50, 2_000, 10_000, 40_000, 400_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('recover' as const), downMs: fc.constantFrom(0, 20_000) }) },
)

export function takeStep(rig: InventoryRig, one: RigStep): void {
  if (one.do === 'pass') rig.pass(one.ms)
  else if (one.do === 'recover') rig.recover(undefined, 0, one.downMs)
  else rig.ask(askOf(one, (claim) => rig.orderedIn(claim)))
}
