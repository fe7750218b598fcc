import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { NatsServer } from '../../bench/servers/nats-server.ts'
import { freePorts } from '../free-ports.ts'
import { RedisServer } from '../servers/redis-server.ts'
import { until } from '../servers/until.ts'
import { SmallCluster } from './small-cluster.ts'

const roles = ['gateway', 'actors', 'orders'] as const
/** A gateway says that no shard answers when the deadline of its first question is over. */
const waiting = { callDeadlineMs: 500 }

let cluster: SmallCluster
beforeEach(async () => {
  const [port = 0] = await freePorts(1)
  cluster = await SmallCluster.start({ port })
})
afterEach(() => cluster.stop())

describe.each(roles)('the role %s', (role) => {
  test('CLU-10 waits for Redis with a line that says so, and starts when it comes', async () => {
    await cluster.redis.stop()
    const member = cluster.launch(role, waiting)
    await member.says('waiting for Redis')
    await cluster.redis.start()
    if (role === 'gateway') cluster.launch('actors')
    await member.untilReady()
    expect((await member.terminate()).code).toBe(0)
  })

  test('CLU-10 waits for NATS with a line that says so, and starts when it comes', async () => {
    await cluster.nats.halt()
    const member = cluster.launch(role, waiting)
    await member.says('waiting for it')
    await cluster.nats.resume()
    if (role === 'gateway') cluster.launch('actors')
    await member.untilReady()
    expect((await member.terminate()).code).toBe(0)
  })

  test('CLU-11 while it waits it says on its ops port for what, and SIGTERM ends it in order', async () => {
    await cluster.redis.stop()
    const [opsPort = 0] = await freePorts(1)
    const member = cluster.launch(role, { ...waiting, opsPort })
    await member.says('waiting for Redis')
    const ready = await fetch(`http://127.0.0.1:${opsPort}/readyz`)
    expect([ready.status, await ready.text()]).toEqual([503, 'not ready: waiting for Redis\n'])
    expect(await member.terminate()).toMatchObject({ code: 0, err: '' })
  })

  test('CLU-12 a wrong number of shards is one line and a stop', async () => {
    await cluster.redis.ask('HSET', 'sluice:format', 'version', 1, 'inv', 8, 'ses', 8)
    await expectRefusal(role, /its data is parted into 8 inventory and 8 session shards, this node is set to 4/)
  })
})

test('CLU-12 a Redis that may evict is one line and a stop', async () => {
  await cluster.redis.ask('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
  await expectRefusal('actors', /maxmemory-policy is allkeys-lru; set it to noeviction/)
})

test('CLU-12 wrong passwords of Redis and NATS are one line each and a stop, and say no secret', async () => {
  const redis = await RedisServer.start({ password: 'right' })
  const nats = await NatsServer.start({ jetStream: true, user: { name: 'sluice', password: 'right' } })
  try {
    const redisUrl = `redis://:hush@127.0.0.1:${redis.port}`
    const natsUrl = `nats://sluice:hush@127.0.0.1:${nats.port}`
    await expectRefusal('actors', /Redis at 127\.0\.0\.1:\d+ refuses the login/, { SLUICE_REDIS_URL: redisUrl })
    await expectRefusal('gateway', /NATS at nats:\/\/127\.0\.0\.1:\d+ refuses the user, password/, { SLUICE_NATS_URL: natsUrl })
  } finally {
    await redis.remove()
    await nats.stop()
  }
})

test('CLU-12 a NATS without JetStream, which keeps the orders, is one line and a stop', async () => {
  const nats = await NatsServer.start()
  try {
    await expectRefusal('orders', /has no JetStream, which keeps the orders/, { SLUICE_NATS_URL: nats.url })
  } finally {
    await nats.stop()
  }
})

test('CLU-13 gateways without keys of their own take those that Redis keeps, which the first of them makes', async () => {
  const none = { SLUICE_OPERATOR_KEY: '', SLUICE_BACKEND_KEY: '', SLUICE_JWT_SECRET: '' }
  await Promise.all([
    cluster.ready('actors'),
    cluster.ready('gateway', {}, { environment: none }),
    cluster.ready('gateway', {}, { environment: none }),
  ])
  const kept = await cluster.redis.ask('HGETALL', 'sluice:cluster')
  // Four secrets with their names.
  expect(kept).toHaveLength(8)
  await cluster.ready('gateway', {}, { environment: none })
  expect(await cluster.redis.ask('HGETALL', 'sluice:cluster')).toEqual(kept)
})

test('CLU-15 a gateway without actor nodes says that it waits for the shards, lets nobody in, and starts when they come', async () => {
  const [opsPort = 0, rpcPort = 0] = await freePorts(2)
  const gateway = cluster.launch('gateway', { ...waiting, opsPort, rpcPort })
  await gateway.says('no shard answers; waiting for nodes with the role actors')
  const ready = await fetch(`http://127.0.0.1:${opsPort}/readyz`)
  expect([ready.status, await ready.text()]).toEqual([503, 'not ready: waiting for the shards\n'])
  await expect(dialled(rpcPort)).rejects.toThrow('ECONNREFUSED')
  const stopped = cluster.launch('gateway', waiting)
  await stopped.says('no shard answers')
  expect(await stopped.terminate()).toMatchObject({ code: 0, err: '' })
  cluster.launch('actors')
  await gateway.untilReady()
  const client = gateway.operator()
  try {
    await expect(client.sales()).resolves.toEqual([])
    await expect(client.call('sku.get', ['nothing'])).rejects.toMatchObject({ code: 'UNKNOWN_SKU' })
  } finally {
    client.close()
  }
})

test('CLU-14 a second SIGTERM ends a process at once', async () => {
  await cluster.ready('actors')
  const gateway = await cluster.ready('gateway', { drainSeconds: 600 })
  const client = gateway.operator()
  try {
    await client.call('sale.list', [])
    gateway.run.signal('SIGTERM')
    await until(async () => (await fetch(`${gateway.opsUrl}/readyz`)).status === 503)
    expect((await gateway.terminate()).code).toBe(1)
  } finally {
    client.close()
  }
})

/** Rejects with the system's error if nobody listens there. */
async function dialled(port: number): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port })
  try {
    await once(socket, 'connect')
  } finally {
    socket.destroy()
  }
}

async function expectRefusal(role: string, line: RegExp, environment: Readonly<Record<string, string>> = {}): Promise<void> {
  const { code, err, out } = await cluster.launch(role, {}, { environment }).run.finished
  expect(err).toMatch(line)
  expect(err).toMatch(/^sluice: [^\n]+\n$/)
  expect(code).toBe(1)
  expect(out + err).not.toContain('hush')
}
