import type { Work } from '../work.ts'
import type { Beacon } from './beacon.ts'
import { type DrawInputs, drawnOrder } from './drawn-order.ts'
import type { Roster } from './roster.ts'
import { commitmentOf } from './seed.ts'

export const proofFormat = 'sluice-draw-1'

/** Everything that anyone needs to do a draw over again. Bytes are lower-case hex. */
export interface DrawProof {
  readonly format: typeof proofFormat
  readonly sku: string
  /** Published before the lobby opened. */
  readonly commitment: string
  /** Secret until the draw was over. */
  readonly seed: string
  /** Null where none was planned; with the value null where it did not come in time. */
  readonly beacon: NonNullable<Beacon> | null
  /** Published when the lobby closed, before the beacon's round. */
  readonly rosterHash: string
  /** Entry ids in ascending order. */
  readonly roster: readonly string[]
  /** At each position in line the index of an entry of the roster. */
  readonly order: readonly number[]
}

/** The proof of a draw from what decided it. */
export function* proofOf(sku: string, seed: Uint8Array, roster: Roster, beacon: Beacon): Work<DrawProof> {
  const rosterHash = yield* roster.hash()
  const inputs: DrawInputs = { seed, rosterHash, beacon }
  const order = yield* drawnOrder(inputs, roster.size)
  return {
    format: proofFormat,
    sku,
    commitment: commitmentOf(seed, sku, beacon).toString('hex'),
    seed: Buffer.from(seed).toString('hex'),
    beacon: beacon ?? null,
    rosterHash: rosterHash.toString('hex'),
    roster: Array.from({ length: roster.size }, (_, i) => Buffer.from(roster.idAt(i)).toString('hex')),
    order: [...order],
  }
}
