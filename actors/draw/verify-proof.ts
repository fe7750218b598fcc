import type { Work } from '../work.ts'
import type { DrawProof } from './draw-proof.ts'
import { drawnOrder } from './drawn-order.ts'
import { entryIdBytes, Roster } from './roster.ts'
import { commitmentOf, EntryIds } from './seed.ts'

/** One part of a proof held against the others: `problem` says what is wrong with it. */
export interface ProofCheck {
  readonly part: 'commitment' | 'roster' | 'rosterHash' | 'order'
  readonly problem?: string
}

/**
 * Does the draw over again and compares. Every part is checked even if one before it is wrong, and each against what the proof itself says of the
 * others, so that the part that was changed is the one that is named; a seed, a roster or a beacon that was changed together with its hash
 * shows in what was drawn from it.
 */
export function* verifyProof(proof: DrawProof): Work<readonly ProofCheck[]> {
  const roster = rosterOf(proof)
  const seed = Buffer.from(proof.seed, 'hex')
  const rosterHash = yield* roster.hash()
  const order = yield* drawnOrder(
    { seed, rosterHash: Buffer.from(proof.rosterHash, 'hex'), beacon: proof.beacon ?? undefined },
    roster.size,
  )
  return [
    check('commitment', commitmentProblem(proof, seed)),
    check('roster', rosterProblem(roster)),
    check('rosterHash', rosterHashProblem(proof, rosterHash)),
    check('order', orderProblem(proof, order)),
  ]
}

/** Where a user stands in a proof's order: from 1, or undefined for somebody who did not take part. */
export function positionOf(proof: DrawProof, user: string): number | undefined {
  const id = new EntryIds(Buffer.from(proof.seed, 'hex')).of(Buffer.from(user, 'utf8'))
  const index = rosterOf(proof).find(id)
  const position = index < 0 ? -1 : proof.order.indexOf(index)
  return position < 0 ? undefined : position + 1
}

function commitmentProblem(proof: DrawProof, seed: Uint8Array): string | undefined {
  const commitment = commitmentOf(seed, proof.sku, proof.beacon ?? undefined).toString('hex')
  if (commitment === proof.commitment) return undefined
  return `seed, SKU and planned beacon give ${commitment}, and the proof has ${proof.commitment}: one of them is not what was announced`
}

function rosterProblem(roster: Roster): string | undefined {
  const at = roster.problemAt()
  return at < 0
    ? undefined
    : `entry ${at} (counted from 0) does not come after the one before it: a roster is in ascending order and has nobody twice`
}

function rosterHashProblem(proof: DrawProof, rosterHash: Buffer): string | undefined {
  const hash = rosterHash.toString('hex')
  if (hash === proof.rosterHash) return undefined
  return `the roster gives ${hash}, and the proof has ${proof.rosterHash}: somebody was added, left out or exchanged after the lobby closed`
}

function orderProblem(proof: DrawProof, order: Uint32Array): string | undefined {
  if (proof.order.length !== order.length) {
    return `has ${proof.order.length} places for ${order.length} entries`
  }
  const at = proof.order.findIndex((index, i) => index !== order[i])
  if (at < 0) return undefined
  return `at position ${at + 1} seed, roster hash and beacon give entry ${order[at]}, and the proof has entry ${proof.order[at]}`
}

function check(part: ProofCheck['part'], problem: string | undefined): ProofCheck {
  return problem === undefined ? { part } : { part, problem }
}

function rosterOf(proof: DrawProof): Roster {
  const ids = new Uint8Array(proof.roster.length * entryIdBytes)
  const view = Buffer.from(ids.buffer)
  for (const [i, id] of proof.roster.entries()) view.write(id, i * entryIdBytes, 'hex')
  return new Roster(ids)
}
