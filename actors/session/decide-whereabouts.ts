import { PlainReader } from '../../protocol/client/plain-reader.ts'
import { Malformed } from '../../protocol/msgpack-reader.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import { apply, recordOf, type SessionCommand } from './decide-session.ts'
import { writeDetached } from './session-events.ts'

/** What is known of where a user is, in spans of time: whoever asks has a clock of its own. */
export interface Whereabouts {
  /** Since the user's last connection is known to have ended; null for one who is connected, as far as is known, or never was. */
  readonly goneMs: number | null
  /** Of that, times in which nobody could have said that the user is back: how long ago each began and ended, in turns. */
  readonly unownedMs: readonly number[]
}

/**
 * Before any word about where the user is: a gateway that says nothing more may still have its users; only of one that is certainly over, because this very
 * process has taken its place, is it known that it has none. (SPEC ABS-2, ABS-9)
 */
export function leaveGateways(command: SessionCommand, isOver: (gateway: string) => boolean): void {
  const { batch, session } = command
  for (const { gateway } of session.gateways)
    if (isOver(gateway)) apply(command, writeDetached(batch.record, recordOf(batch), session.user, gateway))
}

/** `whereabouts`: whether the user is known to be gone, and since when. */
export function decideWhereabouts(command: SessionCommand): void {
  const { batch, session, state, view, at } = command
  const { gateways, lastSeenAt } = session
  const isGone = gateways.length === 0 && lastSeenAt > 0
  const unowned = isGone ? state.standstills.since(lastSeenAt) : []
  batch.replies.result(view, at, {
    goneMs: isGone ? Math.max(0, batch.now - lastSeenAt) : null,
    unownedMs: unowned.flatMap(({ from, until }) => [batch.now - from, batch.now - until]),
  })
}

/** Throws {@link Malformed}. */
export function readWhereabouts(result: Plain): Whereabouts {
  const fields = new PlainReader(result, 'whereabouts')
  return { goneMs: fields.optional('goneMs', numberOf), unownedMs: fields.list('unownedMs', numberOf) }
}

function numberOf(value: Plain): number {
  if (typeof value !== 'number') throw new Malformed('a time is a number')
  return value
}
