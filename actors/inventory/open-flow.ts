import { claimState } from './claim.ts'
import { HoldFlow } from './hold-flow.ts'
import type { SkuState } from './sku-state.ts'

/** Counts the row's hold or order among those that are open; false if it has none. */
export function countOpen({ users, flow }: SkuState, row: number): boolean {
  const [state, deadline, qty] = [users.state(row), users.deadline(row), users.qty(row)]
  if (state === claimState.held) flow.granted(deadline, qty)
  else if (state === claimState.pending) flow.began(deadline, qty)
  else return false
  return true
}

/**
 * Begins to learn anew, for the steps of its ages follow from how long holds and payments last. Holds that last longer than those from now on are in the totals only
 * until they have come to that age. Cost: a look at every row.
 */
export function learnAnew(sku: SkuState): void {
  const { holdTtlMs, paymentTtlMs } = sku.settings
  sku.flow = new HoldFlow(holdTtlMs, paymentTtlMs)
  for (const row of sku.users.rows()) countOpen(sku, row)
}
