import type { MetricSink, MetricSource } from './metrics.ts'
import { awaySinceOf, type Reachable } from './reachable.ts'
import { checkFormat } from './redis-format.ts'
import { RedisJournalReader } from './redis-journal-reader.ts'
import { journalScripts, RedisJournal } from './redis-journal.ts'
import { RedisLeases, leaseScripts } from './redis-leases.ts'
import { RedisLink } from './redis-link.ts'
import { recordScripts, RedisRecords } from './redis-records.ts'
import { ReplicaSender } from './redis-replicas.ts'
import { textReply } from './redis-replies.ts'
import type { RedisScript } from './redis-scripts.ts'
import { checkServer, limitOf, type Memory, memoryWarning, type RedisDurability, serverFacts } from './redis-server-checks.ts'
import { RedisSnapshots, snapshotScripts } from './redis-snapshots.ts'
import { parseRedisUrl } from './redis-url.ts'
import type { RedisConnection, RedisLimits, RedisTls } from './redis.ts'
import {
  type ArchiveRecord,
  type JournalRecord,
  journalStart,
  type Lease,
  type Opened,
  partsOfName,
  type Position,
  type RewriteRecord,
  type ShardCounts,
  type ShardName,
  type Snapshot,
  type Store,
} from './store.ts'
import type { Timer, World } from './world.ts'

export interface RedisStoreOptions {
  /** {@link parseRedisUrl} says in which forms. */
  readonly url: string
  readonly tls?: RedisTls
  readonly durability: RedisDurability
  /** Fixed by the first store over this Redis. */
  readonly shards: ShardCounts
  /** How long trimmed records stay readable; 0 keeps none. */
  readonly archiveDays: number
  readonly world: World
  readonly leaseMs?: number
  /** How long replicas may take to confirm a batch. */
  readonly replicasMs?: number
  readonly limits?: Partial<RedisLimits>
  /** Gives up waiting for a Redis that is away at the start. */
  readonly signal?: AbortSignal
}

export const redisLimits: RedisLimits = { connectMs: 5000, requestMs: 3000, commandsMax: 65_536 }
const leaseMsDefault = 3000
const replicasMsDefault = 1000
const dayMs = 86_400_000
const memoryLookMs = 60_000

/**
 * The store in Redis. Two connections: one for what answers wait for, so that no long answer is in its way, and one for the rest. Waits for a Redis that
 * is away; rejects with a `StoreFault` of one line if it cannot be used as it is.
 */
export async function openRedisStore(options: RedisStoreOptions): Promise<Store & MetricSource & Reachable> {
  const { durability, shards, world, signal } = options
  const link = {
    address: parseRedisUrl(options.url),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    world,
    limits: { ...redisLimits, ...options.limits },
  }
  const check = async (connection: RedisConnection, scripts: readonly RedisScript[]): Promise<readonly string[]> => {
    const warnings = await checkServer(connection, durability)
    await checkFormat(connection, shards)
    await Promise.all(scripts.map(({ text }) => connection.send(['SCRIPT', 'LOAD', text])))
    return warnings
  }
  const checkJournal = async (connection: RedisConnection): Promise<void> => {
    const warnings = await check(connection, [...journalScripts, ...recordScripts])
    for (const warning of warnings) world.log.warn({ redis: connection.where }, warning)
  }
  const checkSide = async (connection: RedisConnection): Promise<void> => {
    await check(connection, [...leaseScripts, ...snapshotScripts])
  }
  const journal = await RedisLink.open({ ...link, name: 'sluice-journal', check: checkJournal }, signal)
  try {
    const side = await RedisLink.open({ ...link, name: 'sluice-side', check: checkSide }, signal)
    return new RedisStore(options, journal, side)
  } catch (error) {
    await journal.close()
    throw error
  }
}

class RedisStore implements Store, MetricSource, Reachable {
  readonly #shards: ShardCounts
  readonly #world: World
  readonly #links: readonly RedisLink[]
  readonly #side: RedisLink
  readonly #leases: RedisLeases
  readonly #journal: RedisJournal
  readonly #reader: RedisJournalReader
  readonly #snapshots: RedisSnapshots
  readonly #records: RedisRecords
  readonly #memoryLook: Timer
  /** At the last look. */
  #memory: Memory = { usedBytes: 0, limitBytes: 0, machineBytes: 0 }

  constructor(options: RedisStoreOptions, journal: RedisLink, side: RedisLink) {
    const { durability, world, leaseMs = leaseMsDefault, replicasMs = replicasMsDefault } = options
    const commits = typeof durability === 'string' ? journal : new ReplicaSender(journal, world.timers, durability.replicas, replicasMs)
    this.#shards = options.shards
    this.#world = world
    this.#links = [journal, side]
    this.#side = side
    this.#leases = new RedisLeases(side, leaseMs, world.random)
    this.#journal = new RedisJournal(commits, world.log)
    this.#reader = new RedisJournalReader(side)
    this.#snapshots = new RedisSnapshots(side, this.#reader, world, options.archiveDays * dayMs)
    this.#records = new RedisRecords(side, commits)
    this.#memoryLook = world.timers.every(memoryLookMs, () => this.#lookAtMemory(true))
    // Whoever checked the new connection has warned.
    this.#lookAtMemory(false)
  }

  get awaySince(): number | undefined {
    return awaySinceOf(this.#links)
  }

  async claim(shard: ShardName, owner: string): Promise<Lease | 'taken'> {
    return this.#leases.claim(this.#known(shard), owner)
  }

  async renew(shard: ShardName, epoch: number): Promise<Lease | 'lost'> {
    return this.#leases.renew(this.#known(shard), epoch)
  }

  async release(shard: ShardName, epoch: number): Promise<void> {
    await this.#leases.release(this.#known(shard), epoch)
  }

  async open(shard: ShardName, epoch: number, known?: Position): Promise<Opened | 'fenced'> {
    if ((await this.#journal.open(this.#known(shard), epoch)) === 'fenced') return 'fenced'
    if (known !== undefined) return { snapshot: undefined, tail: this.#reader.tail(shard, known) }
    const snapshot = await this.#reader.snapshot(shard)
    return { snapshot, tail: this.#reader.tail(shard, snapshot?.position ?? journalStart) }
  }

  async append(shard: ShardName, position: Position, record: Uint8Array): Promise<'stored' | 'fenced'> {
    return this.#journal.append(this.#known(shard), position, record)
  }

  async confirm(shard: ShardName, last: Position): Promise<'stands' | 'fenced'> {
    return this.#journal.confirm(this.#known(shard), last)
  }

  readTail(shard: ShardName, after: Position): AsyncIterable<JournalRecord> {
    return this.#reader.tail(this.#known(shard), after)
  }

  async readSnapshot(shard: ShardName): Promise<Snapshot | undefined> {
    return this.#reader.snapshot(this.#known(shard))
  }

  async writeSnapshot(shard: ShardName, snapshot: Snapshot): Promise<'stored' | 'older'> {
    return this.#snapshots.write(this.#known(shard), snapshot)
  }

  readArchive(shard: ShardName): AsyncIterable<ArchiveRecord> {
    return this.#reader.archive(this.#known(shard))
  }

  rewriteArchive(shard: ShardName, rewrite: RewriteRecord): Promise<number> {
    return this.#snapshots.rewriteArchive(this.#known(shard), rewrite)
  }

  async getRecord(shard: ShardName, key: string): Promise<Uint8Array | undefined> {
    return this.#records.get(this.#known(shard), key)
  }

  async putRecord(shard: ShardName, epoch: number, key: string, bytes: Uint8Array, ttlMs: number): Promise<'stored' | 'fenced'> {
    return this.#records.put(this.#known(shard), epoch, key, bytes, ttlMs)
  }

  async deleteRecord(shard: ShardName, epoch: number, key: string): Promise<'deleted' | 'fenced'> {
    return this.#records.delete(this.#known(shard), epoch, key)
  }

  collect(sink: MetricSink): void {
    for (const { name, awaySince, reconnects } of this.#links) {
      const labels = { link: name }
      sink.gauge('sluice_store_connected', 'Whether the connection to Redis stands', awaySince === undefined ? 1 : 0, labels)
      sink.counter('sluice_store_reconnects_total', 'Connections to Redis that were lost and made again', reconnects, labels)
    }
    sink.gauge('sluice_store_used_bytes', 'Memory that Redis uses, or disk that the data folder takes', this.#memory.usedBytes)
    sink.gauge('sluice_store_limit_bytes', 'Memory that Redis may use, or disk that the data folder may take', limitOf(this.#memory))
    sink.counter('sluice_store_losses_total', 'Shards of which Redis had lost records that it had acknowledged', this.#journal.losses)
  }

  async close(): Promise<void> {
    this.#memoryLook.cancel()
    await Promise.all(this.#links.map((link) => link.close()))
  }

  #known(name: ShardName): ShardName {
    const { kind, shard } = partsOfName(name)
    if (!(shard < this.#shards[kind])) throw new Error(`there is no shard ${name}`)
    return name
  }

  #lookAtMemory(warns: boolean): void {
    const { log } = this.#world
    this.#side.send(['INFO', 'memory']).then(
      (info) => {
        this.#memory = serverFacts(textReply(info))
        const warning = memoryWarning(this.#memory)
        if (warns && warning !== undefined) log.warn({ redis: this.#side.where }, warning)
      },
      (error: unknown) => log.debug({ error }, 'could not ask how much memory Redis uses'),
    )
  }
}
