import { beforeEach, expect, test } from 'vitest'
import { LocalMembers } from '../../cluster/local-members.ts'
import { leaseMs, limits, type OwningNode, OwnershipRig } from '../testing/ownership-rig.ts'

const { beatMs, marginMs } = limits
let rig: OwnershipRig

beforeEach(() => {
  rig = new OwnershipRig((world) => new LocalMembers(world.clock))
})

/** What a node has asked of the store in the name of its shards. */
function acts(node: OwningNode): number {
  return rig.store.count(node.name, 'append') + rig.store.count(node.name, 'confirm')
}

test('OWN-40 an owner keeps its shards by renewing them, for as long as it is there', async () => {
  const ann = await rig.start('ann')
  const { opened } = ann.host.counters
  await rig.world.pass(10 * leaseMs)
  expect(ann.shards).toEqual(rig.names)
  expect(ann.host.counters.opened).toBe(opened)
})

test('OWN-40 leases that never run out are not renewed', async () => {
  rig = new OwnershipRig((world) => new LocalMembers(world.clock), Infinity)
  const ann = await rig.start('ann')
  await rig.world.pass(10 * leaseMs)
  expect(ann.shards).toEqual(rig.names)
  expect(rig.store.count('ann', 'renew')).toBe(0)
})

test('OWN-41 an owner that was paused beyond its lease has no shards when it wakes up, and neither writes nor answers', async () => {
  const ann = await rig.start('ann')
  const bob = await rig.start('bob')
  await rig.openSale(50)
  const { shards } = bob
  bob.process.pause()
  const toSleeper = shards.map((name) => rig.buy(name, 'early'))
  await rig.world.until('ann has them', () => ann.shards.length === rig.names.length)
  const before = acts(bob)
  const toBoth = shards.map((name) => rig.buy(name, 'late'))
  await rig.world.pass(10)
  bob.process.wake()
  await rig.world.pass(1)
  expect(bob.shards).toEqual([])
  await rig.world.pass(20)
  expect(acts(bob)).toBe(before)
  expect(await rig.world.settled(Promise.all(toSleeper))).toEqual(shards.map(() => 'TIMEOUT'))
  expect(await rig.world.settled(Promise.all(toBoth))).toEqual(shards.map(() => 'held'))
  expect(bob.host.counters).toMatchObject({ leasesOver: shards.length, fenced: 0, failures: 0 })
  await rig.placedAmong(ann, bob)
})

test('OWN-42 without looking at its lease it goes on until the store fences it, and still writes and answers nothing', async () => {
  const ann = await rig.start('ann')
  const bob = await rig.start('bob', { endsWithLease: false })
  await rig.openSale(50)
  const { shards } = bob
  bob.process.pause()
  const toSleeper = shards.map((name) => rig.buy(name, 'early'))
  await rig.world.until('ann has them', () => ann.shards.length === rig.names.length)
  const before = acts(bob)
  bob.process.wake()
  await rig.world.until('bob is fenced', () => bob.host.counters.fenced === shards.length)
  expect(acts(bob)).toBeGreaterThan(before)
  expect(await rig.world.settled(Promise.all(toSleeper))).toEqual(shards.map(() => 'TIMEOUT'))
})

test('OWN-43 an owner that can neither renew nor beat has stopped before another takes over', async () => {
  const ann = await rig.start('ann')
  const bob = await rig.start('bob')
  for (const call of ['renew', 'claim', 'release'] as const) rig.store.fail('bob', call)
  rig.unheard.add('bob')
  await rig.world.pass(leaseMs - marginMs - beatMs - 10)
  expect(bob.shards).toEqual(rig.placedAt([ann, bob], bob))
  await rig.placedAmong(ann)
  expect(bob.host.counters).toMatchObject({ leasesOver: rig.placedAt([ann, bob], bob).length, fenced: 0 })
  // It would show here if the two had served a shard at once.
  expect(rig.network.doubled).toEqual([])
})

test('OWN-43 renewals that fail for less than a lease do no harm', async () => {
  const ann = await rig.start('ann')
  const { opened } = ann.host.counters
  rig.store.fail('ann', 'renew')
  rig.unheard.add('ann')
  await rig.world.pass(leaseMs / 2)
  rig.store.fail('ann', 'renew', false)
  rig.unheard.delete('ann')
  await rig.world.pass(2 * leaseMs)
  expect(ann.host.counters).toMatchObject({ opened, leasesLost: 0, leasesOver: 0 })
  expect(ann.host.counters.beatFailures).toBeGreaterThan(0)
})

test('OWN-44 an owner gives a shard up at once when it learns that another has its lease, and asks for it again', async () => {
  const ann = await rig.start('ann')
  rig.store.takeAway('inv.3')
  await rig.world.pass(beatMs + 10)
  expect(ann.shards).toEqual(rig.names.filter((name) => name !== 'inv.3'))
  expect(ann.host.counters).toMatchObject({ leasesLost: 1, fenced: 0 })
  await rig.placedAmong(ann)
})

test('OWN-45 a lease counts from when it was asked for, however late the answer comes', async () => {
  const ann = await rig.start('ann')
  const renewals = rig.store.count('ann', 'renew', 'inv.0')
  await rig.world.until('leases are renewed', () => rig.store.count('ann', 'renew', 'inv.0') > renewals)
  await rig.world.pass(beatMs / 2)
  rig.store.answering.shut()
  await rig.world.until('they are to be again', () => rig.store.count('ann', 'renew', 'inv.0') > renewals + 1)
  const lateMs = leaseMs / 2
  await rig.world.pass(lateMs)
  rig.store.answering.open()
  await rig.world.pass(3)
  rig.store.fail('ann', 'renew')
  await rig.world.pass(leaseMs - marginMs - lateMs - 20)
  expect(ann.host.counters.leasesOver).toBe(0)
  await rig.world.pass(beatMs + 20)
  expect(ann.host.counters.leasesOver).toBe(rig.names.length)
})

test('OWN-46 a slow store is asked to renew a lease once at a time, and slow members for one beat', async () => {
  const ann = await rig.start('ann')
  const renewals = rig.store.count('ann', 'renew', 'inv.0')
  const beats = rig.beats.length
  rig.store.answering.shut()
  rig.beating.shut()
  await rig.world.pass(4 * beatMs)
  expect(rig.store.count('ann', 'renew', 'inv.0')).toBe(renewals + 1)
  expect(rig.beats.length).toBe(beats + 1)
  rig.store.answering.open()
  rig.beating.open()
  await rig.world.pass(leaseMs)
  expect(ann.shards).toEqual(rig.names)
  expect(ann.host.counters).toMatchObject({ leasesLost: 0, leasesOver: 0 })
})
