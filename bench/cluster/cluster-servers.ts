import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../servers/free-ports.ts'
import type { ClusterFolder } from './cluster-folder.ts'
import { type Launch, type Ready, together } from './cluster-member.ts'
import type { ClusterPlan } from './cluster-options.ts'

/** What the nodes are told of the servers. */
export interface ServerUrls {
  readonly natsUrls: readonly string[]
  readonly redisUrl: string
}

/** Starts the NATS servers and Redis with its replicas, all at once; `launch` knows what it has started when another fails. */
export async function startServers(options: ClusterPlan, folder: ClusterFolder, launch: Launch): Promise<ServerUrls> {
  const nats = startNats(options.nats, folder, launch)
  const redis = startRedis(options, folder, launch)
  await Promise.allSettled([nats, redis])
  return { natsUrls: await nats, redisUrl: await redis }
}

/** Redis takes no port 0, and members of a NATS cluster know each other's before they start: so ports are chosen here. */
async function startNats(count: number, folder: ClusterFolder, launch: Launch): Promise<readonly string[]> {
  const ports = await freePorts(2 * count)
  const clients = ports.slice(0, count)
  const routes = ports.slice(count)
  await together(
    clients.map(async (port, i) => {
      const name = `nats-${i + 1}`
      const file = join(folder.of(name), 'nats.conf')
      writeFileSync(file, natsConfiguration(name, port, folder.of(name), count === 1 ? [] : routes, routes[i]))
      await launch(
        {
          name,
          kind: 'server',
          path: 'nats-server',
          args: ['-c', file],
          install: 'install it, on Debian with: apt-get install nats-server',
        },
        (line) => (line.includes('Server is ready') ? serverAt(port) : undefined),
      )
    }),
  )
  return clients.map((port) => `nats://127.0.0.1:${port}`)
}

function natsConfiguration(name: string, port: number, folder: string, routes: readonly number[], route = 0): string {
  const lines = [`server_name: ${name}`, `listen: "127.0.0.1:${port}"`, `jetstream { store_dir: "${folder}" }`]
  if (routes.length > 0) {
    const urls = routes.map((one) => `"nats://127.0.0.1:${one}"`).join(', ')
    lines.push(`cluster { name: sluice, listen: "127.0.0.1:${route}", routes: [${urls}] }`)
  }
  return `${lines.join('\n')}\n`
}

async function startRedis({ durability, replicas }: ClusterPlan, folder: ClusterFolder, launch: Launch): Promise<string> {
  const [primary = 0, ...others] = await freePorts(1 + replicas)
  const synced = durability === 'fsync' ? 'always' : 'everysec'
  const start = (name: string, port: number, more: readonly string[], ready: string): Promise<unknown> => {
    const kept = [
      '--dir',
      folder.of(name),
      '--appendonly',
      'yes',
      '--appendfsync',
      synced,
      '--save',
      '',
      '--maxmemory-policy',
      'noeviction',
    ]
    const args = ['--bind', '127.0.0.1', '--port', String(port), ...kept, ...more]
    const command = { name, path: 'redis-server', args, install: 'install it, on Debian with: apt-get install redis-server' }
    return launch({ ...command, kind: 'server' }, (line) => (line.includes(ready) ? serverAt(port) : undefined))
  }
  await start('redis-1', primary, ['--min-replicas-to-write', String(replicas)], 'Ready to accept connections')
  const replicaOf = ['--replicaof', '127.0.0.1', String(primary)]
  await together(others.map((port, i) => start(`redis-${i + 2}`, port, replicaOf, 'sync: Finished with success')))
  return `redis://127.0.0.1:${primary}`
}

function serverAt(port: number): Ready {
  return { ports: { web: 0, ops: 0, rpc: 0, server: port } }
}
