import { unpackInner } from '../../protocol/inner-codec.ts'
import type { ReservedUnits, ReserveRequest } from '../../protocol/reservation.ts'
import type { ReservationReport } from '../inventory/reservations.ts'
import { apply, recordOf, type SessionCommand } from './decide-session.ts'
import { writeReported, writeReserved } from './session-events.ts'

const fullRetryMs = 1_000

/**
 * `reserve`: sets units aside for a `buy`. While an earlier reservation for the SKU is open its units are all there is, for a user has one claim of a SKU at a
 * time. Number 0 says that the limit leaves nothing; the SKU's shard then knows whether the call is the repeat of one that had something. (SPEC LIM-10 to LIM-12, G11)
 */
export function decideReserve(command: SessionCommand): void {
  const { batch, session, state, view, at } = command
  const { sku, sale, qty, limit } = unpackInner<ReserveRequest>(command.payload)
  const { reservations, user } = session
  const known = reservations.find(sku)
  if (known !== undefined && known.open > 0) return answer(command, { number: known.number, qty: known.open })
  if (reservations.unitsIn(sale) + qty > limit) return answer(command, { number: 0, qty: 0 })
  if (state.open.isFull || reservations.hasNoRoomFor(sku)) return batch.replies.refuse(view, at, 'BUSY', fullRetryMs)
  const number = reservations.last + 1
  apply(command, writeReserved(batch.record, recordOf(batch), user, { sku, sale, number, qty }))
  answer(command, { number, qty })
}

/** `reservationNews`: what became of reservations for one SKU. Comes at least once and in any order; what says nothing new changes nothing. (SPEC LIM-13) */
export function decideReservationNews(command: SessionCommand): void {
  const { batch, session, state, view, at } = command
  const report = unpackInner<ReservationReport>(command.payload)
  const { reservations } = session
  // Its record may be ahead of what its journal has left of it.
  const isLeftOver = (reservations.find(report.sku)?.open ?? 0) === 0 && state.open.isEndedBy(report)
  if (reservations.isNews(report) || isLeftOver) apply(command, writeReported(batch.record, recordOf(batch), session.user, report))
  batch.replies.result(view, at, null)
}

function answer({ batch, view, at }: SessionCommand, { number, qty }: ReservedUnits): void {
  batch.replies.result(view, at, { number, qty })
}
