import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { openLmdbReader } from '../cluster/lmdb-reader.ts'
import { shardName } from '../cluster/store.ts'
import { realClock } from '../ops/world.ts'
import { RunningNode } from './running-node.ts'

let node: RunningNode

afterEach(() => node.stop())

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; !(await holds()); await wait(50)) {
    if (Date.now() > deadline) throw new Error(`in a minute there was no moment at which ${what}`)
  }
}

/** Which of the node's two shards have a snapshot, and how many records would have to be replayed all the same. */
async function kept(folder: string): Promise<{ readonly snapshots: number; readonly records: number }> {
  const reader = openLmdbReader(folder, realClock)
  try {
    let snapshots = 0
    let records = 0
    for (const name of [shardName('inv', 0), shardName('ses', 0)]) {
      const snapshot = await reader.readSnapshot(name)
      if (snapshot !== undefined) snapshots++
      for await (const _ of reader.readTail(name, snapshot?.position ?? { epoch: 0, seq: 0 })) records++
    }
    return { snapshots, records }
  } finally {
    await reader.close()
  }
}

test('SNP-12 a node snapshots its shards while it works, and comes back from that and the records after it', async () => {
  const settings = { shards: 1, snapshotEveryBytes: 64 * 1024, simulatedDelayMs: 0 }
  node = await RunningNode.start({ settings })
  await node.createSku('lamp', { stock: 601 })
  const before = node.operator()
  await before.as('hesitant').buy('lamp')
  const users = Array.from({ length: 1_500 }, (_, i) => `a-shopper-with-a-long-name-${i}`)
  const buyers = users.slice(0, 600)
  await Promise.all(users.map((user) => before.as(user).buy('lamp')))
  await Promise.all(buyers.map((user) => before.as(user).checkout('lamp', 'visa')))
  await until('everything is sold', async () => (await before.skuStatus('lamp')).sold === 600)
  await until('both shards have a snapshot', async () => (await kept(node.dataFolder)).snapshots === 2)
  await before.as('hesitant').leave('lamp')
  const orders = await Promise.all(buyers.slice(0, 20).map((user) => before.as(user).orders()))
  before.close()

  await node.kill()
  await node.restart()
  const after = node.operator()
  expect(await after.skuStatus('lamp')).toMatchObject({ available: 0, held: 1, ordered: 0, sold: 600, waiting: 899 })
  const claims = await Promise.all(users.map((user) => after.as(user).claim('lamp')))
  expect(claims.filter((claim) => claim.state === 'paid')).toHaveLength(600)
  expect(claims[600]).toMatchObject({ state: 'held' })
  expect(claims[1_499]).toMatchObject({ state: 'queued', ahead: 898 })
  expect(await Promise.all(buyers.slice(0, 20).map((user) => after.as(user).orders()))).toEqual(orders)
  expect(orders.flat()).toHaveLength(20)
  after.close()
  expect(node.log).not.toContain('a snapshot failed')
})
