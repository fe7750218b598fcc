import { unpackInner } from '../../protocol/inner-codec.ts'
import type { EraseWish } from '../inventory/decide-erase.ts'
import { pseudonymOf } from '../pseudonym.ts'
import { apply, recordOf, type SessionCommand } from './decide-session.ts'
import { tellCaches } from './decide-user.ts'
import { writeErased } from './session-events.ts'

const fullRetryMs = 1_000

/** `userErase`: nothing of the user is known any more, but what counts against the limits of sales, under a pseudonym. (SPEC ERA-5) */
export function decideErase(command: SessionCommand): void {
  const { batch, session, state, view, at, user } = command
  const { check } = unpackInner<EraseWish>(command.payload)
  if (session.reservations.counted().some(({ open }) => open > 0))
    return batch.replies.refuse(view, at, 'USER_ACTIVE', undefined, 'Units are set aside for the user in a sale.')
  const isConnected = session.gateways.length > 0
  if (!check) {
    if (state.erasures.isFull) return batch.replies.refuse(view, at, 'BUSY', fullRetryMs)
    apply(command, writeErased(batch.record, recordOf(batch), user, session.reservations.saveCounted()))
    tellCaches(command)
  }
  batch.replies.result(view, at, { pseudonym: pseudonymOf(user), isConnected })
}
