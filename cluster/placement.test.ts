import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Member } from './members.ts'
import { placeShard } from './placement.ts'
import { shardName, type ShardName } from './store.ts'

const nodeName = fc.stringMatching(/^[a-z0-9]{10}$/)
const names = (minLength: number): fc.Arbitrary<readonly string[]> => fc.uniqueArray(nodeName, { minLength, maxLength: 8 })
const kind = fc.constantFrom('inv' as const, 'ses' as const)
const shard = fc.tuple(kind, fc.nat(1023)).map(([of, number]) => shardName(of, number))
const shards: readonly ShardName[] = Array.from({ length: 64 }, (_, number) => [shardName('inv', number), shardName('ses', number)]).flat()

function up(...members: readonly string[]): readonly Member[] {
  return members.map((name) => ({ name, state: 'up' }))
}

test('OWN-1 everyone who sees the same members gives a shard to the same one of them, in whatever order they are listed', () => {
  fc.assert(
    fc.property(shard, names(1), (name, members) => {
      const owner = placeShard(name, up(...members))
      expect(members).toContain(owner)
      expect(placeShard(name, up(...members.toReversed()))).toBe(owner)
    }),
  )
})

test('OWN-1 it is a matter of the names alone, and does not change from one version to the next', () => {
  const owners = shards.slice(0, 12).map((name) => placeShard(name, up('ann', 'bob', 'cat')))
  expect(owners.join(' ')).toBe('ann cat cat ann ann bob bob ann cat bob ann cat')
})

test('OWN-2 a member that comes takes shards for itself, and moves no other', () => {
  fc.assert(
    fc.property(shard, names(2), (name, [comer = '', ...members]) => {
      const before = placeShard(name, up(...members))
      const after = placeShard(name, up(comer, ...members))
      expect([before, comer]).toContain(after)
    }),
  )
})

test('OWN-2 a member that goes moves its own shards, and no other', () => {
  fc.assert(
    fc.property(shard, names(2), (name, [goer = '', ...members]) => {
      const before = placeShard(name, up(goer, ...members))
      if (before !== goer) expect(placeShard(name, up(...members))).toBe(before)
    }),
  )
})

test('OWN-3 each member gets about its part of 128 shards', () => {
  // Seeded: of a binomial distribution one draw in a million lies further out than five deviations.
  fc.assert(
    fc.property(names(2), (members) => {
      const owned = new Map(members.map((member) => [member, 0]))
      for (const name of shards) {
        const owner = placeShard(name, up(...members)) ?? ''
        owned.set(owner, (owned.get(owner) ?? 0) + 1)
      }
      const part = 1 / members.length
      const deviation = Math.sqrt(shards.length * part * (1 - part))
      for (const count of owned.values()) expect(Math.abs(count - shards.length * part)).toBeLessThan(5 * deviation)
    }),
    { seed: 1, numRuns: 300 },
  )
})

test('OWN-4 a draining member gets nothing, and moves no shard but its own', () => {
  fc.assert(
    fc.property(shard, names(2), (name, [drained = '', ...members]) => {
      const draining: Member = { name: drained, state: 'draining' }
      expect(placeShard(name, [draining, ...up(...members)])).toBe(placeShard(name, up(...members)))
    }),
  )
})

test('OWN-4 nobody is named where nobody takes anything', () => {
  expect(placeShard('inv.0', [])).toBeUndefined()
  expect(placeShard('inv.0', [{ name: 'ann', state: 'draining' }])).toBeUndefined()
})
