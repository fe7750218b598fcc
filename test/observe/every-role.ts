import type { RpcClient } from '../../protocol/client/rpc-client.ts'
import { SmallCluster } from '../cluster/small-cluster.ts'
import { ProviderServer } from '../payment/provider-server.ts'
import { RunningNode } from '../running-node.ts'
import { until } from '../servers/until.ts'

/** What a scrape shows of each role of a cluster, and of a process that is all of them, with everything in use that has metrics. */
export interface ScrapedRoles {
  readonly embedded: string
  readonly gateway: string
  readonly actors: string
  /** By the simulated provider, and by an HTTP provider. */
  readonly orders: readonly [string, string]
}

const secret = 'between-the-two-of-us-and-nobody-else'
/** Who buys something; in no metric. */
export const shopper = 'wilhelmina'
const gatewaySettings = { admitPerSecond: 1_000 }
/** Nobody is there; what is counted is there all the same. */
const office = { SLUICE_OFFICE_URL: 'http://127.0.0.1:9', SLUICE_OFFICE_SECRET: secret }

export async function scrapeEveryRole(): Promise<ScrapedRoles> {
  const embedded = await scrapeEmbedded()
  const cluster = await SmallCluster.start()
  const provider = await ProviderServer.start({ secret })
  try {
    const [actors, gateway, simulating] = await Promise.all([
      cluster.ready('actors', {}, { environment: office }),
      cluster.ready('gateway', gatewaySettings),
      cluster.ready('orders', {}, { environment: office }),
    ])
    const rpc = gateway.operator()
    try {
      await sellOne(rpc)
      await until(async () => (await pageOf(simulating.opsUrl)).includes('sluice_simulated_balance_minor{'))
    } finally {
      rpc.close()
    }
    const environment = { ...office, SLUICE_PAYMENT_URL: provider.url, SLUICE_PAYMENT_SECRET: secret }
    const asking = await cluster.ready('orders', { paymentProvider: 'http' }, { environment })
    return {
      embedded,
      gateway: await pageOf(gateway.opsUrl),
      actors: await pageOf(actors.opsUrl),
      orders: [await pageOf(simulating.opsUrl), await pageOf(asking.opsUrl)],
    }
  } finally {
    await cluster.stop()
    await provider.stop()
  }
}

async function scrapeEmbedded(): Promise<string> {
  const node = await RunningNode.start({ settings: { shards: 2, simulatedDelayMs: 10, ...gatewaySettings }, environment: office })
  try {
    const rpc = node.operator()
    await sellOne(rpc)
    rpc.close()
    return await pageOf(node.opsUrl)
  } finally {
    await node.stop()
  }
}

async function sellOne(rpc: RpcClient): Promise<void> {
  await rpc.saleCreate({ sale: 'drop', title: 'Drop', opensAt: 0, skus: [{ sku: 'shoe', title: 'Shoe', priceMinor: 9_900, stock: 5 }] })
  await until(async () => (await rpc.skuStatus('shoe')).state === 'open')
  await rpc.as(shopper).buy('shoe')
  await rpc.as(shopper).checkout('shoe', 'tok_ok')
  await until(async () => (await rpc.skuStatus('shoe')).sold === 1)
}

export async function pageOf(opsUrl: string): Promise<string> {
  return (await fetch(`${opsUrl}/metrics`)).text()
}
