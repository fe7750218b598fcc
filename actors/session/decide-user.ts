import { frameKind } from '../../protocol/frame.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { HistoryEntry, UserInfo } from '../../protocol/results.ts'
import { usersSubject } from '../../protocol/subject.ts'
import { apply, recordOf, type SessionCommand } from './decide-session.ts'
import { writeProfiled } from './session-events.ts'

/** Which part of a history is wanted: the `limit` entries behind `after`, which an earlier page named. */
export interface HistoryQuestion {
  readonly after: string | null
  readonly limit: number
}

/** `userSet`: what the shop calls the user. A part that is left out stays as it is. (SPEC USR-1) */
export function decideUserSet(command: SessionCommand): void {
  const { batch, session, view, at } = command
  const info: UserInfo = { ...session.info, ...unpackInner<Partial<UserInfo>>(command.payload) }
  const isNew = info.displayName !== session.info.displayName || info.tier !== session.info.tier
  if (isNew) {
    apply(command, writeProfiled(batch.record, recordOf(batch), session.user, info))
    tellCaches(command)
  }
  batch.replies.result(view, at, { user: session.user, ...info })
}

/** `userInfo`: for the caches of gateways. */
export function decideUserInfo({ batch, session, view, at }: SessionCommand): void {
  batch.replies.result(view, at, { ...session.info })
}

/** `userHistory`: a page, latest first. (SPEC USR-3) */
export function decideUserHistory(command: SessionCommand): void {
  const { batch, session, view, at } = command
  const { after, limit } = unpackInner<HistoryQuestion>(command.payload)
  const all = session.history(batch.now)
  const from = after === null ? 0 : placeBehind(all, after)
  const entries = all.slice(from, from + limit)
  const last = entries.at(-1)
  const next = last !== undefined && from + limit < all.length ? markOf(last) : null
  batch.replies.result(view, at, { entries: entries.map((entry) => ({ ...entry })), next })
}

/** Whoever keeps something of the user in memory has to forget it. */
export function tellCaches({ batch, user }: SessionCommand): void {
  batch.notices.send(usersSubject, frameKind.userNotice, { user })
}

/** An entry is found again by its mark even when others came before it; one that has gone on since, or is forgotten, by its time. */
function placeBehind(all: readonly HistoryEntry[], mark: string): number {
  const exact = all.findIndex((entry) => markOf(entry) === mark)
  if (exact >= 0) return exact + 1
  const at = Number.parseInt(mark, 10)
  const older = all.findIndex((entry) => entry.at < at)
  return older < 0 ? all.length : older
}

function markOf(entry: HistoryEntry): string {
  return entry.kind === 'visit' ? `${entry.at}` : `${entry.at}.${entry.order}`
}
