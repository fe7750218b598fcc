import { entryHeadBytes, entryOffset } from '../../protocol/entry.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { Batch } from '../actor.ts'
import { pseudonymOf } from '../pseudonym.ts'
import { isLive } from './claim.ts'
import { writeErased } from './events.ts'
import { evolve } from './evolve.ts'
import { requestMemoryMs } from './former-requests.ts'
import type { InventoryState } from './inventory-state.ts'
import type { SkuState } from './sku-state.ts'
import { StrikeNames } from './strike-names.ts'

/** What `userErase` carries, to shards of either kind. */
export interface EraseWish {
  /** Only say whether it could be done. */
  readonly check: boolean
}

const utf8 = new TextDecoder()
const againMs = 200
const fullRetryMs = 1_000

/**
 * `userErase`: a pseudonym takes the place of the user's id in all of this shard, unless something of theirs is still under way. (SPEC ERA-1 to ERA-4)
 */
export function decideErase(state: InventoryState, batch: Batch, bytes: Uint8Array, view: DataView, at: number): void {
  const from = at + entryHeadBytes
  const name = bytes.slice(from, from + (bytes[at + entryOffset.userBytes] as number))
  const hash = view.getUint32(at + entryOffset.userHash, true)
  const { check } = unpackInner<EraseWish>(bytes.subarray(from + name.length, at + view.getUint16(at, true)))
  const user = utf8.decode(name)
  for (const sku of state.skus) {
    const reason = reasonAgainst(sku, hash, name, user, batch.now)
    if (reason !== undefined) return batch.replies.refuse(view, at, 'USER_ACTIVE', undefined, `${reason} of SKU ${sku.settings.sku}.`)
  }
  if (check || state.skus.length === 0) return batch.replies.result(view, at, null)
  if (state.erasures.isFull) return batch.replies.refuse(view, at, 'BUSY', fullRetryMs)
  const pseudonym = pseudonymOf(name)
  const position = { epoch: batch.epoch, seq: batch.seq + 1 }
  const { record } = batch
  // The last record of all stays where it is when a journal is trimmed, and with it what it says: the erasure itself names nobody, so it must not share its record with what does.
  if (record.events > 0 && new StrikeNames((one) => pseudonymOf(one) === pseudonym).strike(position, record.seal(0)) !== undefined)
    return batch.replies.refuse(view, at, 'BUSY', againMs)
  const event = writeErased(record, position, pseudonym)
  evolve(state, record.bytes, record.view, event, batch.now)
  batch.replies.result(view, at, null)
}

/** What the user still has here that would be worked on, or told, under their name. */
function reasonAgainst(sku: SkuState, hash: number, name: Uint8Array, user: string, now: number): string | undefined {
  const row = sku.users.find(hash, name, 0, name.length)
  if (row >= 0 && isLive(sku.users.state(row))) return 'The user has a place, a hold or an order that is not settled'
  for (const order of sku.orders.values())
    if (order.user === user) return 'An order of the user is not settled, or its end is not told to everyone yet,'
  for (const refund of sku.refunds.inOutbox()) if (refund.user === user) return 'A refund of the user is under way'
  const reserved = sku.reservations.find(user)
  if (reserved !== undefined && (reserved.isLive || reserved.word > reserved.told || now - reserved.at <= requestMemoryMs))
    return `The user bought or tried to within the last ${requestMemoryMs / 60_000} minutes`
  return undefined
}
