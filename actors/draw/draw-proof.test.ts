import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drawAmong, seedNumber } from '../testing/plain-draw.ts'
import { finish } from '../work.ts'
import type { Beacon } from './beacon.ts'
import type { DrawProof } from './draw-proof.ts'
import { positionOf, verifyProof } from './verify-proof.ts'

const users = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 2, maxLength: 40 })
const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 })
const beacons: fc.Arbitrary<Beacon> = fc.option(
  fc.record({
    source: fc.string({ maxLength: 8 }),
    round: fc.nat(),
    value: fc.option(fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('hex'))),
  }),
  { nil: undefined },
)

test('DRAW-1 a proof of a draw verifies, and everyone finds their position in it', () => {
  fc.assert(
    fc.property(users, seeds, beacons, (people, seed, beacon) => {
      const proof = drawAmong(people, seed, beacon)
      expect(wrongParts(proof)).toEqual([])
      const positions = people.map((user) => positionOf(proof, user))
      expect(positions.toSorted((a, b) => Number(a) - Number(b))).toEqual(people.map((_, i) => i + 1))
      expect(positionOf(proof, 'somebody who did not come')).toBeUndefined()
    }),
  )
})

test('DRAW-2 who came when does not matter: any order of arrival gives the same draw', () => {
  fc.assert(
    fc.property(
      users.chain((people) => fc.tuple(fc.constant(people), fc.shuffledSubarray(people, { minLength: people.length }))),
      seeds,
      ([people, shuffled], seed) => {
        expect(drawAmong(shuffled, seed, undefined)).toEqual(drawAmong(people, seed, undefined))
      },
    ),
  )
})

test('DRAW-3 every position is equally likely, for whichever user', () => {
  const people = Array.from({ length: 8 }, (_, i) => `user-${i}`)
  const draws = 1_600
  const counts = people.map(() => people.map(() => 0))
  for (let draw = 0; draw < draws; draw++) {
    const proof = drawAmong(people, seedNumber(draw), undefined)
    for (const [i, user] of people.entries()) {
      const row = counts[i] ?? []
      const position = (positionOf(proof, user) ?? 0) - 1
      row[position] = (row[position] ?? 0) + 1
    }
  }
  const expected = draws / people.length
  const chiSquare = counts.flat().reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  // Of 49 degrees of freedom: 1 draw in 1,000 would be above 85.4, and the seeds are always the same.
  expect(chiSquare).toBeLessThan(85.4)
})

test('DRAW-4 one person more, one less or another one gives another roster hash and another draw', () => {
  const people = Array.from({ length: 20 }, (_, i) => `user-${i}`)
  const seed = seedNumber(1)
  const proof = drawAmong(people, seed, undefined)
  for (const other of [people.slice(1), [...people, 'user-20'], [...people.slice(1), 'user-20']]) {
    const drawn = drawAmong(other, seed, undefined)
    expect(drawn.rosterHash).not.toBe(proof.rosterHash)
    const shared = people.filter((user) => other.includes(user))
    expect(sequenceOf(drawn, shared)).not.toEqual(sequenceOf(proof, shared))
  }
})

const proof = drawAmong(
  Array.from({ length: 20 }, (_, i) => `user-${i}`),
  seedNumber(5),
  { source: 'drand:quicknet', round: 77, value: 'c0ffee' },
)
const first = proof.roster[0] ?? ''
const changes: readonly (readonly [what: string, changed: Partial<DrawProof>, wrong: readonly string[]])[] = [
  ['another seed', { seed: Buffer.from(seedNumber(6)).toString('hex') }, ['commitment', 'order']],
  ['another commitment', { commitment: '00'.repeat(32) }, ['commitment']],
  ['another SKU', { sku: 'boot' }, ['commitment']],
  ['another value of the beacon', { beacon: { source: 'drand:quicknet', round: 77, value: 'c0ffef' } }, ['order']],
  ['a beacon that is said to have been late', { beacon: { source: 'drand:quicknet', round: 77, value: null } }, ['order']],
  ['another round', { beacon: { source: 'drand:quicknet', round: 78, value: 'c0ffee' } }, ['commitment']],
  ['another source', { beacon: { source: 'drand:other', round: 77, value: 'c0ffee' } }, ['commitment']],
  ['no beacon', { beacon: null }, ['commitment', 'order']],
  ['another roster hash', { rosterHash: '11'.repeat(32) }, ['rosterHash', 'order']],
  [
    'one entry exchanged',
    { roster: [`${first.slice(0, -1)}${first.endsWith('0') ? '1' : '0'}`, ...proof.roster.slice(1)] },
    ['rosterHash'],
  ],
  ['one entry left out', { roster: proof.roster.slice(1) }, ['rosterHash', 'order']],
  ['one entry twice', { roster: [first, ...proof.roster.slice(0, -1)] }, ['roster', 'rosterHash']],
  ['two places exchanged', { order: [proof.order[1] ?? 0, proof.order[0] ?? 0, ...proof.order.slice(2)] }, ['order']],
  ['one place left out', { order: proof.order.slice(1) }, ['order']],
]

test.each(changes)('DRAW-5 a proof with %s fails, and it says where', (_what, changed, wrong) => {
  expect(wrongParts({ ...proof, ...changed })).toEqual(wrong)
})

test('DRAW-5 the position where an order was changed is said', () => {
  const order = [...proof.order.slice(0, 3), proof.order[4] ?? 0, proof.order[3] ?? 0, ...proof.order.slice(5)]
  const problems = finish(verifyProof({ ...proof, order })).map(({ problem }) => problem)
  expect(problems[3]).toBe(
    `at position 4 seed, roster hash and beacon give entry ${proof.order[3]}, and the proof has entry ${proof.order[4]}`,
  )
})

test('DRAW-6 a roster names nobody: without the seed no entry can be told from a user id', () => {
  const other = drawAmong(['user-0', 'user-1'], seedNumber(8), undefined)
  for (const user of ['user-0', 'user-1']) {
    const plain = createHash('sha256').update(user).digest('hex').slice(0, 32)
    expect(proof.roster).not.toContain(plain)
  }
  expect(proof.roster.filter((id) => other.roster.includes(id))).toEqual([])
})

function wrongParts(changed: DrawProof): readonly string[] {
  return finish(verifyProof(changed))
    .filter(({ problem }) => problem !== undefined)
    .map(({ part }) => part)
}

/** Some people as they stand in line. */
function sequenceOf(drawn: DrawProof, people: readonly string[]): readonly string[] {
  return people.toSorted((a, b) => (positionOf(drawn, a) ?? 0) - (positionOf(drawn, b) ?? 0))
}
