import { afterEach, beforeEach, expect, test } from 'vitest'
import { SmallCluster } from '../cluster/small-cluster.ts'
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
    const skus = ['lamp', 'shoe'].map((sku) => ({ sku, title: sku, priceMinor: 9_900, stock: 10, holdTtlMs: 60_000 }))
    await rpc.saleCreate({ sale: 'drop', title: 'Drop', opensAt: 0, skus })
    for (const { sku } of skus) {
      await rpc.as('ann').buy(sku)
      await rpc.as('ann').checkout(sku, 'card-1')
    }
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
