import { packInner, unpackInner } from '../../protocol/inner-codec.ts'
import type { Order, UserInfo } from '../../protocol/results.ts'
import { JournalFault } from '../record.ts'
import type { SavedReservations } from './user-reservations.ts'
import { type Attachment, historyMs, UserSession } from './user-session.ts'

const recordVersion = 1
const keyPrefix = 'user/'

/** How long a user of whom nothing new is heard is kept. */
export const recordLifeMs = historyMs

interface SavedSession {
  readonly version: number
  readonly epoch: number
  readonly seq: number
  readonly firstSeenAt: number
  readonly lastSeenAt: number
  readonly gateways: readonly Attachment[]
  readonly orders: readonly Order[]
  /** Not in records of versions that had none. */
  readonly visits?: readonly number[]
  readonly info?: UserInfo
  readonly reservations?: SavedReservations
}

/** The key of a user's cold record in the store. */
export function recordKey(user: string): string {
  return `${keyPrefix}${user}`
}

export function userOfKey(key: string): string {
  if (!key.startsWith(keyPrefix)) throw new Error(`${key} is not the key of a user's record`)
  return key.slice(keyPrefix.length)
}

/** The session as one record; it names the journal's record up to which it includes everything. */
export function packSession(session: UserSession): Uint8Array {
  const { included, firstSeenAt, lastSeenAt, gateways, orders, visits, info, reservations } = session
  const saved: SavedSession = {
    version: recordVersion,
    epoch: included.epoch,
    seq: included.seq,
    firstSeenAt,
    lastSeenAt,
    gateways,
    orders,
    visits,
    info,
    reservations: reservations.save(),
  }
  return packInner(saved)
}

/** The session of a cold record, or an unknown user's if there is none. Throws {@link JournalFault} for a version that this code does not read. */
export function unpackSession(user: string, record: Uint8Array | undefined): UserSession {
  const session = new UserSession(user)
  if (record === undefined) return session
  const saved = unpackInner<SavedSession>(record)
  if (saved.version !== recordVersion) {
    throw new JournalFault(`the record of a user has version ${saved.version}; this version of Sluice reads ${recordVersion}`)
  }
  session.included = { epoch: saved.epoch, seq: saved.seq }
  session.firstSeenAt = saved.firstSeenAt
  session.lastSeenAt = saved.lastSeenAt
  session.gateways = [...saved.gateways]
  session.orders = [...saved.orders]
  session.visits = [...(saved.visits ?? [])]
  if (saved.info !== undefined) session.info = saved.info
  if (saved.reservations !== undefined) session.reservations.restore(saved.reservations)
  return session
}
