import type { Outlook } from '../../protocol/broadcast.ts'
import { copyBytes } from '../../protocol/copy-bytes.ts'
import { estimateEta, etaP50, etaP90, hasEta, oddsOf } from '../../protocol/estimate.ts'
import { claimKind } from '../../protocol/frame.ts'
import type { MsgpackWriter } from '../../protocol/msgpack-writer.ts'
import type { ClaimState, Odds, OrderClaim } from '../../protocol/results.ts'
import { claimState, isOrder, orderStateName } from './claim.ts'
import { orderIdOf } from './order-ids.ts'
import type { SkuState } from './sku-state.ts'

/** What the user of this row has of the SKU, as clients see it. Times of holds are by the shard's time `now`. */
export function describeClaim(sku: SkuState, outlook: Outlook | undefined, row: number, now: number): ClaimState {
  if (row < 0) return { state: 'none' }
  const { users } = sku
  const state = users.state(row)
  const claim = users.claim(row)
  switch (state) {
    case claimState.queued: {
      const ahead = sku.line.countBefore(claim)
      const odds = oddsOf(ahead, sku.available, sku.held + sku.ordered, outlook)
      return { state: 'queued', ticket: claim, ahead, eta: estimateEta(ahead, outlook), odds }
    }
    case claimState.lobby:
      return { state: 'lobby', opensAt: sku.settings.opensAt }
    case claimState.held:
      return { state: 'held', hold: claim, qty: users.qty(row), expiresAt: sku.deadlineOf(row, now), ...promisedPrice(sku, row) }
    case claimState.expired:
      return { state: 'expired' }
    case claimState.absent:
      return { state: 'expired', reason: 'absent' }
    case claimState.soldout:
      return { state: 'soldout' }
    default:
      return isOrder(state) ? describeOrder(sku, row) : { state: 'none' }
  }
}

/** Told where it is another one than the SKU's. */
function promisedPrice(sku: SkuState, row: number): { readonly priceMinor?: number } {
  const priceMinor = sku.priceOf(row)
  return priceMinor === sku.settings.priceMinor ? {} : { priceMinor }
}

/** The order that this row's claim is. */
export function describeOrder(sku: SkuState, row: number): OrderClaim {
  const { users } = sku
  const claim = users.claim(row)
  const qty = users.qty(row)
  const state = orderStateName(users.state(row))
  const refundedMinor = sku.paid.refundedOf(row, claim)
  return {
    state,
    order: orderIdOf(sku, row),
    qty,
    amountMinor: sku.orders.get(claim)?.amountMinor ?? qty * sku.priceOf(row),
    currency: sku.settings.currency,
    ...(refundedMinor === 0 ? {} : { refundedMinor }),
  }
}

/** What an answer's head says about the row's claim (protocol/frame.ts). */
export function claimKindOf(state: number): number {
  if (state === claimState.queued) return claimKind.ticket
  if (state === claimState.held) return claimKind.hold
  return isOrder(state) ? claimKind.order : claimKind.none
}

const templateOf = (...bytes: readonly number[]): DataView => new DataView(Uint8Array.of(...bytes).buffer)
const text = (value: string): number[] => [0xa0 | value.length, ...new TextEncoder().encode(value)]
const u16 = [0xcd, 0, 0]
const u32 = [0xce, 0, 0, 0, 0]
const u64 = [0xcf, 0, 0, 0, 0, 0, 0, 0, 0]

// The hot answers have fixed widths, so that only the numbers are patched in. They begin with error nil.
// {state: 'held', hold: u32, qty: u16, expiresAt: u64}
const heldTemplate = templateOf(
  ...[0xc0, 0x84, ...text('state'), ...text('held')],
  ...[...text('hold'), ...u32, ...text('qty'), ...u16, ...text('expiresAt'), ...u64],
)
const holdAt = 2 + 6 + 5 + 5 + 1
const qtyAt = holdAt + 4 + 4 + 1
const expiresAtAt = qtyAt + 2 + 10 + 1

/** The hot answer: writes error nil and the hold. */
export function writeHeld(writer: MsgpackWriter, hold: number, qty: number, expiresAt: number): void {
  const at = copyTemplate(writer, heldTemplate)
  const { view } = writer
  view.setUint32(at + holdAt, hold)
  view.setUint16(at + qtyAt, qty)
  view.setUint32(at + expiresAtAt, Math.floor(expiresAt / 0x1_0000_0000))
  view.setUint32(at + expiresAtAt + 4, expiresAt >>> 0)
}

// {state: 'queued', ticket: u32, ahead: u32, eta: nil or [u32, u32], odds}: begins with one of the two and ends with one of the odds.
const queuedHead = [
  ...[0xc0, 0x85, ...text('state'), ...text('queued')],
  ...[...text('ticket'), ...u32, ...text('ahead'), ...u32, ...text('eta')],
]
const unservedTemplate = templateOf(...queuedHead, 0xc0)
const servedTemplate = templateOf(...queuedHead, 0x92, ...u32, ...u32)
const oddsTemplates: Readonly<Record<Odds, DataView>> = {
  likely: templateOf(...text('odds'), ...text('likely')),
  unlikely: templateOf(...text('odds'), ...text('unlikely')),
  none: templateOf(...text('odds'), ...text('none')),
}
const ticketAt = 2 + 6 + 7 + 7 + 1
const aheadAt = ticketAt + 4 + 6 + 1
const p50At = aheadAt + 4 + 4 + 1 + 1
const p90At = p50At + 4 + 1

/** The other hot answer: writes error nil and the place of a ticket. The same as {@link describeClaim} says of it. */
export function writeQueued(writer: MsgpackWriter, sku: SkuState, outlook: Outlook | undefined, ticket: number, ahead: number): void {
  const served = hasEta(ahead, outlook)
  const at = copyTemplate(writer, served ? servedTemplate : unservedTemplate)
  const { view } = writer
  view.setUint32(at + ticketAt, ticket)
  view.setUint32(at + aheadAt, ahead)
  if (served) {
    view.setUint32(at + p50At, etaP50(ahead, outlook))
    view.setUint32(at + p90At, etaP90(ahead, outlook))
  }
  copyTemplate(writer, oddsTemplates[oddsOf(ahead, sku.available, sku.held + sku.ordered, outlook)])
}

/** Appends the template and returns where it begins. */
function copyTemplate(writer: MsgpackWriter, template: DataView): number {
  const { byteLength } = template
  const at = writer.reserve(byteLength)
  copyBytes(template, 0, writer.view, at, byteLength)
  writer.length = at + byteLength
  return at
}
