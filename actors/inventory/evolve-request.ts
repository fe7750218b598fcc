import { eventKind, eventOffset } from './events.ts'
import type { SkuState } from './sku-state.ts'

const utf8 = new TextDecoder()

/** A request without a claim of its own, of which a copy must do nothing. */
export function answered(sku: SkuState, view: DataView, at: number, now: number): void {
  const userHash = view.getUint32(at + eventOffset.answeredUser, true)
  const requestHi = view.getUint32(at + eventOffset.answeredHi, true)
  const requestLo = view.getUint32(at + eventOffset.answeredLo, true)
  sku.former.remember(userHash, requestHi, requestLo, now)
}

/** What became of a reservation. */
export function reserved(sku: SkuState, kind: number, bytes: Uint8Array, view: DataView, at: number, now: number): void {
  const user = utf8.decode(bytes.subarray(at + eventOffset.reservationUser, at + view.getUint16(at, true)))
  const number = view.getUint32(at + eventOffset.reservation, true)
  if (kind === eventKind.reserved) sku.reservations.begin(user, number, now)
  else if (kind === eventKind.spent) sku.reservations.spend(user, number, now)
  else sku.reservations.told(user, view.getUint32(at + eventOffset.word, true))
}
