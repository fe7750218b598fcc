import { afterEach, beforeEach, expect, test } from 'vitest'
import { endedContent } from '../../actors/back-office/office-content.ts'
import { JetStreamQueue } from '../../cluster/jetstream-queue.ts'
import type { RpcClient } from '../../protocol/client/rpc-client.ts'
import { SmallCluster } from '../cluster/small-cluster.ts'
import { recordedWorld } from '../recorded-world.ts'
import { OfficeServer } from './office-server.ts'

const secret = 'of-the-back-office-and-nobody-else-here'
const withinMs = { timeout: 60_000 }

let office: OfficeServer
let cluster: SmallCluster

beforeEach(async () => {
  office = await OfficeServer.start(secret)
  cluster = await SmallCluster.start()
})
afterEach(async () => {
  await cluster.stop()
  await office.stop()
})

async function get(url: string): Promise<string> {
  return (await fetch(url)).text()
}

/** Ann buys a lamp and a shoe. */
async function buyTwo(rpc: RpcClient): Promise<void> {
  const skus = ['lamp', 'shoe'].map((sku) => ({ sku, title: sku, priceMinor: 9_900, stock: 10, holdTtlMs: 60_000 }))
  await rpc.saleCreate({ sale: 'drop', title: 'Drop', opensAt: 0, skus })
  for (const { sku } of skus) {
    await rpc.as('ann').buy(sku)
    await rpc.as('ann').checkout(sku, 'card-1')
  }
}

test('OFF-15 in a cluster, ends are kept by one process and brought by another, also when their keeper was killed', async () => {
  office.mood = 'fails'
  const told = { environment: { SLUICE_OFFICE_URL: office.url } }
  const tells = { environment: { ...told.environment, SLUICE_OFFICE_SECRET: secret } }
  const [keeper, gateway] = await Promise.all([
    cluster.ready('actors', {}, told),
    cluster.ready('gateway'),
    cluster.ready('orders', { officeDeadlineMs: 500 }, tells),
  ])
  const rpc = gateway.operator()
  try {
    await buyTwo(rpc)
    await expect.poll(() => office.asked, withinMs).toBeGreaterThanOrEqual(2)
    await keeper.kill()
    office.mood = 'takes'
    await cluster.ready('actors', {}, told)
    await expect
      .poll(() => Array.from(office.taken.values(), ({ sku, state }) => `${sku} ${state}`).toSorted(), withinMs)
      .toEqual(['lamp paid', 'shoe paid'])
    expect(office.wrong).toBe(0)
  } finally {
    rpc.close()
  }
}, 120_000)

test('OFF-16 a shop takes the ends out of a stream by itself, and what it does not acknowledge comes again', async () => {
  const environment = { environment: { SLUICE_OFFICE_STREAM: 'yes' } }
  const [, gateway, orders] = await Promise.all([
    cluster.ready('actors', {}, environment),
    cluster.ready('gateway'),
    cluster.ready('orders', {}, environment),
  ])
  const rpc = gateway.operator()
  const stream = await JetStreamQueue.connect({ servers: [cluster.nats.url], name: 'shop', world: recordedWorld() }, endedContent)
  try {
    await buyTwo(rpc)
    const taken = new Map<string, string>()
    let asked = 0
    stream.consume(1, async ({ order: { end, sku, state } }) => {
      if (++asked === 1) throw new Error('the warehouse is closed')
      taken.set(end, `${sku} ${state}`)
    })
    await expect.poll(() => [...taken.values()].toSorted(), withinMs).toEqual(['lamp paid', 'shoe paid'])
    expect(asked).toBe(3)
    // Having looked what is dead, it knows what is owed.
    const owed = async () => [await get(`${orders.opsUrl}/orders/dead`), await get(`${orders.opsUrl}/metrics`)].join('\n')
    await expect.poll(owed, withinMs).toMatch(/^sluice_office_owed 0$/m)
  } finally {
    await stream.close()
    rpc.close()
  }
}, 120_000)
