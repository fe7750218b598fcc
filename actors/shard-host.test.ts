import { beforeEach, describe, expect, test } from 'vitest'
import { LocalMembers } from '../cluster/local-members.ts'
import type { MetricLabels } from '../cluster/metrics.ts'
import { StoreFault } from '../cluster/store.ts'
import { leaseMs, limits, type OwningNode, OwnershipRig } from './testing/ownership-rig.ts'

let rig: OwnershipRig

beforeEach(() => {
  rig = new OwnershipRig((world) => new LocalMembers(world.clock))
})

/** No shard was served by two, and none was asked for twice at once. */
function expectOneOwner(): void {
  expect(rig.network.doubled).toEqual([])
  expect(rig.store.doubleClaims).toEqual([])
}

/** What users are told who go on buying in every shard until something is done, each once. */
async function buyUntil(what: string, isDone: () => boolean): Promise<readonly string[]> {
  const told: Promise<string>[] = []
  const buying = rig.world.timers.every(3, () => {
    for (const name of rig.names) told.push(rig.buy(name, `user ${told.length}`))
  })
  await rig.world.until(what, isDone)
  buying.cancel()
  return rig.world.settled(Promise.all(told))
}

describe('several nodes', () => {
  test('OWN-20 spread the shards, each open at the one node where placement wants it', async () => {
    const nodes = ['ann', 'bob', 'cat'].map((name) => rig.add(name))
    await rig.world.settled(Promise.all(nodes.map((node) => node.host.start())))
    await rig.placedAmong(...nodes)
    for (const node of nodes) expect(node.shards.length).toBeGreaterThan(0)
    expectOneOwner()
  })

  test('OWN-20 one that is the only one has them all, and claims them at once', async () => {
    const ann = await rig.start('ann')
    expect(ann.shards).toEqual(rig.names)
    expect(new Set(rig.store.asked.filter(({ call }) => call === 'claim').map(({ at }) => at)).size).toBe(1)
  })

  test('OWN-20 one that finds every shard taken has started all the same', async () => {
    const ann = await rig.start('ann')
    rig.network.losing.add('sluice.node.')
    const bob = rig.add('bob')
    await rig.world.settled(bob.host.start())
    expect(bob.shards).toEqual([])
    await rig.placedAmong(ann, bob)
    expectOneOwner()
  })

  test('OWN-21 take over what a dead one had when its leases have run out, and nothing that it answered is lost', async () => {
    const ann = await rig.start('ann')
    const bob = await rig.start('bob')
    await rig.openSale(50)
    const { shards } = bob
    expect(shards.length).toBeGreaterThan(0)
    const early = shards.map((name) => rig.buy(name, 'early'))
    expect(await rig.world.settled(Promise.all(early))).toEqual(shards.map(() => 'held'))
    bob.process.die()
    await rig.world.pass(leaseMs - limits.beatMs - 100)
    expect(ann.shards).toEqual(rig.placedAt([ann, bob], ann))
    const late = shards.flatMap((name) => [rig.buy(name, 'early'), rig.buy(name, 'late')])
    await rig.placedAmong(ann)
    expect(await rig.world.settled(Promise.all(late))).toEqual(shards.flatMap(() => ['held', 'held']))
    expectOneOwner()
  })

  test('OWN-31 ask for what a dead one had when its leases end, not only at their next beat', async () => {
    const ann = await rig.start('ann')
    const bob = await rig.start('bob')
    const { shards } = bob
    const before = ann.openings.length
    bob.process.die()
    const diedAt = rig.world.clock.now()
    await rig.placedAmong(ann)
    const opened = ann.openings.slice(before)
    expect(opened.map(({ name }) => name).toSorted()).toEqual(shards)
    // A claim and its answer take a few ms more.
    for (const { at } of opened) expect(at - diedAt).toBeLessThan(leaseMs + limits.contestMs + 50)
    expectOneOwner()
  })

  test('OWN-22 give a new one what it should own, one owner at a time, and no call is lost', async () => {
    const ann = await rig.start('ann')
    await rig.openSale(100_000)
    const bob = rig.add('bob')
    const starting = bob.host.start()
    const told = await buyUntil('bob has his shards', () => rig.arePlacedAmong(ann, bob))
    await starting
    expect(new Set(told)).toEqual(new Set(['held']))
    expect(ann.host.counters).toMatchObject({ handedOver: bob.shards.length, fenced: 0, leasesLost: 0, leasesOver: 0, failures: 0 })
    expect(ann.host.counters.handedOverInBatch).toBeGreaterThan(0)
    expectOneOwner()
  })

  test('OWN-23 tell the next owner of a shard, so that it need not wait for its beat', async () => {
    const ann = await rig.start('ann')
    // So that the two do not beat at the same time.
    await rig.world.pass(limits.beatMs / 2)
    const bob = rig.add('bob')
    await rig.world.settled(bob.host.start())
    await rig.world.until('ann gives shards away', () => ann.host.counters.handedOver === rig.placedAt([ann, bob], bob).length)
    const beats = rig.beats.length
    await rig.placedAmong(ann, bob)
    expect(rig.beats.length).toBe(beats)
  })

  test('OWN-23 get on without that word, by their beats', async () => {
    rig.network.losing.add('sluice.node.')
    const ann = await rig.start('ann')
    const bob = await rig.start('bob')
    const cat = await rig.start('cat')
    expect(rig.arePlacedAmong(ann, bob, cat)).toBe(true)
    expectOneOwner()
  })

  test('OWN-57 have the next owner read a shard first, and wait for it after; one that says nothing is not waited for long', async () => {
    const said: string[] = []
    const readAhead = async (name: string): Promise<void> => {
      said.push(`${name} is read by bob`)
    }
    const ann = await rig.start('ann', { limits: { ...limits, handOversMax: 1 } })
    const bob = rig.add('bob', {
      readAhead,
      beforeOpen: ({ name }) => {
        expect(ann.shards).not.toContain(name)
        said.push(`${name} is opened by bob`)
      },
    })
    await rig.world.settled(bob.host.start())
    await rig.placedAmong(ann, bob)
    expect(said).toEqual(bob.shards.flatMap((name) => [`${name} is read by bob`, `${name} is opened by bob`]))
    rig.network.losing.add('sluice.node.')
    await rig.world.settled(bob.host.close())
    await rig.placedAmong(ann)
    expectOneOwner()
  })

  test('OWN-24 hand over only so many shards at a time', async () => {
    let most = 0
    let preparing = 0
    const prepareHandOver = async (): Promise<void> => {
      most = Math.max(most, ++preparing)
      await new Promise<void>((resolve) => rig.world.timers.after(50, resolve))
      preparing--
    }
    await rig.start('ann', { limits: { ...limits, handOversMax: 2 }, prepareHandOver })
    await rig.start('bob')
    expect(most).toBe(2)
  })
})

test('OWN-30 who was there when a beat was sent is of no account when its answer comes late', async () => {
  const brief = { ...limits, memberMs: 2 * limits.beatMs }
  const ann = await rig.start('ann', { limits: brief })
  const bob = rig.add('bob', { limits: brief })
  await rig.world.settled(bob.host.start())
  const beats = rig.beats.length
  await rig.world.until('ann asks who is there', () => rig.beats.slice(beats).includes('ann'))
  ann.process.pause()
  bob.process.die()
  await rig.world.pass(2 * brief.memberMs)
  ann.process.wake()
  await rig.world.pass(limits.leaseMs)
  expect(ann.host.counters.handedOver).toBe(0)
  expect(ann.shards).toEqual(rig.names)
})

describe('a node that ends', () => {
  test('OWN-25 hands everything over and leaves, and no call is lost', async () => {
    const ann = await rig.start('ann')
    const bob = await rig.start('bob')
    const cat = await rig.start('cat')
    await rig.openSale(100_000)
    let isClosed = false
    const closing = cat.host.close().then(() => {
      isClosed = true
      return isClosed
    })
    const told = await buyUntil('cat has gone', () => isClosed && rig.arePlacedAmong(ann, bob))
    await closing
    expect(new Set(told)).toEqual(new Set(['held']))
    // Nobody had to wait for a lease to run out.
    for (const node of [ann, bob, cat]) expect(node.host.counters).toMatchObject({ fenced: 0, leasesLost: 0, leasesOver: 0, failures: 0 })
    expect(await rig.world.settled(rig.members.beat({ name: 'ann', state: 'up' }, leaseMs))).toEqual([
      { name: 'ann', state: 'up' },
      { name: 'bob', state: 'up' },
    ])
    expectOneOwner()
  })

  test('OWN-25 gives its shards back where there is nobody to take them, and asks for none any more', async () => {
    const ann = await rig.start('ann')
    await rig.world.settled(ann.host.close())
    const claims = rig.store.count('ann', 'claim')
    expect(rig.store.count('ann', 'release')).toBe(rig.names.length)
    await rig.world.pass(2 * leaseMs)
    expect(rig.store.count('ann', 'claim')).toBe(claims)
    const bob = rig.add('bob')
    await rig.world.settled(bob.host.start())
    expect(bob.shards).toEqual(rig.names)
  })

  test('OWN-25 learns first who has come since its last beat', async () => {
    const ann = await rig.start('ann')
    const bob = rig.add('bob')
    await rig.world.settled(bob.host.start())
    await rig.world.settled(ann.host.close())
    expect(ann.host.counters.handedOver).toBe(rig.names.length)
    await rig.placedAmong(bob)
  })

  test('OWN-25 says that it drains, so that nobody gives it anything', async () => {
    const prepareHandOver = (): Promise<void> => new Promise((resolve) => rig.world.timers.after(2_000, resolve))
    const bob = await rig.start('bob')
    const ann = await rig.start('ann', { prepareHandOver })
    const claims = rig.store.count('ann', 'claim')
    const closing = ann.host.close()
    await rig.world.pass(1_000)
    expect(ann.shards).toEqual(rig.placedAt([ann, bob], ann))
    const present = await rig.world.settled(rig.members.beat({ name: 'bob', state: 'up' }, leaseMs))
    expect(present.map(({ name, state }) => `${name} ${state}`)).toEqual(['ann draining', 'bob up'])
    await rig.world.settled(closing)
    await rig.placedAmong(bob)
    expect(rig.store.count('ann', 'claim')).toBe(claims)
    expectOneOwner()
  })

  test('OWN-26 does not wait for ever for a store that does not answer', async () => {
    const ann = await rig.start('ann')
    rig.store.answering.shut()
    await rig.world.settled(ann.host.close())
    expect(ann.shards).toEqual([])
  })

  test('OWN-26 hands its shards over by what it knew, if nobody says who is there', async () => {
    const ann = await rig.start('ann')
    const bob = await rig.start('bob')
    rig.beating.shut()
    await rig.world.settled(ann.host.close())
    // Those that bob was given when he came, and the rest.
    expect(ann.host.counters).toMatchObject({ handedOver: rig.names.length, leasesOver: 0 })
    await rig.placedAmong(bob)
  })

  test('OWN-26 closes while it opens its shards, and gives back what it has got by then', async () => {
    const ann = rig.add('ann')
    const starting = ann.host.start()
    await rig.world.until('it has asked for shards', () => rig.store.count('ann', 'claim') > 0)
    await rig.world.settled(ann.host.close())
    await rig.world.settled(starting)
    expect(rig.store.count('ann', 'release')).toBe(rig.names.length)
    const bob = rig.add('bob')
    await rig.world.settled(bob.host.start())
    expect(bob.shards).toEqual(rig.names)
  })
})

describe('a node that is alone', () => {
  test('OWN-27 starts with every shard, or not at all', async () => {
    const ann = await rig.start('ann', { isAlone: true })
    expect(ann.shards).toEqual(rig.names)
    const bob = rig.add('bob', { isAlone: true })
    await expect(rig.world.settled(bob.host.start())).rejects.toMatchObject({ code: 'STORE_IN_USE' })
    await rig.world.settled(bob.host.close())
    expect(bob.unable).toEqual([])
  })

  test('OWN-27 does not start if one of them cannot be opened', async () => {
    const beforeOpen = ({ name }: { readonly name: string }): void => {
      if (name === 'inv.3') throw new StoreFault('STORE_UNUSABLE', 'damaged')
    }
    const ann = rig.add('ann', { isAlone: true, beforeOpen })
    await expect(rig.world.settled(ann.host.start())).rejects.toThrow('damaged')
    await rig.world.settled(ann.host.close())
    expect(ann.unable).toEqual([])
  })

  test('OWN-28 opens a shard again that stopped on a bug, and ends when it does so again and again', async () => {
    let isDamaged = false
    const beforeOpen = (): void => {
      if (isDamaged) throw new Error('damaged')
    }
    const ann = await rig.start('ann', { isAlone: true, beforeOpen })
    const [, shard] = [...ann.host.entries()][2] ?? expect.fail('it has shards')
    shard.lose(new Error('a bug'))
    expect(ann.shards.length).toBe(rig.names.length - 1)
    await rig.world.until('it is open again', () => ann.shards.length === rig.names.length)
    isDamaged = true
    const [, again] = [...ann.host.entries()][2] ?? expect.fail('it has shards')
    again.lose(new Error('a bug'))
    await rig.world.until('it gives up', () => ann.unable.length > 0)
    await rig.world.pass(10_000)
    expect(ann.unable.map((reason) => reason.message)).toEqual(['inv.2 failed 4 times: damaged'])
  })

  test('OWN-28 begins to count anew for a shard that has worked for long', async () => {
    const ann = await rig.start('ann', { isAlone: true, limits: { ...limits, steadyMs: 2_000 } })
    for (let failures = 0; failures < 3 * limits.failuresMax; failures++) {
      await rig.world.pass(3_000)
      const [, shard] = [...ann.host.entries()][2] ?? expect.fail('it has shards')
      shard.lose(new Error('a bug'))
    }
    expect(ann.unable).toEqual([])
  })

  test('OWN-28 ends when somebody else has its data', async () => {
    const ann = await rig.start('ann', { isAlone: true })
    rig.store.takeAway('inv.2')
    await rig.world.until('it gives up', () => ann.unable.length > 0)
    expect(ann.unable).toMatchObject([
      { code: 'STORE_IN_USE', message: "another process has taken over the data: inv.2 is no longer this one's" },
    ])
  })
})

test('OWN-29 what the shards of a node have done is counted, those included that it has no more', async () => {
  const counted = (node: OwningNode): Record<string, number> => {
    const numbers: Record<string, number> = {}
    const add = (name: string, _help: string, value: number, labels: MetricLabels = {}): void => {
      numbers[[name, ...Object.values(labels)].join(' ')] = value
    }
    node.host.collect({ counter: add, gauge: add, histogram: () => {}, summary: () => {} })
    return numbers
  }
  const ann = await rig.start('ann')
  await rig.openSale(10)
  const before = counted(ann)
  expect(before).toMatchObject({ 'sluice_shards_owned inv': rig.names.length, 'sluice_shards_owned ses': 0 })
  expect(before['sluice_shard_commands_total inv']).toBe(rig.names.length)
  const bob = await rig.start('bob')
  expect(counted(ann)).toMatchObject({
    'sluice_shards_owned inv': rig.names.length - bob.shards.length,
    sluice_shards_handed_over_total: bob.shards.length,
    'sluice_shard_commands_total inv': rig.names.length,
  })
  expect(counted(bob)).toMatchObject({ sluice_shards_opened_total: bob.shards.length, 'sluice_shard_commands_total inv': 0 })
})
