import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { until } from '../servers/until.ts'
import { ClusterRun } from './cluster-run.ts'

const runs: ClusterRun[] = []
const small = ['--gateways', '1', '--actors', '1', '--orders', '1'] as const
/** For every node: few shards start soon, and nobody is there to be drained. */
const settings = ['--', '--shards', '2', '--drain-seconds', '0', '--simulated-delay-ms', '10'] as const

afterEach(async () => {
  for (const run of runs.splice(0)) await run.interrupt()
})

async function start(words: readonly string[]): Promise<ClusterRun> {
  const run = await ClusterRun.start([...words, ...settings])
  runs.push(run)
  return run
}

/** A person pays for the only unit of a sale. */
async function sellOne(run: ClusterRun): Promise<void> {
  const rpc = await run.operator()
  try {
    await rpc.saleCreate({ sale: 'drop', title: 'Drop', opensAt: 0, skus: [{ sku: 'lamp', title: 'Lamp', priceMinor: 4_900, stock: 1 }] })
    expect(await rpc.as('ann').buy('lamp')).toMatchObject({ state: 'held' })
    await rpc.as('ann').checkout('lamp', 'card-1')
    await until(async () => (await rpc.skuStatus('lamp')).sold === 1)
  } finally {
    rpc.close()
  }
}

test('DEP-11 npm run cluster sells, keeps a log of every process, and Ctrl-C leaves nothing behind', async () => {
  const run = await start(small)
  expect(run.processes.map(({ name }) => name)).toEqual(['gateway-1', 'actors-1', 'orders-1', 'nats-1', 'redis-1'])
  await sellOne(run)
  expect(await run.left()).toHaveLength(5)
  for (const { log } of run.processes) expect(readFileSync(log, 'utf8')).not.toBe('')
  expect(await run.interrupt()).toEqual({ code: 0, err: '' })
  expect(await run.left()).toEqual([])
  expect(existsSync(run.addresses.folder)).toBe(false)
}, 90_000)

test('DEP-12 a process that dies is named with its log, which stays, and the rest stops', async () => {
  const run = await start(small)
  const { folder, actors } = run.addresses
  const [{ pid, log } = { pid: 0, log: '' }] = actors
  process.kill(pid, 'SIGKILL')
  const { code, err } = await run.finished
  expect({ code, err }).toEqual({ code: 1, err: `cluster: actors-1 (pid ${pid}) has ended by itself: SIGKILL; its log: ${log}\n` })
  expect(await run.left()).toEqual([])
  expect(readFileSync(log, 'utf8')).toContain('"ready"')
  await rm(folder, { recursive: true, force: true })
}, 90_000)

test('DEP-13 a folder of its own keeps what was sold, for one cluster at a time: here with three NATS servers and a replica of Redis', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-kept-'))
  try {
    const words = [...small, '--folder', folder, '--nats', '3', '--durability', 'replicas=1']
    const run = await start(words)
    expect(run.addresses.servers.map(({ name }) => name)).toEqual(['nats-1', 'nats-2', 'nats-3', 'redis-1', 'redis-2'])
    await sellOne(run)
    expect(await ClusterRun.finish(['--folder', folder])).toEqual({
      code: 1,
      err: `cluster: another cluster runs in ${folder}; choose another folder with --folder\n`,
    })
    expect(await run.interrupt()).toMatchObject({ code: 0 })
    const again = await start(words)
    const rpc = await again.operator()
    await until(async () => (await rpc.skuStatus('lamp')).sold === 1)
    rpc.close()
    await again.interrupt()
    expect(existsSync(join(folder, 'logs/redis-2.log'))).toBe(true)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 120_000)

test.each([
  [['--gateways', '0'], "'--gateways <count>' argument '0' is invalid. It must be a whole number from 1 to 32."],
  [['--nats', '2'], "'--nats <count>' argument '2' is invalid. It must be 1, or 3 or more."],
  [
    ['--durability', 'replicas'],
    "'--durability <level>' argument 'replicas' is invalid. It must be fsync, everysec or replicas=n with n from 1 to 5.",
  ],
])('DEP-14 a wrong option is one line, and nothing starts: %j', async (words, line) => {
  const { code, err } = await ClusterRun.finish(words)
  expect({ code, err }).toEqual({ code: 2, err: `cluster: option ${line}\n` })
})

test('DEP-14 a node that cannot start stops the cluster with its reason', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-refused-'))
  const { code, err } = await ClusterRun.finish([...small, '--folder', folder, '--', '--shards', 'many'])
  expect(code).toBe(1)
  expect(err).toContain('ended with status 2 before it was ready')
  expect(err).toContain('shards: "many" from --shards is not allowed')
  await rm(folder, { recursive: true, force: true })
}, 60_000)
