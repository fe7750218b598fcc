import { array, assert, asyncProperty, constantFrom, nat, record } from 'fast-check'
import { expect, test } from 'vitest'
import { InventoryActor } from '../../actors/inventory/inventory-actor.ts'
import { recover } from '../../actors/recovery.ts'
import { InventoryRig, settingsOf } from '../../actors/testing/inventory-rig.ts'
import { all, appended, bytesOf, claimed, opened, shard, textOf, textsOf } from '../../cluster/store-bench.ts'
import { storeContract } from '../../cluster/store-contract.ts'
import { journalStart, type Store } from '../../cluster/store.ts'
import { auditJournal } from '../../ops/journal/journal-audit.ts'
import { SimStoreBench } from './store/store-bench.ts'
import type { Applied } from './store/store-change.ts'
import { undoMs } from './store/undo-log.ts'

storeContract('The simulated store', async () => {
  const bench = new SimStoreBench()
  return { open: async () => bench.connect(), pass: (ms) => bench.pass(ms), leaseMs: bench.leaseMs, close: async () => {} }
})

const failed = { code: 'STORE_FAILED' }

async function archived(bench: SimStoreBench): Promise<string[]> {
  return textsOf(await all(bench.store.readArchive(shard)))
}

test('SIM-S3 a request that fails has changed nothing, and one whose answer is lost has', async () => {
  const bench = new SimStoreBench()
  const store = bench.connect()
  const epoch = await opened(store)
  bench.store.weather.failShare = 1
  await expect(store.append(shard, { epoch, seq: 1 }, bytesOf('one'))).rejects.toMatchObject(failed)
  expect(await archived(bench)).toEqual([''])
  bench.store.weather.failShare = 0
  bench.store.weather.loseAnswerShare = 1
  await expect(store.append(shard, { epoch, seq: 1 }, bytesOf('one'))).rejects.toMatchObject(failed)
  expect(await archived(bench)).toEqual(['', 'one'])
  bench.store.weather.loseAnswerShare = 0
  expect(await store.append(shard, { epoch, seq: 1 }, bytesOf('one'))).toBe('stored')
  expect(await archived(bench)).toEqual(['', 'one'])
  expect(bench.reached.of('append repeated')).toBe(1)
})

test('SIM-S4 what was sent lands though its sender has died, and is fenced once another has opened', async () => {
  const bench = new SimStoreBench()
  const owner = bench.process('owner')
  const raw = bench.store.connect(owner)
  const epoch = await bench.settled(opened(raw))
  bench.store.slow(owner, 5_000, 1_000)
  const given = bytesOf('one')
  const settled: string[] = []
  for (const seq of [1, 2]) void raw.append(shard, { epoch, seq }, given).finally(() => settled.push(`${seq}`))
  owner.crash()
  given.fill(0)
  await bench.pass(5_010)
  expect(await archived(bench)).toEqual(['', 'one', 'one'])
  expect(settled).toEqual([])
  expect(bench.reached.of('append landed after its owner died')).toBe(2)
})

test('SIM-S4 what a slow process sends lands in its order, though it has given up waiting and another owns the shard', async () => {
  const bench = new SimStoreBench()
  const owner = bench.process('owner')
  const store = bench.connect(owner)
  const epoch = await opened(store)
  bench.store.slow(owner, 5_000, 2_000)
  await expect(store.append(shard, { epoch, seq: 1 }, bytesOf('one'))).rejects.toMatchObject(failed)
  expect(await archived(bench)).toEqual([''])
  const again = store.append(shard, { epoch, seq: 1 }, bytesOf('one'))
  await expect(again).rejects.toMatchObject(failed)
  const next = bench.connect(bench.process('next'))
  await opened(next, 'a')
  await bench.pass(10_000)
  expect(await archived(bench)).toEqual(['', ''])
  expect(bench.reached.of('append fenced')).toBe(2)
  expect(bench.reached.of('opening fenced an owner')).toBe(1)
})

test('SIM-S5 an outage serves nobody: a request fails, or is carried out when it is over, in the order of sending', async () => {
  const bench = new SimStoreBench()
  const store = bench.connect()
  const epoch = await opened(store)
  bench.store.outage(4_000)
  bench.store.weather.hangShare = 0
  await expect(store.append(shard, { epoch, seq: 1 }, bytesOf('lost'))).rejects.toThrow('the store is down')
  bench.store.weather.hangShare = 1
  const hanging = [1, 2, 3].map((seq) => store.append(shard, { epoch, seq }, bytesOf(`${seq}`)))
  for (const one of hanging) await expect(one).rejects.toThrow('the store does not answer')
  bench.store.weather.answerWithinMs = 10_000
  expect(await store.append(shard, { epoch, seq: 4 }, bytesOf('4'))).toBe('stored')
  expect(await archived(bench)).toEqual(['', '1', '2', '3', '4'])
})

test('SIM-S5 what arrives in the moment in which an outage ends comes after what has waited for it', async () => {
  const bench = new SimStoreBench()
  const owner = bench.process('owner')
  const store = bench.store.connect(owner)
  const epoch = await bench.settled(opened(store))
  Object.assign(bench.store.weather, { latencyMs: [3, 3], hangShare: 1 })
  bench.store.outage(1_000)
  const first = store.append(shard, { epoch, seq: 1 }, bytesOf('one'))
  bench.store.slow(owner, 997, 1)
  const second = store.append(shard, { epoch, seq: 2 }, bytesOf('two'))
  expect(await bench.settled(Promise.all([first, second]))).toEqual(['stored', 'stored'])
})

test('SIM-S6 a failover loses the newest of everything, says exactly what, and gives no epoch out again', async () => {
  const bench = new SimStoreBench()
  const told: (readonly Applied[])[] = []
  bench.store.observe({ onLost: (lost) => told.push(lost) })
  const store = bench.connect()
  const first = await opened(store)
  await appended(store, first, ['one', 'two'])
  await store.putRecord(shard, first, 'u', bytesOf('kept'), 60_000)
  await store.writeSnapshot(shard, { position: { epoch: first, seq: 1 }, now: 1, chunks: [bytesOf('kept')] })
  await bench.pass(2_000)
  await store.append(shard, { epoch: first, seq: 3 }, bytesOf('three'))
  const second = await opened(store)
  await appended(store, second, ['four'])
  await store.putRecord(shard, second, 'u', bytesOf('lost'), 60_000)
  await store.writeSnapshot(shard, { position: { epoch: first, seq: 3 }, now: 1, chunks: [bytesOf('lost')] })

  const lost = bench.store.failover({ ms: 1_000 })
  expect(lost.map(({ kind }) => kind)).toEqual(['append', 'claim', 'open', 'append', 'put', 'snapshot'])
  expect(told).toEqual([lost])
  await bench.pass(5_000)
  expect(await archived(bench)).toEqual(['', 'one', 'two'])
  expect((await store.readSnapshot(shard))?.chunks.map(textOf)).toEqual(['kept'])
  expect(textOf(await store.getRecord(shard, 'u'))).toBe('kept')
  expect(await store.append(shard, { epoch: second, seq: 2 }, bytesOf('five'))).toBe('fenced')
  expect(await store.confirm(shard, { epoch: second, seq: 1 })).toBe('fenced')
  expect(await store.renew(shard, second)).toBe('lost')
  expect(await store.putRecord(shard, second, 'u', bytesOf('late'), 60_000)).toBe('fenced')
  expect(await store.append(shard, { epoch: first, seq: 4 }, bytesOf('four')), 'its predecessor is gone').toBe('fenced')
  await expect(store.writeSnapshot(shard, { position: { epoch: first, seq: 3 }, now: 1, chunks: [] })).rejects.toThrow('ahead')
  expect(await claimed(store, 'a')).toBeGreaterThan(second)
  expect([bench.reached.of('epoch lost in a failover'), bench.reached.of('records lost in a failover')]).toEqual([1, 1])
})

test('SIM-S6 a failover by number loses so many records, and what came after them', async () => {
  const bench = new SimStoreBench()
  const store = bench.connect()
  const epoch = await opened(store)
  await appended(store, epoch, ['one', 'two', 'three'])
  await store.putRecord(shard, epoch, 'u', bytesOf('x'), 60_000)
  expect(bench.store.failover({ records: 2 }).map(({ kind }) => kind)).toEqual(['append', 'append', 'put'])
  expect(await archived(bench)).toEqual(['', 'one'])
})

test('SIM-S6 no failover loses more than the last seconds', async () => {
  const bench = new SimStoreBench()
  const store = bench.connect()
  const epoch = await opened(store)
  const seqs = Array.from({ length: 1_500 }, (_, i) => i + 1)
  await Promise.all(seqs.map((seq) => store.append(shard, { epoch, seq }, bytesOf('old'))))
  await bench.pass(undoMs + 1_000)
  for (const seq of [1_501, 1_502]) await store.append(shard, { epoch, seq }, bytesOf('new'))
  expect(bench.store.failover({ ms: 60_000 })).toHaveLength(2)
  expect(bench.store.failover({ records: 60_000 })).toEqual([])
  expect(await archived(bench)).toHaveLength(1_501)
})

test('SIM-S6 a failover brings back what was, whatever has happened since', async () => {
  const step = record({
    what: constantFrom('claim', 'open', 'append', 'append', 'append', 'snapshot', 'put', 'delete', 'release', 'renew'),
    who: nat(1),
    key: nat(2),
  })
  await assert(
    asyncProperty(array(step, { maxLength: 30 }), array(step, { maxLength: 30 }), async (before, after) => {
      const bench = new SimStoreBench()
      const owners = [new Hand(bench.connect(), 'a'), new Hand(bench.connect(), 'b')]
      for (const what of ['claim', 'open', 'append', 'append']) await owners[0]?.does(what, 0)
      for (const { who, what, key } of before) await owners[who]?.does(what, key)
      const stood = await everything(bench)
      await bench.pass(100)
      const since = bench.scheduler.now
      await bench.pass(1)
      for (const { who, what, key } of after) await owners[who]?.does(what, key)
      bench.store.failover({ ms: bench.scheduler.now - since })
      expect(await everything(bench)).toEqual(stood)
    }),
    { numRuns: 30 },
  )
})

test('SIM-S7 a snapshot is nothing until its last step, and one that stops halfway leaves the former', async () => {
  const bench = new SimStoreBench()
  const store = bench.connect()
  const epoch = await opened(store)
  await appended(store, epoch, ['one', 'two', 'three'])
  const snapshotAt = (seq: number): Parameters<Store['writeSnapshot']>[1] => ({
    position: { epoch, seq },
    now: seq,
    chunks: ['a', 'b', 'c', 'd'].map((text) => bytesOf(`${text}${seq}`)),
  })
  await store.writeSnapshot(shard, snapshotAt(1))
  const writer = bench.process('writer')
  const raw = bench.store.connect(writer)
  void raw.writeSnapshot(shard, snapshotAt(2)).catch((error: unknown) => expect.fail(String(error)))
  await bench.pass(8)
  writer.crash()
  await bench.pass(100)
  expect((await store.readSnapshot(shard))?.chunks.map(textOf)).toEqual(['a1', 'b1', 'c1', 'd1'])
  expect(bench.reached.of('snapshot torn')).toBe(1)
  expect(await store.writeSnapshot(shard, snapshotAt(3))).toBe('stored')
  expect((await store.readSnapshot(shard))?.chunks.map(textOf)).toEqual(['a3', 'b3', 'c3', 'd3'])
  expect(await store.writeSnapshot(shard, snapshotAt(2))).toBe('older')
  expect([bench.reached.of('snapshot stored'), bench.reached.of('snapshot older than stored')]).toEqual([2, 1])
})

test('SIM-S8 whoever is given an older snapshot notices, reads again and comes to the state of the journal', async () => {
  const bench = new SimStoreBench(3)
  const store = bench.connect()
  const rig = new InventoryRig()
  rig.configure(settingsOf({ stock: 5 }))
  for (let i = 0; i < 100; i++) rig.ask({ op: 'buy', sku: 'shoe', user: `user-${i}`, request: `r${i}` })
  const first = await opened(store)
  for (const [i, bytes] of rig.journal.entries()) await store.append(shard, { epoch: first, seq: i + 1 }, bytes)
  const state = new InventoryActor(0)
  const { position } = await recover(store, shard, await claimed(store), state)
  await store.writeSnapshot(shard, { position, now: rig.now, chunks: state.save() })
  bench.store.weather.staleReadShare = 0.5
  for (let round = 0; round < 10; round++) {
    const actor = new InventoryActor(0)
    expect((await recover(store, shard, await claimed(store), actor)).position).toEqual(position)
    expect(actor.digest()).toBe(rig.actor.digest())
  }
  expect(bench.reached.of('journal trimmed while being read')).toBeGreaterThan(0)
})

test('SIM-S9 every change is told in the step in which it becomes durable, and the trace and the final reading say the same', async () => {
  const run = async (seed: number): Promise<{ readonly hash: string; readonly applied: readonly Applied[] }> => {
    const bench = new SimStoreBench(seed)
    const applied: Applied[] = []
    bench.store.observe({ onApplied: (change) => applied.push(change) })
    const store = bench.connect(bench.process('node-1'))
    const epoch = await opened(store)
    await appended(store, epoch, ['one', 'two'])
    await store.writeSnapshot(shard, { position: { epoch, seq: 1 }, now: 1, chunks: [bytesOf('state')] })
    await store.putRecord(shard, epoch, 'user/ann', bytesOf('ann'), 60_000)
    expect(bench.trace.tail().filter((line) => line.includes('append')).length).toBe(2)
    expect(applied.every(({ by, at }) => by === 'node-1' && at <= bench.scheduler.now)).toBe(true)
    const told = applied.flatMap((change) => (change.kind === 'open' || change.kind === 'append' ? [change] : []))
    const kept = await all(bench.store.readArchive(shard))
    expect(told.map(({ position, bytes }) => ({ position, bytes }))).toEqual(kept.map(({ position, bytes }) => ({ position, bytes })))
    expect(kept.map(({ trimmed }) => trimmed)).toEqual([true, true, false])
    expect(textOf(bench.store.coldRecord(shard, 'user/ann'))).toBe('ann')
    return { hash: bench.trace.hash, applied }
  }
  const [first, again, other] = [await run(7), await run(7), await run(8)]
  expect(first.applied.map(({ kind }) => kind)).toEqual(['claim', 'open', 'append', 'append', 'snapshot', 'put'])
  expect(again).toEqual(first)
  expect(other.hash).not.toBe(first.hash)
})

test('SIM-S10 without its fence an older owner goes on writing, and the audit sees it', async () => {
  const bench = new SimStoreBench(1, 'no-fence')
  const [one, two] = [bench.connect(), bench.connect()]
  const old = await opened(one)
  await appended(one, old, ['one'])
  await bench.pass(bench.leaseMs)
  const next = await opened(two, 'b')
  expect(await one.append(shard, { epoch: old, seq: 2 }, bytesOf('late'))).toBe('stored')
  expect(await two.append(shard, { epoch: next, seq: 1 }, bytesOf('new'))).toBe('stored')
  expect(await one.confirm(shard, { epoch: old, seq: 2 })).toBe('stands')
  expect(await one.putRecord(shard, old, 'u', bytesOf('late'), 60_000)).toBe('stored')
  expect(await archived(bench)).toEqual(['', 'one', '', 'late', 'new'])
  const { problems } = await auditJournal(bench.store)
  expect(problems.map(({ problem }) => problem)).toContainEqual(expect.stringContaining(`comes after ${next}-0`))
})

test('SIM-S10 without its chain a record comes after a gap', async () => {
  const bench = new SimStoreBench(1, 'no-chain')
  const store = bench.connect()
  const epoch = await opened(store)
  await appended(store, epoch, ['one', 'two'])
  bench.store.failover({ records: 1 })
  await bench.pass(5_000)
  expect(await store.append(shard, { epoch, seq: 3 }, bytesOf('three'))).toBe('stored')
  expect(await archived(bench)).toEqual(['', 'one', 'three'])
})

test('SIM-S10 without its condition an older snapshot takes the place of a newer one, and the journal between is gone', async () => {
  const bench = new SimStoreBench(1, 'unconditional-snapshot')
  const store = bench.connect()
  const epoch = await opened(store)
  await appended(store, epoch, ['one', 'two', 'three'])
  for (const seq of [2, 1]) expect(await store.writeSnapshot(shard, { position: { epoch, seq }, now: seq, chunks: [] })).toBe('stored')
  const snapshot = await store.readSnapshot(shard)
  expect(snapshot?.position.seq).toBe(1)
  await expect(all(store.readTail(shard, snapshot?.position ?? journalStart))).rejects.toMatchObject({ code: 'STORE_GAP' })
})

/** What is kept, and who may go on. */
async function everything(bench: SimStoreBench): Promise<unknown> {
  const archive = await all(bench.store.readArchive(shard))
  const snapshot = await bench.store.readSnapshot(shard)
  return { archive, snapshot, cold: ['0', '1', '2'].map((key) => bench.store.coldRecord(shard, key)) }
}

/** Somebody who does this and that to {@link shard}, whether or not it is theirs. */
class Hand {
  private readonly store: Store
  private readonly name: string
  private epoch = 0
  private seq = 0

  constructor(store: Store, name: string) {
    this.store = store
    this.name = name
  }

  async does(what: string, key: number): Promise<void> {
    const { store, epoch } = this
    if (what === 'claim') {
      const lease = await store.claim(shard, this.name)
      this.epoch = lease === 'taken' ? epoch : lease.epoch
      this.seq = lease === 'taken' ? this.seq : 0
    } else if (what === 'open') await store.open(shard, epoch)
    else if (what === 'append') {
      if ((await store.append(shard, { epoch, seq: this.seq + 1 }, bytesOf(this.name))) === 'stored') this.seq++
    } else if (what === 'snapshot') {
      if (this.seq > 0) await store.writeSnapshot(shard, { position: { epoch, seq: this.seq }, now: 1, chunks: [bytesOf(this.name)] })
    } else if (what === 'put') await store.putRecord(shard, epoch, `${key}`, bytesOf(`${this.name}${this.seq}`), 60_000)
    else if (what === 'delete') await store.deleteRecord(shard, epoch, `${key}`)
    else if (what === 'renew') await store.renew(shard, epoch)
    else await store.release(shard, epoch)
  }
}
