import { isOrder } from './claim.ts'
import type { SkuState } from './sku-state.ts'

const utf8 = new TextDecoder()

/** Part of {@link evolve}: a claim is over, as `ending` says. */
export function endClaim(sku: SkuState, row: number, ending: number, now: number): void {
  const { users } = sku
  users.begin(row)
  users.setState(row, ending)
  users.setDeadline(row, 0)
  users.end(row)
  const claim = users.claim(row)
  sku.ended.push(claim, now, isOrder(ending) ? users.orderTag(row) : undefined)
  sku.changes.change(claim)
  if (sku.reservations.size > 0) sku.reservations.end(utf8.decode(users.userBytes(row)), now)
}

/** Of a claim that must be there. */
export function rowOf(sku: SkuState, claim: number): number {
  const row = sku.users.rowOf(claim)
  if (row < 0) throw new Error(`claim ${claim} of ${sku.settings.sku} has no row`)
  return row
}
