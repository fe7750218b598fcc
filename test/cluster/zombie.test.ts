import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import type { ShardBroadcast } from '../../protocol/broadcast.ts'
import { Findings } from '../checkers/findings.ts'
import { TcpProxy } from '../servers/tcp-proxy.ts'
import { until } from '../servers/until.ts'
import { BusObserver } from './bus-observer.ts'
import { checkJournals } from './journal-check.ts'
import { type ClusterMember, SmallCluster } from './small-cluster.ts'

const program = fileURLToPath(new URL('./zombie-main.js', import.meta.url))
const shards = 4
/** Long enough to do something between two broadcasts, and shorter than the sleep. */
const tickMs = 2_000
/** Each shard's only record until the line is held. */
const configuredSeq = 1

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean()
})

test('FLT-5 an owner that wakes up without a look at its lease is fenced by Redis: nothing that it held leaves, and it gives its shards up', async () => {
  const cluster = await SmallCluster.start()
  cleanups.push(() => cluster.stop())
  const line = await TcpProxy.start(cluster.redis.port)
  cleanups.push(() => line.close())
  const environment = { SLUICE_REDIS_URL: `redis://127.0.0.1:${line.port}` }
  const zombie = await cluster.ready('actors', { tickMs }, { environment, program })
  const observer = await BusObserver.connect(cluster.nats.url, shards)
  cleanups.push(() => observer.close())
  const skus = observer.skuOfEach()
  await Promise.all(skus.map((sku) => observer.configure(sku, 100)))
  const epochs = new Set((await observer.nodes()).flatMap((node) => node.shards.map(({ epoch }) => epoch)))

  // One record of each shard gets no further than the line, and one batch waits behind it.
  const heard: string[] = []
  const buyUnheard = (user: string): void => {
    for (const sku of skus) void observer.buy(sku, `${user}-${sku}`).then((claim) => heard.push(JSON.stringify(claim)))
  }
  const ticked = observer.broadcasts.length
  await until(() => shardsOf(observer.broadcasts.slice(ticked)).size === shards)
  line.state = 'held'
  const taken = await metric(zombie, 'sluice_shard_commands_total{kind="inv"}')
  buyUnheard('early')
  await until(async () => (await metric(zombie, 'sluice_shard_commands_total{kind="inv"}')) > taken)
  zombie.run.signal('SIGSTOP')
  buyUnheard('asleep')

  const heir = await cluster.ready('actors', { tickMs })
  const late = await Promise.all(skus.map((sku) => observer.buyUntilAnswered(sku, `late-${sku}`)))
  expect(late).toMatchObject(skus.map(() => ({ state: 'held' })))
  const before = observer.broadcasts.length
  line.state = 'open'
  zombie.run.signal('SIGCONT')
  for (const sku of skus.keys()) await zombie.says(lossOf(sku))
  expect(await fencedOf(zombie)).toBeGreaterThanOrEqual(shards)
  // Whoever has the shards now tells of them.
  await until(() => shardsOf(observer.broadcasts.slice(before).filter(({ epoch }) => !epochs.has(epoch))).size === shards)
  // The store may have confirmed a broadcast just before the line was held: of what was configured, and of nothing that was held.
  const told = observer.broadcasts.slice(before).filter(({ epoch, toSeq }) => epochs.has(epoch) && toSeq > configuredSeq)
  expect(told).toEqual([])
  expect(heard).toEqual([])

  await Promise.all([zombie.kill(), heir.kill()])
  const { complain, problems } = new Findings(Date.now)
  const books = await checkJournals(cluster.redis.url, complain)
  expect(problems).toEqual([])
  expect(skus.flatMap((sku) => [...(books.sku(sku)?.marks.keys() ?? [])])).toEqual(skus.map((sku) => `late-${sku}`))
}, 120_000)

function shardsOf(broadcasts: readonly ShardBroadcast[]): ReadonlySet<number> {
  return new Set(broadcasts.map(({ shard }) => shard))
}

function lossOf(shard: number): RegExp {
  return new RegExp(`"shard":"inv\\.${shard}".*belongs to another owner now.*"a shard was lost"`)
}

/** 0 for what was never counted. */
async function fencedOf({ opsUrl }: ClusterMember): Promise<number> {
  const page = await (await fetch(`${opsUrl}/metrics`)).text()
  return [...page.matchAll(/^sluice_shards_fenced_total\{.*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0)
}

async function metric({ opsUrl }: ClusterMember, name: string): Promise<number> {
  const page = await (await fetch(`${opsUrl}/metrics`)).text()
  const line = page.split('\n').find((one) => one.startsWith(`${name} `))
  return Number(line?.slice(name.length + 1) ?? 0)
}
