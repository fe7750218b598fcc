import { afterEach, beforeEach, expect, test } from 'vitest'
import { freePorts } from '../free-ports.ts'
import { until } from '../servers/until.ts'
import { type ClusterMember, SmallCluster } from './small-cluster.ts'

const ready = '200 ready\n'

let cluster: SmallCluster
let members: readonly ClusterMember[]

beforeEach(async () => {
  const [port = 0] = await freePorts(1)
  cluster = await SmallCluster.start({ port })
  members = await Promise.all(['actors', 'orders', 'gateway'].map((role) => cluster.ready(role)))
})
afterEach(() => cluster.stop())

test('FLT-8 /readyz of a node falls while NATS is away, or the Redis that it works with, and rises when it is back', async () => {
  await untilReadyz([ready, ready, ready])
  await cluster.nats.halt()
  await untilReadyz(['NATS', 'NATS', 'NATS'].map(waitingFor))
  expect(await Promise.all(members.map(({ opsUrl }) => fetch(`${opsUrl}/healthz`).then(({ status }) => status)))).toEqual([200, 200, 200])
  await cluster.nats.resume()
  await untilReadyz([ready, ready, ready])
  await cluster.redis.kill()
  await untilReadyz([waitingFor('Redis'), ready, ready])
  await cluster.redis.start()
  await untilReadyz([ready, ready, ready])
}, 120_000)

function waitingFor(server: string): string {
  return `503 not ready: waiting for ${server}\n`
}

async function untilReadyz(wanted: readonly string[]): Promise<void> {
  const readyz = async ({ opsUrl }: ClusterMember): Promise<string> => {
    const response = await fetch(`${opsUrl}/readyz`)
    return `${response.status} ${await response.text()}`
  }
  await until(async () => (await Promise.all(members.map(readyz))).join() === wanted.join(), 30_000)
}
