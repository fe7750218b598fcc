import type { Work } from '../work.ts'
import { type Beacon, valueBytes } from './beacon.ts'
import { Chance } from './chance.ts'
import { drawHash } from './draw-hash.ts'

const sliceEntries = 8_192

/** What decides the order of a draw, and nothing else does. */
export interface DrawInputs {
  readonly seed: Uint8Array
  readonly rosterHash: Uint8Array
  readonly beacon: Beacon
}

/**
 * The order of a draw among `size` entries: at each position the index of an entry of the roster. Fisher-Yates from the last position down, driven
 * by {@link Chance} under a key of seed, roster hash and beacon. Cost: some tens of nanoseconds an entry.
 */
export function* drawnOrder({ seed, rosterHash, beacon }: DrawInputs, size: number): Work<Uint32Array> {
  const chance = new Chance(drawHash('order-key', seed, rosterHash, valueBytes(beacon)))
  const order = new Uint32Array(size)
  for (let i = 0; i < size; i++) order[i] = i
  for (let i = size - 1; i > 0; i--) {
    const other = chance.below(i + 1)
    const moved = order[i] as number
    order[i] = order[other] as number
    order[other] = moved
    if (i % sliceEntries === 0) yield 1 - i / size
  }
  return order
}
