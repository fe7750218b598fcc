import { copyBytes } from '../../protocol/copy-bytes.ts'
import { estimateEta, estimateOdds } from '../../protocol/estimate.ts'
import { claimKind } from '../../protocol/frame.ts'
import { formatOrderId } from '../../protocol/ids.ts'
import type { MsgpackWriter } from '../../protocol/msgpack-writer.ts'
import type { ClaimState, OrderClaim } from '../../protocol/results.ts'
import { claimState, isOrder, orderStateName } from './claim.ts'
import type { SkuRates } from './sku-rates.ts'
import type { SkuState } from './sku-state.ts'

/** What the user of this row has of the SKU, as clients see it. Times of holds are by the shard's time `now`. */
export function describeClaim(sku: SkuState, rates: SkuRates, row: number, now: number): ClaimState {
  if (row < 0) return { state: 'none' }
  const { users } = sku
  const state = users.state[row] as number
  const claim = users.claim[row] as number
  switch (state) {
    case claimState.queued: {
      const ahead = sku.line.countBefore(claim)
      const numbers = { available: sku.available, held: sku.held, ordered: sku.ordered, releaseShare: rates.releaseShare }
      return { state: 'queued', ticket: claim, ahead, eta: estimateEta(ahead, rates.servedPerSecond), odds: estimateOdds(ahead, numbers) }
    }
    case claimState.held:
      return { state: 'held', hold: claim, qty: users.qty[row] as number, expiresAt: sku.deadlineOf(row, now) }
    case claimState.expired:
      return { state: 'expired' }
    case claimState.soldout:
      return { state: 'soldout' }
    default:
      return isOrder(state) ? describeOrder(sku, row) : { state: 'none' }
  }
}

/** The order that this row's claim is. */
export function describeOrder(sku: SkuState, row: number): OrderClaim {
  const { users } = sku
  const claim = users.claim[row] as number
  const qty = users.qty[row] as number
  const state = orderStateName(users.state[row] as number)
  return {
    state,
    order: formatOrderId({ sku: sku.settings.sku, incarnation: sku.incarnation, claim }),
    qty,
    amountMinor: sku.orders.get(claim)?.amountMinor ?? qty * sku.settings.priceMinor,
    currency: sku.settings.currency,
  }
}

/** What an answer's head says about the row's claim (protocol/frame.ts). */
export function claimKindOf(state: number): number {
  if (state === claimState.queued) return claimKind.ticket
  if (state === claimState.held) return claimKind.hold
  return isOrder(state) ? claimKind.order : claimKind.none
}

const text = (value: string): number[] => [0xa0 | value.length, ...new TextEncoder().encode(value)]
const zeros = (count: number): Uint8Array => new Uint8Array(count)

// nil, then {state: 'held', hold: u32, qty: u16, expiresAt: u64} with fixed widths, so that only the numbers are patched in.
const heldTemplate = Uint8Array.of(
  0xc0,
  0x84,
  ...text('state'),
  ...text('held'),
  ...text('hold'),
  0xce,
  ...zeros(4),
  ...text('qty'),
  0xcd,
  ...zeros(2),
  ...text('expiresAt'),
  0xcf,
  ...zeros(8),
)
const heldTemplateView = new DataView(heldTemplate.buffer)
const holdAt = 2 + 6 + 5 + 5 + 1
const qtyAt = holdAt + 4 + 4 + 1
const expiresAtAt = qtyAt + 2 + 10 + 1

/** The hot answer: writes error nil and the hold. */
export function writeHeld(writer: MsgpackWriter, hold: number, qty: number, expiresAt: number): void {
  const at = writer.reserve(heldTemplate.length)
  const { view } = writer
  copyBytes(heldTemplateView, 0, view, at, heldTemplate.length)
  view.setUint32(at + holdAt, hold)
  view.setUint16(at + qtyAt, qty)
  view.setUint32(at + expiresAtAt, Math.floor(expiresAt / 0x1_0000_0000))
  view.setUint32(at + expiresAtAt + 4, expiresAt >>> 0)
  writer.length = at + heldTemplate.length
}
