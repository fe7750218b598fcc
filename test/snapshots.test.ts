import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { openLmdbReader } from '../cluster/lmdb-reader.ts'
import type { ShardName } from '../cluster/store.ts'
import { realClock } from '../ops/world.ts'
import type { RpcClient } from '../protocol/client/rpc-client.ts'
import type { Order } from '../protocol/results.ts'
import { RunningNode } from './running-node.ts'

let node: RunningNode

afterEach(() => node.stop())

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; !(await holds()); await wait(50)) {
    if (Date.now() > deadline) throw new Error(`in a minute there was no moment at which ${what}`)
  }
}

/** Which shards have a snapshot, as a reader beside the node sees it. */
async function snapshotted(folder: string): Promise<readonly ShardName[]> {
  const reader = openLmdbReader(folder, realClock)
  try {
    const found: ShardName[] = []
    for (const name of reader.shards) if ((await reader.readSnapshot(name)) !== undefined) found.push(name)
    return found
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
  await until('both shards have a snapshot', async () => (await snapshotted(node.dataFolder)).length === 2)
  await before.as('hesitant').leave('lamp')
  const some = buyers.slice(0, 20)
  const ordersBy = (client: RpcClient): Promise<readonly (readonly Order[])[]> => Promise.all(some.map((user) => client.as(user).orders()))
  await until('their orders are known to some', async () => (await ordersBy(before)).every((orders) => orders.length === 1))
  const orders = await ordersBy(before)
  before.close()

  await node.kill()
  await node.restart()
  const after = node.operator()
  expect(await after.skuStatus('lamp')).toMatchObject({ available: 0, held: 1, ordered: 0, sold: 600, waiting: 899 })
  const claims = await Promise.all(users.map((user) => after.as(user).claim('lamp')))
  expect(claims.filter((claim) => claim.state === 'paid')).toHaveLength(600)
  expect(claims.filter((claim) => claim.state === 'held')).toHaveLength(1)
  const aheads = claims.flatMap((claim) => (claim.state === 'queued' ? [claim.ahead] : []))
  expect(aheads.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 899 }, (_, ahead) => ahead))
  expect(await ordersBy(after)).toEqual(orders)
  after.close()
  expect(node.log).not.toContain('a snapshot failed')
})
