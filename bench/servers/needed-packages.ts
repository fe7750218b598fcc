import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { BenchFault } from '../bench-fault.ts'
import type { PeerName } from './peer.ts'

/** Where Debian has nginx's modules, and the Lua packages with C in them by the kind of machine. */
export const nginxModules = '/usr/lib/nginx/modules'
const luaFolders = ['/usr/lib/x86_64-linux-gnu/lua/5.1', '/usr/lib/aarch64-linux-gnu/lua/5.1']
const postgresVersions = '/usr/lib/postgresql'

/** A Debian package, and how to see that it is there. */
interface Package {
  readonly name: string
  readonly isThere: () => boolean
}

const redis: Package = { name: 'redis-server', isThere: () => isOnPath('redis-server') }
const nats: Package = { name: 'nats-server', isThere: () => isOnPath('nats-server') }
const postgres: Package = { name: 'postgresql', isThere: () => postgresFolder() !== undefined }
const nginx: readonly Package[] = [
  { name: 'nginx', isThere: () => isOnPath('nginx') },
  { name: 'libnginx-mod-http-lua', isThere: () => existsSync(join(nginxModules, 'ngx_http_lua_module.so')) },
  { name: 'lua-cjson', isThere: () => luaFolders.some((folder) => existsSync(join(folder, 'cjson.so'))) },
]

const neededBy: Readonly<Record<PeerName, readonly Package[]>> = {
  sluice: [],
  cluster: [nats, redis],
  redis: [redis],
  fastify: [redis],
  nginx: [...nginx, redis],
  'postgres-update': [postgres],
  'postgres-skip-locked': [postgres],
}

/** The Debian packages that these peers need and this machine has not. */
export function missingPackages(peers: Iterable<PeerName>): readonly string[] {
  const needed = new Set([...peers].flatMap((peer) => neededBy[peer]))
  return [...needed].filter(({ isThere }) => !isThere()).map(({ name }) => name)
}

/** Says what to install before anything is started, rather than after minutes of a race. Throws a {@link BenchFault}. */
export function requirePackages(peers: Iterable<PeerName>): void {
  const missing = missingPackages(peers)
  if (missing.length > 0) throw new BenchFault(`not installed: ${missing.join(', ')}; on Debian: apt-get install ${missing.join(' ')}`)
}

/** Where the programs of the newest PostgreSQL are: Debian keeps `initdb` and `postgres` off the path. */
export function postgresFolder(): string | undefined {
  if (!existsSync(postgresVersions)) return undefined
  const versions = readdirSync(postgresVersions).toSorted((a, b) => Number(b) - Number(a))
  return versions.map((version) => join(postgresVersions, version, 'bin')).find((folder) => existsSync(join(folder, 'initdb')))
}

function isOnPath(program: string): boolean {
  // Debian has servers in /usr/sbin, which is on the path of root alone.
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  return folders.some((folder) => existsSync(join(folder, program)))
}
