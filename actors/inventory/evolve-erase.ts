import { isSameUser, type Pseudonym, pseudonymBytes } from '../pseudonym.ts'
import { eventOffset } from './events.ts'
import type { InventoryState } from './inventory-state.ts'
import type { SkuState } from './sku-state.ts'

const latin1 = new TextDecoder('latin1')
const utf8 = new TextEncoder()

/**
 * From here on a pseudonym stands wherever the user's id stood. Nothing else changes: units, limits and remembered requests are the same, and so is every digest.
 */
export function erased(state: InventoryState, bytes: Uint8Array, view: DataView, at: number, now: number): void {
  const nameAt = at + eventOffset.erasedUser
  const name = bytes.slice(nameAt, nameAt + pseudonymBytes)
  const pseudonym = latin1.decode(name)
  const position = { epoch: view.getFloat64(at + eventOffset.erasedEpoch, true), seq: view.getUint32(at + eventOffset.erasedSeq, true) }
  state.erasures.add({ pseudonym, position, at: now, kept: undefined })
  const hash = view.getUint32(at + eventOffset.erasedHash, true)
  for (const sku of state.skus) eraseIn(sku, hash, name, pseudonym)
}

/** Who was erased and comes again is called by name again. */
export function namedAgain({ users }: SkuState, row: number, bytes: Uint8Array, from: number, length: number): void {
  if (users.isNamed(row, bytes, from, length)) return
  users.rename(row, bytes, from, length)
}

function eraseIn(sku: SkuState, hash: number, name: Uint8Array, pseudonym: Pseudonym): void {
  const { users } = sku
  const row = users.find(hash, name, 0, name.length)
  if (row >= 0) users.rename(row, name, 0, name.length)
  sku.refunds.rename((user) => isSameUser(utf8.encode(user), name), pseudonym)
  sku.reservations.erase(pseudonym)
}
