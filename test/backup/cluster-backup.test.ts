import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test, vi } from 'vitest'
import { openRedisReader } from '../../cluster/redis-reader.ts'
import { Chance } from '../checkers/chance.ts'
import { secrets, type Settings, SmallCluster } from '../cluster/small-cluster.ts'
import type { RushSite } from '../faults/rush.ts'
import { LoggedWorld } from '../servers/logged-world.ts'
import { RedisServer } from '../servers/redis-server.ts'
import { until } from '../servers/until.ts'
import { runSluice } from '../sluice-process.ts'
import { Drill, type DrillReader, drillSettings } from './drill.ts'

vi.setConfig({ testTimeout: 500_000 })
const run = promisify(execFile)
const roomy = { addressRatePerSecond: 1_000_000, addressBurst: 1_000_000, userRatePerSecond: 1_000_000, userBurst: 1_000_000 }
const settings: Settings = { ...roomy, ...drillSettings, leaseMs: 3_000 }

test('BAK-10 a copy of the Redis of a cluster in the middle of a sale, in another Redis, keeps every promise, and no money is taken twice though the order queue lives on', async () => {
  const chance = new Chance()
  chance.announce('a copy of a Redis')
  const folder = await mkdtemp(join(tmpdir(), 'sluice-backup-'))
  const cleanups: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  try {
    const drill = await Drill.start(folder, chance)
    cleanups.push(() => drill.provider.kill())
    const cluster = await SmallCluster.start()
    cleanups.push(() => cluster.stop())
    const first = await started(cluster, drill.environment)
    await drill.rush(first.site)

    // As docs/backup.md says.
    const copy = join(folder, 'copy')
    await mkdir(copy)
    await run('redis-cli', ['-p', String(cluster.redis.port), '--rdb', join(copy, 'dump.rdb')])
    expect(drill.isSelling).toBe(true)
    await drill.finish()
    await first.end()
    await reading(cluster.redis.url, (reader) => drill.end(reader))
    await cluster.redis.kill()

    const redis = await RedisServer.start({ settings: { dir: copy, appendonly: 'no' } })
    cleanups.push(() => redis.remove())
    await redis.ask('CONFIG', 'SET', 'appendonly', 'yes')
    await until(async () => {
      const info = await redis.info()
      return info.get('aof_rewrite_in_progress') === '0' && info.get('aof_rewrite_scheduled') === '0'
    })
    const there = { ...cluster.environment, SLUICE_REDIS_URL: redis.url }
    const restored = await runSluice(['restore', '--redis'], { environment: there })
    expect(restored).toMatchObject({ code: 0, err: '' })
    expect(restored.out).toContain('every unit in one place')

    const second = await started(cluster, { ...drill.environment, SLUICE_REDIS_URL: redis.url })
    const refused = await runSluice(['restore', '--redis'], { environment: there })
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toMatch(/^sluice: cannot use Redis at .*: nodes work on it \(.+\): stop them first; .* try again in \d+ s\n$/)
    await drill.goOn(second.site)
    await second.end()
    expect((await runSluice(['user', 'journey', 'late-0'], { environment: there })).out).toMatch(/lamp: bought\n/)
    const past = await runSluice(['replay', '--sku', 'lamp', '--json'], { environment: there })
    expect(JSON.parse(past.out)).toMatchObject({ sku: 'lamp', held: 0, ordered: 0, waiting: 0 })
    await reading(redis.url, (reader) =>
      drill.judge(reader, (ledger) => runSluice(['orders', 'reconcile', '--ledger', ledger, '--json'], { environment: there })),
    )
  } finally {
    for (const clean of cleanups.toReversed()) await clean()
  }
})

/** Two owners, a worker and a gateway. */
async function started(cluster: SmallCluster, environment: Readonly<Record<string, string>>) {
  const actors = await Promise.all([0, 1].map(() => cluster.ready('actors', settings, { environment })))
  const orders = await cluster.ready('orders', settings, { environment })
  const gateway = await cluster.ready('gateway', settings, { environment })
  const site: RushSite = { doors: [gateway], secrets, tokenOf: (user) => cluster.tokenOf(user) }
  const end = async (): Promise<void> => {
    for (const member of [gateway, orders, ...actors]) expect(await member.terminate()).toMatchObject({ code: 0 })
  }
  return { site, end }
}

async function reading(url: string, use: (reader: DrillReader) => Promise<void>): Promise<void> {
  const reader = await openRedisReader({ url, world: new LoggedWorld() })
  try {
    await use(reader)
  } finally {
    await reader.close()
  }
}
