import type { OrderNews } from '../../actors/inventory/ended-order.ts'
import { openRedisStore } from '../../cluster/redis-store.ts'
import { shardName } from '../../cluster/store.ts'
import { createLog } from '../../ops/log.ts'
import { realWorld } from '../../ops/world.ts'
import { op } from '../../protocol/entry.ts'
import { hashText, shardOfHash } from '../../protocol/hash.ts'
import { formatOrderId, parseSkuId, parseUserId } from '../../protocol/ids.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import { BenchFault } from '../bench-fault.ts'
import { startBenchRedis } from '../servers/bench-redis.ts'
import { askRedis } from '../servers/redis-client.ts'
import { SessionStage, shardCount } from './session-stage.ts'
import type { UsersOptions } from './users-options.ts'

const usersAtOnce = 4_096
const expiriesLooked = 1_000
const gateway = packInner({ gateway: 'sluice.gw.bench' })
const dayMs = 86_400_000

export interface ColdUsers {
  readonly users: number
  readonly ordersEach: number
  readonly visitsEach: number
  readonly redis: string
  /** Memory of Redis for each user, record, key and expiry, and the bytes of one record. */
  readonly bytesPerUser: number
  readonly recordBytes: number
  /** Users' histories per second that were acknowledged as durable and written behind. */
  readonly usersPerSecond: number
  /** Of those looked at, the soonest and the latest to be forgotten. */
  readonly expiresInDays: readonly [soonest: number, latest: number]
  /** ms until the history of a user who is not in memory is told. */
  readonly readMs: { readonly p50: number; readonly p99: number }
}

/** Lets so many users come by and order, and measures what is left of them when nobody asks for them any more. */
export async function measureColdUsers(options: UsersOptions, tell: (line: string) => void): Promise<ColdUsers> {
  const redis = await startBenchRedis('everysec', false)
  const world = realWorld(createLog({ level: 'warn', pretty: true, colours: false }))
  const shards = { inv: shardCount, ses: shardCount }
  const url = `redis://127.0.0.1:${redis.port}`
  // Without an archive, whose memory is the journal's and not that of cold users.
  const store = await openRedisStore({ url, durability: 'everysec', shards, archiveDays: 0, world, leaseMs: 3_600_000 })
  try {
    const stage = await SessionStage.start(store, world)
    const before = await usedMemory(redis.port)
    const since = performance.now()
    await fill(stage, options, tell)
    await stage.settle()
    const seconds = (performance.now() - since) / 1_000
    const bytesPerUser = Math.round(((await usedMemory(redis.port)) - before) / options.users)
    const record = await store.getRecord(shardName('ses', shardOf(0)), `user/${nameOf(0)}`)
    const expiresInDays = await expiries(redis.port, options.users)
    const readMs = await readCold(stage, options)
    await stage.close()
    return {
      ...{ users: options.users, ordersEach: options.orders, visitsEach: 1, redis: `Redis ${redis.version}, ${redis.durability}` },
      ...{ bytesPerUser, recordBytes: record?.length ?? 0, usersPerSecond: Math.round(options.users / seconds), expiresInDays, readMs },
    }
  } finally {
    await store.close()
    await redis.stop()
  }
}

async function fill(stage: SessionStage, { users, orders }: UsersOptions, tell: (line: string) => void): Promise<void> {
  let next = 0
  const one = async (): Promise<void> => {
    for (let index = next++; index < users; index = next++) {
      const user = nameOf(index)
      await stage.ask({ op: op.attach, user, payload: gateway })
      for (let order = 0; order < orders; order++) await stage.ask({ op: op.orderNews, user, payload: packInner(orderOf(index, order)) })
      await stage.ask({ op: op.detach, user, payload: gateway })
      if ((index + 1) % 100_000 === 0) tell(`${(index + 1).toLocaleString('en-US')} users`)
    }
  }
  await Promise.all(Array.from({ length: usersAtOnce }, one))
}

async function readCold(stage: SessionStage, { users, reads, orders }: UsersOptions): Promise<ColdUsers['readMs']> {
  const took: number[] = []
  for (let read = 0; read < reads; read++) {
    const user = nameOf(Math.floor(Math.random() * users))
    const since = performance.now()
    const told = await stage.ask({ op: op.userHistory, user, payload: packInner({ after: null, limit: 100 }) })
    took.push(performance.now() - since)
    if (entriesIn(told) !== orders + 1) throw new BenchFault(`the history of ${user} has ${entriesIn(told)} entries`)
  }
  took.sort((a, b) => a - b)
  const at = (share: number): number => Number((took[Math.floor(took.length * share)] ?? 0).toFixed(2))
  return { p50: at(0.5), p99: at(0.99) }
}

async function expiries(port: number, users: number): Promise<readonly [number, number]> {
  let [soonest, latest] = [Infinity, 0]
  for (let look = 0; look < expiriesLooked; look++) {
    const index = Math.floor((look * users) / expiriesLooked)
    const leftMs = Number(await askRedis(port, 'PTTL', `{ses:${shardOf(index)}}:record:user/${nameOf(index)}`))
    if (!(leftMs > 0)) throw new BenchFault(`the record of ${nameOf(index)} is not there, or is kept for good`)
    soonest = Math.min(soonest, leftMs)
    latest = Math.max(latest, leftMs)
  }
  return [Number((soonest / dayMs).toFixed(3)), Number((latest / dayMs).toFixed(3))]
}

async function usedMemory(port: number): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await askRedis(port, 'INFO', 'memory'))?.[1])
}

/** Sixteen bytes, as ids of shops are about. */
function nameOf(index: number): string {
  return `customer${index.toString().padStart(8, '0')}`
}

function shardOf(index: number): number {
  return shardOfHash(hashText(nameOf(index)), shardCount)
}

function orderOf(index: number, number: number): OrderNews {
  const [sku, user] = [parseSkuId(`thing-${number}`), parseUserId(nameOf(index))]
  if (sku === undefined || user === undefined) throw new BenchFault('a name of the bench is none')
  const order = formatOrderId({ sku, incarnation: 'bench1abcdef', claim: index + 1 })
  return { sku, user, order, claim: index + 1, qty: 1, amountMinor: 4_900, currency: 'EUR', state: 'paid', updatedAt: Date.now() }
}

function entriesIn(told: unknown): number {
  return typeof told === 'object' && told !== null && 'entries' in told && Array.isArray(told.entries) ? told.entries.length : 0
}
