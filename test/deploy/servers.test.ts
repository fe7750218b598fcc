import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { ServerProcess } from '../../bench/servers/server-process.ts'
import { TempFolder } from '../../bench/servers/temp-folder.ts'
import { openRedisStore } from '../../cluster/redis-store.ts'
import { all, appended, opened, shard, textsOf } from '../../cluster/store-bench.ts'
import { journalStart, type Store } from '../../cluster/store.ts'
import { freePorts } from '../free-ports.ts'
import { LoggedWorld } from '../servers/logged-world.ts'
import { until } from '../servers/until.ts'
import { exampleVariables, projectFolder, readComposeFile } from './compose-file.ts'

const run = promisify(execFile)
const deployFolder = join(projectFolder, 'ops/deploy')
const password = '0123456789abcdef0123456789abcdef'
const ends: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

function folderOf(name: string): string {
  const folder = new TempFolder(name)
  ends.push(() => folder.remove())
  return folder.path
}

/** Runs a program as a container would, in a folder of its own, until the test is over or `kill` is called. */
async function start(path: string, args: readonly string[], ready: RegExp, environment: Readonly<Record<string, string>> = {}) {
  const { process: server } = await ServerProcess.start(
    { name: path, path, args, environment, install: 'scripts/install-servers.sh does' },
    (line) => (ready.test(line) ? true : undefined),
  )
  ends.push(() => server.kill())
  return server
}

test('DEP-8 NATS takes its command lines and its configuration', async () => {
  const { services } = readComposeFile(Object.fromEntries(exampleVariables().map((name) => [name, password])))
  const folder = folderOf('nats')
  const file = join(folder, 'nats.conf')
  writeFileSync(file, readFileSync(join(deployFolder, 'nats/nats.conf'), 'utf8').replace('"/data"', JSON.stringify(join(folder, 'data'))))
  for (const name of ['nats-1', 'nats-2', 'nats-3']) {
    const command = (services[name]?.command ?? []).map((word) => (word === '/etc/nats/nats.conf' ? file : word))
    expect(command).toContain(file)
    const { stderr } = await run('nats-server', [...command, '-t'])
    expect(stderr).toContain('configuration file')
  }
})

/** A configuration of ours, but on a port of this machine that only this machine reaches. */
function localCopy(folder: string, name: string, usual: number, port: number): string {
  const path = join(folder, `from-${name}`)
  const text = readFileSync(join(deployFolder, 'redis', name), 'utf8')
  writeFileSync(path, text.replace(`port ${usual}`, `port ${port}\nbind 127.0.0.1`))
  return path
}

async function startRedis(folder: string, port: number, ...replicaOf: readonly string[]): Promise<ServerProcess> {
  const script = join(deployFolder, 'redis/start-redis.sh')
  const words = [script, localCopy(folder, 'redis.conf', 6379, port), ...replicaOf]
  return start('sh', ['-c', 'cd "$0" && exec sh "$@"', folder, ...words], /Ready to accept connections/, { REDIS_PASSWORD: password })
}

test('DEP-9 Redis, its replica and three Sentinels start from our files, Sluice keeps replicas=1 there, and a failover loses nothing of it', async () => {
  const [port = 0, replicaPort = 0, ...sentinelPorts] = await freePorts(5)
  const folder = folderOf('redis-1')
  const primary = await startRedis(folder, port)
  await startRedis(folderOf('redis-2'), replicaPort, '127.0.0.1', String(port))
  for (const sentinelPort of sentinelPorts) {
    const own = folderOf('sentinel')
    const words = [localCopy(own, 'sentinel.conf', 26_379, sentinelPort), 'sluice', '127.0.0.1', String(port)]
    const script = join(deployFolder, 'redis/start-sentinel.sh')
    await start('sh', ['-c', 'cd "$0" && exec sh "$@"', own, script, ...words], /Sentinel ID is/, { REDIS_PASSWORD: password })
  }
  await until(async () => (await info(port)).includes('connected_slaves:1') && (await info(replicaPort)).includes('master_link_status:up'))
  await until(async () => (await Promise.all(sentinelPorts.map(sentinelsAgree))).every(Boolean))

  const hosts = sentinelPorts.map((one) => `127.0.0.1:${one}`).join(',')
  const world = new LoggedWorld()
  const open = async (): Promise<Store> => {
    const options = { url: `redis+sentinel://:${password}@${hosts}/sluice`, durability: { replicas: 1 }, archiveDays: 30, world } as const
    const store = await openRedisStore({ ...options, shards: { inv: 2, ses: 2 } })
    ends.push(() => store.close())
    return store
  }
  const store = await open()
  await appended(store, await opened(store), ['one', 'two'])
  await store.close()
  expect(world.logged.filter(({ level }) => level !== 'info')).toEqual([])

  await primary.kill()
  await until(async () => (await info(replicaPort)).includes('role:master'), 60_000)
  // The old primary comes back knowing nothing of it, and learns whom to follow.
  await startRedis(folder, port)
  await until(async () => (await info(port)).includes('master_link_status:up'), 60_000)
  const after = await open()
  expect(textsOf(await all(after.readTail(shard, journalStart)))).toEqual(['one', 'two'])
}, 180_000)

function info(port: number): Promise<string> {
  return ask(port, ['-a', password, '--no-auth-warning', 'info', 'replication'])
}

/** Each Sentinel knows the two others and the replica, without which there is no failover. */
async function sentinelsAgree(port: number): Promise<boolean> {
  return /slaves=1,sentinels=3/.test(await ask(port, ['info', 'sentinel']))
}

/** Nothing from a server that is away, or changes its role and closes all connections for that. */
async function ask(port: number, words: readonly string[]): Promise<string> {
  return run('redis-cli', ['-p', String(port), ...words]).then(
    ({ stdout }) => stdout,
    () => '',
  )
}
