import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { connectSocket } from '../../protocol/client/socket-client.ts'
import { freePorts } from '../free-ports.ts'
import { until } from '../servers/until.ts'
import { BuyStream } from './buy-stream.ts'
import { SmallCluster } from './small-cluster.ts'

let cluster: SmallCluster

beforeEach(async () => {
  cluster = await SmallCluster.start()
})
afterEach(() => cluster.stop())

const sale = (stock: number) => ({
  sale: 'drop',
  title: 'Drop',
  opensAt: 0,
  skus: [{ sku: 'shoe', title: 'Shoe', priceMinor: 9_900, stock, holdTtlMs: 60_000 }],
})

test('CLU-1 three roles as three processes sell a sale to services and to sockets, down to the last unit', async () => {
  const [, , gateway] = await Promise.all([cluster.ready('actors'), cluster.ready('orders'), cluster.ready('gateway')])
  const rpc = gateway.operator()
  const shop = connectSocket({ url: gateway.socketUrl, token: cluster.tokenOf('bob'), WebSocket })
  try {
    await rpc.saleCreate(sale(2))
    expect(await rpc.as('ann').buy('shoe')).toMatchObject({ state: 'held' })
    expect(await shop.buy('shoe')).toMatchObject({ state: 'held' })
    await rpc.as('ann').checkout('shoe', 'card-1')
    await shop.checkout('shoe', 'card-2')
    await until(async () => (await rpc.skuStatus('shoe')).sold === 2)
    await expect(rpc.as('cat').buy('shoe')).rejects.toMatchObject({ code: 'SOLD_OUT' })
  } finally {
    rpc.close()
    shop.close()
  }
}, 60_000)

test('CLU-2 while one of two actor nodes ends by SIGTERM no call fails, and what was held stays held', async () => {
  const [leaving, gateway] = [await cluster.ready('actors'), await cluster.ready('gateway')]
  await cluster.ready('actors')
  const rpc = gateway.operator()
  const skus = ['a', 'b', 'c', 'd', 'e', 'f'].map((sku) => ({ sku, title: sku, priceMinor: 100, stock: 1_000_000, holdTtlMs: 600_000 }))
  await rpc.saleCreate({ sale: 'drop', title: 'Drop', opensAt: 0, skus })
  const stream = new BuyStream(
    rpc,
    skus.map(({ sku }) => sku),
  )
  try {
    await until(() => stream.done > 200)
    const { code, out } = await leaving.terminate()
    expect(code).toBe(0)
    expect(out).toContain('a shard was handed over')
    const before = stream.done
    await until(() => stream.done > before + 200)
    await stream.end()
    expect(stream.failures).toEqual([])
    const statuses = await Promise.all(skus.map(({ sku }) => rpc.skuStatus(sku)))
    expect(statuses.reduce((held, status) => held + status.held, 0)).toBe(stream.done)
  } finally {
    await stream.end()
    rpc.close()
  }
}, 60_000)

test('CLU-3 snapshots are made beside the owner, out of what Redis keeps', async () => {
  const [actors, gateway] = [await cluster.ready('actors', { snapshotEveryBytes: 65_536 }), await cluster.ready('gateway')]
  const rpc = gateway.operator()
  await rpc.saleCreate(sale(1_000_000))
  const stream = new BuyStream(rpc, ['shoe'])
  try {
    await actors.says('a snapshot was stored')
    expect(actors.run.log).not.toContain('a snapshot failed')
  } finally {
    await stream.end()
    rpc.close()
  }
}, 60_000)

test('CLU-4 while one of two gateways ends by SIGTERM no call of its clients fails: they go to the other', async () => {
  const [webPort = 0] = await freePorts(1)
  const rates = { userRatePerSecond: 100_000, userBurst: 100_000, addressRatePerSecond: 100_000, addressBurst: 100_000 }
  const shared = { ...rates, webPort, shareWebPort: 'yes', drainSeconds: 1 }
  await cluster.ready('actors')
  const [leaving, staying] = [await cluster.ready('gateway', shared), await cluster.ready('gateway', shared)]
  const rpc = staying.operator()
  await rpc.saleCreate(sale(1_000_000))
  // The operator's gateway knows the sale at once, the other from its next broadcast.
  const other = leaving.operator()
  await until(async () => (await other.sales()).length === 1)
  other.close()
  const streams = Array.from({ length: 16 }, (_, index) => {
    const shop = connectSocket({ url: staying.socketUrl, token: cluster.tokenOf(`user-${index}`), WebSocket })
    return { shop, stream: new BuyStream({ as: () => shop }, ['shoe'], 1) }
  })
  const done = (): number => streams.reduce((sum, { stream }) => sum + stream.done, 0)
  try {
    await until(() => done() > 100)
    expect((await leaving.terminate()).code).toBe(0)
    const before = done()
    await until(() => done() > before + 100)
    await Promise.all(streams.map(({ stream }) => stream.end()))
    expect(streams.flatMap(({ stream }) => stream.failures)).toEqual([])
  } finally {
    await Promise.all(streams.map(({ stream }) => stream.end()))
    for (const { shop } of streams) shop.close()
    rpc.close()
  }
}, 60_000)
