import type { Beacon } from '../draw/beacon.ts'
import { type DrawProof, proofOf } from '../draw/draw-proof.ts'
import { entryIdBytes, Roster, rosterOrder } from '../draw/roster.ts'
import { EntryIds } from '../draw/seed.ts'
import { finish } from '../work.ts'

/** A whole draw at once, for users in the order in which they came. */
export function drawAmong(users: readonly string[], seed: Uint8Array, beacon: Beacon, sku = 'shoe'): DrawProof {
  const entryIds = new EntryIds(seed)
  const came = Buffer.concat(users.map((user) => entryIds.of(Buffer.from(user, 'utf8'))))
  const order = finish(rosterOrder(came))
  const sorted = Buffer.concat([...order].map((entry) => came.subarray(entry * entryIdBytes, (entry + 1) * entryIdBytes)))
  return finish(proofOf(sku, seed, new Roster(sorted), beacon))
}

/** A seed that is the same in every run. */
export function seedNumber(number: number): Uint8Array {
  const seed = Buffer.alloc(32, 7)
  seed.writeUInt32BE(number)
  return seed
}
