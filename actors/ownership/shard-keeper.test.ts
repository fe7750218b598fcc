import { beforeEach, expect, test } from 'vitest'
import { LocalMembers } from '../../cluster/local-members.ts'
import type { ShardName } from '../../cluster/store.ts'
import { delay } from '../../cluster/world.ts'
import { limits, type NodeOptions, type OwningNode, OwnershipRig } from '../testing/ownership-rig.ts'

const { retryFirstMs, retryMostMs, failuresMax } = limits
const quick = { ...limits, beatMs: 20 }
let rig: OwnershipRig

beforeEach(() => {
  rig = new OwnershipRig((world) => new LocalMembers(world.clock))
})

/** Makes this shard fail to open while the test wants it to. */
class Damage {
  isThere = true
  readonly options: NodeOptions

  constructor(name: ShardName) {
    this.options = {
      limits: quick,
      beforeOpen: (tenure) => {
        if (this.isThere && tenure.name === name) throw new Error('damaged')
      },
    }
  }
}

function triesOf(node: OwningNode, name: ShardName): readonly number[] {
  return node.openings.filter((opening) => opening.name === name).map(({ at }) => at)
}

test('OWN-50 a shard that cannot be opened is tried again after pauses that grow and differ, while the others work', async () => {
  const damage = new Damage('inv.3')
  const ann = rig.add('ann', damage.options)
  await rig.world.settled(ann.host.start())
  expect(ann.shards).toEqual(rig.names.filter((name) => name !== 'inv.3'))
  await rig.world.until('it was tried often', () => triesOf(ann, 'inv.3').length === 8)
  const tries = triesOf(ann, 'inv.3')
  const pauses = tries.slice(1).map((at, i) => at - (tries[i] ?? 0))
  for (const [i, pause] of pauses.entries()) {
    const most = Math.min(retryMostMs, retryFirstMs * 2 ** i)
    expect(pause).toBeGreaterThanOrEqual(most / 2)
    // A failed try takes some ms itself, and the next begins with a beat.
    expect(pause).toBeLessThanOrEqual(most + 2 * quick.beatMs)
  }
  expect(new Set(pauses).size).toBeGreaterThan(5)
  damage.isThere = false
  await rig.placedAmong(ann)
  expect(ann.unable).toEqual([])
})

test('OWN-50 so is one that the store does not give out', async () => {
  rig.store.fail('ann', 'claim')
  const ann = rig.add('ann', { limits: quick })
  await rig.world.settled(ann.host.start())
  await rig.world.pass(5_000)
  expect(ann.shards).toEqual([])
  expect(rig.store.count('ann', 'claim', 'inv.0')).toBeLessThan(12)
  rig.store.fail('ann', 'claim', false)
  await rig.placedAmong(ann)
  expect(ann.host.counters.declined).toBe(0)
  // And that is forgotten when it works again.
  const [[, shard] = expect.fail('it has shards')] = ann.host.entries()
  shard.lose(new Error('a bug'))
  await rig.world.pass(retryFirstMs + 2 * quick.beatMs)
  expect(ann.shards).toEqual(rig.names)
})

test('OWN-51 a shard that fails where it should be is left to another, who keeps it while the first is there', async () => {
  const ann = await rig.start('ann')
  const [name = 'inv.0'] = rig.placedAt([ann, { name: 'bob' }], { name: 'bob' })
  const bob = rig.add('bob', new Damage(name).options)
  await rig.world.settled(bob.host.start())
  await rig.world.until('ann has it again', () => bob.host.counters.declined > 0 && ann.shards.includes(name))
  await rig.world.pass(10_000)
  expect(ann.shards).toContain(name)
  expect(triesOf(bob, name).length).toBe(failuresMax + 1)
  expect(bob.unable).toEqual([])
})

test('OWN-51 one that fails everywhere does not go round in circles', async () => {
  const { options } = new Damage('inv.3')
  const nodes = ['ann', 'bob', 'cat'].map((name) => rig.add(name, options))
  await rig.world.settled(Promise.all(nodes.map((node) => node.host.start())))
  await rig.world.pass(5_000)
  const before = nodes.flatMap((node) => triesOf(node, 'inv.3')).length
  await rig.world.pass(20_000)
  const tries = nodes.flatMap((node) => triesOf(node, 'inv.3')).length - before
  // Each pauses for half to all of the longest pause.
  expect(tries).toBeGreaterThan(0)
  expect(tries).toBeLessThanOrEqual((nodes.length * 20_000) / (retryMostMs / 2))
  expect(nodes.flatMap((node) => node.shards).toSorted()).toEqual(rig.names.filter((name) => name !== 'inv.3'))
})

test('OWN-52 word that a shard is free, while it is being asked for, makes it be asked for once more, and not twice at once', async () => {
  const ann = await rig.start('ann')
  rig.store.fail('ann', 'release')
  rig.network.losing.add('sluice.node.')
  const bob = rig.add('bob')
  await rig.world.settled(bob.host.start())
  const [name = 'inv.0'] = rig.placedAt([ann, bob], bob)
  await rig.world.until('ann has closed it', () => !ann.shards.includes(name))
  await rig.world.pass(10)
  rig.network.losing.clear()
  rig.store.answering.shut()
  const claims = rig.store.count('bob', 'claim', name)
  await rig.world.until('bob asks again', () => rig.store.count('bob', 'claim', name) > claims)
  const beats = rig.beats.length
  rig.tell(bob, name)
  rig.tell(bob, name)
  await rig.world.pass(3)
  rig.store.answering.open()
  await rig.world.pass(5)
  expect(rig.store.count('bob', 'claim', name)).toBe(claims + 2)
  expect(rig.beats.length).toBe(beats)
  expect(rig.store.doubleClaims).toEqual([])
})

test('OWN-52 it ends a pause', async () => {
  const damage = new Damage('inv.3')
  const ann = rig.add('ann', { ...damage.options, limits: { ...limits, retryFirstMs: 60_000, retryMostMs: 60_000 } })
  await rig.world.settled(ann.host.start())
  damage.isThere = false
  await rig.world.pass(10_000)
  expect(ann.shards).not.toContain('inv.3')
  rig.tell(ann, 'inv.3')
  await rig.world.pass(10)
  expect(ann.shards).toContain('inv.3')
})

test('OWN-52 word of a shard that one has, or that there is not, changes nothing', async () => {
  const ann = await rig.start('ann')
  const claims = rig.store.count('ann', 'claim')
  for (const name of ['inv.3', 'inv.99', 'ses.3'] as const) rig.tell(ann, name)
  rig.tell(ann, 'inv.3', 'nobody', 'declined')
  await rig.world.pass(100)
  expect(rig.store.count('ann', 'claim')).toBe(claims)
  expect(ann.shards).toEqual(rig.names)
})

test('OWN-53 only so many shards are opened at a time', async () => {
  const ann = rig.add('ann', { limits: { ...limits, opensMax: 3 } })
  const starting = ann.host.start()
  rig.store.answering.shut()
  await rig.world.pass(10)
  rig.store.answering.open()
  await rig.world.until('they are being opened', () => ann.openings.length >= 3)
  await rig.world.pass(1)
  expect(ann.openings.length).toBe(3)
  await rig.world.settled(starting)
  expect(ann.shards).toEqual(rig.names)
})

test('OWN-53 one whose lease runs out while it waits for its turn is not opened under it', async () => {
  const ann = rig.add('ann', { limits: { ...limits, opensMax: 1 } })
  const starting = ann.host.start()
  await rig.world.until('the first is being opened', () => rig.store.asked.some(({ call }) => call === 'open'))
  rig.store.answering.shut()
  rig.store.fail('ann', 'renew')
  await rig.world.pass(2 * limits.leaseMs)
  rig.store.answering.open()
  await rig.world.settled(starting)
  rig.store.fail('ann', 'renew', false)
  await rig.placedAmong(ann)
  expect(ann.openings.filter(({ isOver }) => isOver)).toEqual([])
})

test('OWN-55 a shard that is lost while it is handed over is not handed over', async () => {
  const ann = await rig.start('ann')
  await rig.openSale(10)
  const [name = 'inv.0', ...others] = rig.placedAt([ann, { name: 'bob' }], { name: 'bob' })
  rig.store.fail('ann', 'append')
  const told = rig.buy(name, 'early')
  await rig.world.pass(3)
  const bob = await rig.start('bob')
  expect(ann.host.counters).toMatchObject({ handedOver: others.length, failures: 1 })
  // It waits for its answer in vain; who asks again learns what became of it.
  expect(await rig.world.settled(told)).toBe('TIMEOUT')
  expect(await rig.world.settled(rig.buy(name, 'early'))).toBe('held')
  expect(bob.shards).toContain(name)
  expect(rig.network.doubled).toEqual([])
})

test('OWN-55 nor is one that was lost while its snapshot was made', async () => {
  let prepared = 0
  const prepareHandOver = (): Promise<void> => {
    prepared++
    return delay(rig.world.timers, 2 * limits.beatMs)
  }
  const ann = await rig.start('ann', { prepareHandOver })
  const [name = 'inv.0', ...others] = rig.placedAt([ann, { name: 'bob' }], { name: 'bob' })
  const bob = rig.add('bob')
  await rig.world.settled(bob.host.start())
  await rig.world.until('hand-overs are prepared', () => prepared > 0)
  rig.store.takeAway(name)
  await rig.placedAmong(ann, bob)
  expect(ann.host.counters).toMatchObject({ handedOver: others.length, leasesLost: 1 })
  expect(ann.unable).toEqual([])
})
