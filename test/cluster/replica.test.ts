import { afterEach, beforeEach, expect, test } from 'vitest'
import { connectRpc, type RpcClient, SluiceError } from '../../protocol/client/rpc-client.ts'
import type { Code } from '../../protocol/codes.ts'
import type { ClaimState } from '../../protocol/results.ts'
import { Findings } from '../checkers/findings.ts'
import type { LiveBooks } from '../checkers/live-books.ts'
import { RequestCheck } from '../checkers/request-check.ts'
import { RedisServer } from '../servers/redis-server.ts'
import { TcpProxy } from '../servers/tcp-proxy.ts'
import { until } from '../servers/until.ts'
import { checkJournals } from './journal-check.ts'
import { type ClusterMember, secrets, SmallCluster } from './small-cluster.ts'

const skus = ['a', 'b', 'c', 'd', 'e', 'f']
/** So few broadcasts that records are on their way, and not questions whether an epoch stands, when the replica stops. */
const settings = { durability: 'replicas=1', callDeadlineMs: 1_500, tickMs: 10_000 }

let cluster: SmallCluster
/** From the replica to the primary. */
let line: TcpProxy
let replica: RedisServer
let actors: ClusterMember
let shop: RpcClient
let findings: Findings
let requests: RequestCheck

beforeEach(async () => {
  findings = new Findings(Date.now)
  requests = new RequestCheck(findings.complain)
  cluster = await SmallCluster.start()
  line = await TcpProxy.start(cluster.redis.port)
  replica = await RedisServer.start({ replicaOf: cluster.redis, replicaPort: line.port })
  actors = await cluster.ready('actors', settings)
  const gateway = await cluster.ready('gateway', settings)
  shop = connectRpc({ url: gateway.rpcUrl, key: secrets.operatorKey, repeatBusy: false })
  await shop.saleCreate({
    sale: 'drop',
    title: 'Drop',
    opensAt: 0,
    skus: skus.map((sku) => ({ sku, title: sku, priceMinor: 100, stock: 1_000, holdTtlMs: 600_000 })),
  })
})

afterEach(async () => {
  shop.close()
  await cluster.stop()
  await replica.remove()
  await line.close()
})

/** One buy of each SKU; the same `user` asks with the same request ids again. What each is told is remembered. */
function buyEach(user: string): Promise<readonly (ClaimState['state'] | Code)[]> {
  return Promise.all(
    skus.map(async (sku) => {
      const name = `${user}-${sku}`
      requests.asks(name, sku, name)
      const outcome = await shop
        .as(name)
        .buy(sku, { requestId: name })
        .catch((error: unknown) => {
          if (error instanceof SluiceError) return error.code
          throw error
        })
      requests.told(name, sku, name, outcome)
      return typeof outcome === 'string' ? outcome : outcome.state
    }),
  )
}

/** Buys until every shard has found out; only those may be in doubt whose record was on its way. */
async function buyUntilBusy(user: string): Promise<void> {
  let tries = 0
  await until(async () => {
    const outcomes = await buyEach(`${user}-${++tries}`)
    expect(outcomes.filter((outcome) => outcome !== 'BUSY' && outcome !== 'TIMEOUT')).toEqual([])
    return outcomes.every((outcome) => outcome === 'BUSY')
  })
}

function usersIn(books: LiveBooks): readonly string[] {
  return skus.flatMap((sku) => [...(books.sku(sku)?.marks.keys() ?? [])])
}

const all = (state: ClaimState['state'] | Code): readonly string[] => skus.map(() => state)

test('FLT-6 while the replica that answers wait for is stopped, calls are told BUSY; when it is back, they are answered', async () => {
  expect(await buyEach('before')).toEqual(all('held'))
  replica.pause()
  await buyUntilBusy('stopped')
  expect(await buyEach('late')).toEqual(all('BUSY'))
  await expect(shop.as('zoe').claim('a')).rejects.toMatchObject({ code: 'BUSY' })
  replica.resume()
  await until(async () => (await buyEach('late')).every((outcome) => outcome === 'held'))
  expect(await buyEach('stopped-1')).toEqual(all('held'))
  await actors.kill()
  requests.atEnd(await checkJournals(cluster.redis.url, findings.complain))
  expect(findings.problems).toEqual([])
}, 90_000)

test('FLT-7 whoever was told something finds it on the promoted replica, also what was told around a reconnect', async () => {
  expect(await buyEach('before')).toEqual(all('held'))
  line.state = 'held'
  await buyUntilBusy('dark')
  await cluster.redis.ask('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  await actors.says('Redis is there again')
  // What is stored by now on the primary alone is asked for again, by everyone who asked before.
  for (const user of ['dark-1', 'reconnected']) expect((await buyEach(user)).filter((outcome) => outcome === 'held')).toEqual([])
  await actors.kill()
  const onPrimary = await checkJournals(cluster.redis.url, findings.complain)
  await cluster.redis.kill()
  await replica.promote()
  const onReplica = await checkJournals(replica.url, findings.complain)
  requests.atEnd(onReplica)
  expect(findings.problems).toEqual([])
  expect(usersIn(onReplica)).toEqual(skus.map((sku) => `before-${sku}`))
  expect(usersIn(onPrimary).length).toBeGreaterThan(skus.length)
}, 90_000)
