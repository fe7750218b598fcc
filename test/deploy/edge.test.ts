import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startChromium } from '../browser/chromium.ts'
import { type ClusterMember, SmallCluster } from '../cluster/small-cluster.ts'
import { freePorts } from '../free-ports.ts'
import { until } from '../servers/until.ts'
import { NginxServer } from './nginx-server.ts'
import { ClusterShopper, countedBy } from './shop-before-nginx.ts'

// The whole edge: browsers, a second nginx as the CDN, nginx, two gateways, and a cluster behind them.

const sale = {
  sale: 'drop',
  title: 'Drop',
  opensAt: 0,
  skus: ['lamp', 'chair'].map((sku) => ({
    sku,
    title: sku,
    image: `/pictures/${sku}.svg`,
    priceMinor: 9_900,
    stock: 1,
    holdTtlMs: 600_000,
  })),
}
const skus = sale.skus.map(({ sku }) => sku)

let cluster: SmallCluster
let browser: Browser
let nginx: NginxServer
let cdn: NginxServer
let gateways: readonly [ClusterMember, ClusterMember]

beforeAll(async () => {
  const [[cdnPort = 0, ...webPorts], started, opened] = await Promise.all([freePorts(3), SmallCluster.start(), startChromium()])
  cluster = started
  browser = opened
  const settings = { trustedProxies: '127.0.0.1', assetOrigin: `http://127.0.0.1:${cdnPort}`, drainSeconds: 0 }
  const ready = (port: number): Promise<ClusterMember> => cluster.ready('gateway', { ...settings, webPort: port })
  const members = await Promise.all([ready(webPorts[0] ?? 0), ready(webPorts[1] ?? 0), cluster.ready('actors'), cluster.ready('orders')])
  gateways = [members[0], members[1]]
  nginx = await NginxServer.start({ gateways: webPorts })
  // What a CDN does with assets is what nginx does with them: it asks for them once and keeps them.
  cdn = await NginxServer.start({ gateways: [nginx.port], port: cdnPort })
  const rpc = gateways[0].operator()
  await rpc.saleCreate(sale)
  rpc.close()
  for (const gateway of gateways) await until(async () => 'sold' in (await countedBy(gateway, 'sluice_sku_units', 'state')))
})

afterAll(async () => {
  await browser?.close()
  await cdn?.stop()
  await nginx?.stop()
  await cluster?.stop()
})

function visit(user: string): Promise<ClusterShopper> {
  return ClusterShopper.arrive(browser, cluster, user, sale.sale, skus)
}

async function reads(): Promise<Readonly<Record<string, number>>> {
  const [one, two] = await Promise.all(gateways.map((gateway) => countedBy(gateway, 'sluice_reads_total', 'subject')))
  return Object.fromEntries(Object.entries(one ?? {}).map(([subject, count]) => [subject, count + (two?.[subject] ?? 0)]))
}

test('NGX-7 a sale is played in a browser through nginx and two gateways, and scripts, styles and pictures come from the asset origin', async () => {
  const [ann, bob] = [await visit('ann'), await visit('bob')]
  const [hers, his] = [await ann.open(nginx.url), await bob.open(nginx.url)]
  await hers.buy('lamp')
  await hers.is('lamp', 'held')
  await his.buy('lamp')
  await his.is('lamp', 'queued')
  await hers.pay('lamp')
  await hers.is('lamp', 'paid')
  await his.is('lamp', 'soldout')
  for (const shopper of [ann, bob]) {
    expect(shopper.complaints).toEqual([])
    const origins = shopper.asked.map(({ url }) => [/\.(js|css|svg)$/.test(url), new URL(url).origin])
    expect(origins.filter(([isAsset, origin]) => origin !== (isAsset === true ? cdn.url : nginx.url))).toEqual([])
    expect(origins.filter(([isAsset]) => isAsset === true).length).toBeGreaterThan(25)
    expect(shopper.asked.filter(({ status }) => status !== 200 && status !== 101)).toEqual([])
    await shopper.leave()
  }
  // Two browsers asked for everything, and each thing was asked of the gateways once.
  const { asset = 0 } = await reads()
  const different = new Set([...ann.asked, ...bob.asked].map(({ url }) => url).filter((url) => url.startsWith(cdn.url)))
  expect(asset).toBe(different.size)
}, 120_000)

test('NGX-8 reads and assets come from the cache of nginx, and gateways see a fraction of them', async () => {
  const page = await (await fetch(nginx.url)).text()
  const style = /href="([^"]+\.css)"/.exec(page)?.[1] ?? ''
  const paths = ['/v1/sales', '/v1/sales/drop', '/v1/skus/lamp', '/', new URL(style).pathname]
  const before = await reads()
  const seen = new Map<string, number>()
  const rounds = 40
  const began = performance.now()
  for (let n = 0; n < rounds; n++) {
    await Promise.all(
      paths.map(async (path) => {
        const answer = await fetch(`${nginx.url}${path}`)
        await answer.arrayBuffer()
        const kind = `${answer.status} ${answer.headers.get('x-cache')}`
        seen.set(kind, (seen.get(kind) ?? 0) + 1)
      }),
    )
  }
  const seconds = (performance.now() - began) / 1_000
  expect([...seen.keys()].filter((kind) => !/^200 (HIT|MISS|EXPIRED|STALE|UPDATING|REVALIDATED)$/.test(kind))).toEqual([])
  expect(seen.get('200 HIT')).toBeGreaterThan(rounds)
  const after = await reads()
  // Once a second for each of them at most, however often they are asked for.
  for (const subject of ['sales', 'sale', 'sku', 'page']) {
    const asked = (after[subject] ?? 0) - (before[subject] ?? 0)
    expect(asked, subject).toBeLessThanOrEqual(Math.ceil(seconds) + 2)
  }
  expect((after['asset'] ?? 0) - (before['asset'] ?? 0)).toBe(0)
}, 60_000)

test('NGX-9 a gateway is killed while pages load and somebody waits: no page fails, and who waits keeps the place at the other', async () => {
  const rpc = gateways[0].operator()
  const other = gateways[1].operator()
  await rpc.as('first').buy('chair')
  await rpc.as('second').buy('chair')
  const cat = await visit('cat')
  const shop = await cat.open(nginx.url)
  await shop.buy('chair')
  await shop.is('chair', 'queued')
  await shop.isAhead('chair', 1)
  const hers = ((await countedBy(gateways[0], 'sluice_connections_open', 'transport'))['ws'] ?? 0) > 0 ? 0 : 1
  const survivor = hers === 0 ? other : rpc
  const place = await survivor.as('cat').claim('chair')
  expect(place).toMatchObject({ state: 'queued', ahead: 1 })

  const failed: string[] = []
  const over = new AbortController()
  let loads = 0
  const loading = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!over.signal.aborted) {
        // The second and the last come from a gateway each time.
        for (const path of ['/', '/index.html', '/v1/sales', '/v1/skus/chair', '/app.js']) {
          const { status } = await fetch(`${nginx.url}${path}`)
          loads++
          if (status !== 200) failed.push(`${path} ${status}`)
        }
      }
    }),
  )
  await until(() => loads > 40)
  await gateways[hers].kill()
  await shop.isConnected('offline')
  await shop.isConnected('online')
  await shop.is('chair', 'queued')
  const killedAt = loads
  await until(() => loads > killedAt + 100)
  const dan = await visit('dan')
  await (await dan.open(nginx.url)).is('chair', 'open')
  over.abort()
  await loading
  expect(failed).toEqual([])
  expect(await survivor.as('cat').claim('chair')).toMatchObject(place.state === 'queued' ? { state: 'queued', ticket: place.ticket } : {})
  await survivor.as('second').leave('chair')
  await shop.isAhead('chair', 0)
  for (const shopper of [cat, dan]) await shopper.leave()
  rpc.close()
  other.close()
}, 120_000)
