import { afterAll, beforeAll, expect, test } from 'vitest'
import { InventoryRig } from '../../actors/testing/inventory-rig.ts'
import { openRedisMembers } from '../../cluster/redis-members.ts'
import { openRedisStore } from '../../cluster/redis-store.ts'
import { runProgram } from '../../ops/cli/program.ts'
import { RecordingTerminal } from '../../ops/cli/recording-terminal.ts'
import { LoggedWorld } from '../servers/logged-world.ts'
import { RedisServer } from '../servers/redis-server.ts'
import { until } from '../servers/until.ts'

const longMs = 3_600_000
const shards = { inv: 1, ses: 1 }
let server: RedisServer

beforeAll(async () => {
  server = await RedisServer.start()
})
afterAll(() => server.remove())

test('BAK-11 restore --redis leaves a Redis alone on which nodes work, and then gives every shard a newer epoch and no owner', async () => {
  const world = new LoggedWorld()
  expect((await restore()).err).toMatch(/^sluice: cannot use Redis at .*: no node has kept anything in it\n$/)
  const options = { url: server.url, durability: 'fsync', shards, archiveDays: 30, world, leaseMs: longMs } as const
  const store = await openRedisStore(options)
  const members = await openRedisMembers({ url: server.url, world })
  try {
    const lease = await store.claim('inv.0', 'first')
    if (lease === 'taken') throw new Error('the shard is taken')
    await store.open('inv.0', lease.epoch)
    const { journal } = bought()
    for (const [i, bytes] of journal.entries()) await store.append('inv.0', { epoch: lease.epoch, seq: i + 1 }, bytes)

    await members.beat({ name: 'node-1', state: 'up' }, 1_500)
    const refused = await restore()
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toMatch(/nodes work on it \(node-1\): stop them first; .* try again in [12] s\n$/)
    expect(await store.renew('inv.0', lease.epoch)).not.toBe('lost')

    // As that of a copy whose nodes live elsewhere: its word is over soon.
    await until(async () => (await restore()).code === 0)
    const least = Math.floor(Date.now() / 1000 - 20) * 2 ** 20
    expect(Number(await server.ask('HGET', '{ses:0}:state', 'last'))).toBeGreaterThan(least)
    expect(await store.append('inv.0', { epoch: lease.epoch, seq: journal.length + 1 }, new Uint8Array(24))).toBe('fenced')
    const next = await store.claim('inv.0', 'second')
    expect(next === 'taken' ? 0 : next.epoch).toBeGreaterThan(Math.max(lease.epoch, least))
    const again = await restore('--json')
    expect(JSON.parse(again.out)).toMatchObject({ report: { problemCount: 0, skus: [{ sku: 'shoe', held: 1 }] } })
  } finally {
    await members.close()
    await store.close()
  }
})

function bought(): InventoryRig {
  const rig = new InventoryRig()
  rig.configure()
  rig.buy('ann')
  return rig
}

async function restore(...words: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const terminal = new RecordingTerminal(process.cwd(), false, { SLUICE_REDIS_URL: server.url })
  const code = await runProgram(['restore', '--redis', ...words], terminal, () => Promise.reject(new Error('no node is started here')))
  return { code, out: terminal.printed, err: terminal.complained }
}
