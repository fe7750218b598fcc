import { RedisErrorReply, unusableFault } from './redis-faults.ts'
import { fieldsReply, textReply } from './redis-replies.ts'
import type { RedisConnection } from './redis.ts'
import { StoreFault } from './store.ts'

/**
 * When a record counts as stored. `fsync`: Redis has synced it (AOF always). `everysec`: Redis has it in memory and syncs soon; a crash of the server may
 * lose the last second or two. `replicas`: that many replicas have it in memory too; it survives if one of these is promoted.
 */
export type RedisDurability = 'fsync' | 'everysec' | { readonly replicas: number }

/** What a Redis server says of itself. */
export interface ServerFacts {
  readonly version: string
  readonly isLoading: boolean
  readonly isReplica: boolean
  readonly isCluster: boolean
  readonly usedBytes: number
  /** 0 if there is none. */
  readonly limitBytes: number
  readonly machineBytes: number
}

/** Its settings, by their names in redis.conf. */
export type ServerSettings = ReadonlyMap<string, string>

const oldestVersion = [7, 0] as const
const fullShare = 0.8
const settingNames = ['maxmemory-policy', 'appendonly', 'appendfsync', 'no-appendfsync-on-rewrite', 'min-replicas-to-write'] as const

/** Asks a server for what decides whether it can keep a store; rejects with a `StoreFault` if it cannot, or not now. Resolves with what to warn of. */
export async function checkServer(connection: RedisConnection, durability: RedisDurability): Promise<readonly string[]> {
  const facts = await checkServerState(connection)
  const settings = await readSettings(connection)
  const reason = settingsFault(settings, durability)
  if (reason !== undefined) throw unusableFault(connection.where, reason)
  return [memoryWarning(facts), replicasWarning(settings, durability)].filter((warning) => warning !== undefined)
}

/** What has to hold for reading too. */
export async function checkServerState(connection: RedisConnection): Promise<ServerFacts> {
  const facts = serverFacts(textReply(await connection.send(['INFO', 'everything'])))
  const reason = versionFault(facts)
  if (reason !== undefined) throw unusableFault(connection.where, reason)
  if (facts.isLoading) throw new StoreFault('STORE_FAILED', `Redis at ${connection.where} is still loading its data`)
  if (facts.isReplica) throw new StoreFault('STORE_FAILED', `Redis at ${connection.where} is a replica, not the primary`)
  return facts
}

export function serverFacts(info: string): ServerFacts {
  const fields = new Map<string, string>()
  for (const line of info.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1))
  }
  return {
    version: fields.get('redis_version') ?? '',
    isLoading: fields.get('loading') === '1',
    isReplica: fields.get('role') === 'slave',
    isCluster: fields.get('cluster_enabled') === '1',
    usedBytes: Number(fields.get('used_memory') ?? 0),
    limitBytes: Number(fields.get('maxmemory') ?? 0),
    machineBytes: Number(fields.get('total_system_memory') ?? 0),
  }
}

export function versionFault({ version, isCluster }: ServerFacts): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor, oldestMinor] = oldestVersion
  if (!(major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)))
    return `its version is ${version === '' ? 'unknown' : version}, and ${oldestVersion.join('.')} is the oldest that will do`
  // Its shards answer one by one, so that one WAIT would not speak for all of them.
  return isCluster ? 'it is a Redis Cluster; use a primary with replicas and Sentinels' : undefined
}

/** Why a server with these settings cannot keep what it promises, and what to set. */
export function settingsFault(settings: ServerSettings, durability: RedisDurability): string | undefined {
  const wanted = (name: string, value: string, why: string): string | undefined =>
    settings.get(name) === value ? undefined : `${name} is ${settings.get(name) ?? 'unknown'}; set it to ${value}, for ${why}`
  const policy = wanted('maxmemory-policy', 'noeviction', 'a full Redis would throw journals away')
  const appendOnly = wanted('appendonly', 'yes', 'a Redis that starts again would be empty')
  if (policy !== undefined || appendOnly !== undefined) return policy ?? appendOnly
  if (durability === 'fsync') {
    const why = 'the durability is fsync'
    return wanted('appendfsync', 'always', why) ?? wanted('no-appendfsync-on-rewrite', 'no', why)
  }
  return settings.get('appendfsync') === 'no' ? wanted('appendfsync', 'everysec', 'nobody could say how much a crash loses') : undefined
}

export type Memory = Pick<ServerFacts, 'usedBytes' | 'limitBytes' | 'machineBytes'>

/** What there is for it: its maxmemory, or all of the machine's. */
export function limitOf({ limitBytes, machineBytes }: Memory): number {
  return limitBytes === 0 ? machineBytes : limitBytes
}

export function memoryWarning(memory: Memory): string | undefined {
  const { usedBytes, limitBytes } = memory
  const limit = limitOf(memory)
  if (usedBytes > limit * fullShare) return `Redis uses ${mebi(usedBytes)} MB of its ${mebi(limit)} MB of memory`
  return limitBytes === 0 ? 'Redis has no maxmemory: set it, so that it refuses writes before the machine runs out of memory' : undefined
}

export function replicasWarning(settings: ServerSettings, durability: RedisDurability): string | undefined {
  if (typeof durability === 'string') return undefined
  const { replicas } = durability
  const fewest = Number(settings.get('min-replicas-to-write') ?? 0)
  if (fewest >= replicas) return undefined
  return `min-replicas-to-write is ${fewest}: set it to ${replicas}, so that a primary without replicas refuses at once`
}

async function readSettings(connection: RedisConnection): Promise<ServerSettings> {
  try {
    return fieldsReply(await connection.send(['CONFIG', 'GET', ...settingNames]))
  } catch (error) {
    if (!(error instanceof RedisErrorReply)) throw error
    throw unusableFault(
      connection.where,
      `its settings cannot be read, so nobody knows what it promises: allow CONFIG GET (${error.message})`,
    )
  }
}

function mebi(bytes: number): number {
  return Math.round(bytes / 1024 / 1024)
}
