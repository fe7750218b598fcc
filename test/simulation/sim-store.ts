import type { ArchiveRecord, ShardName, Snapshot, Store } from '../../cluster/store.ts'
import type { JournalSource } from '../../ops/journal/journal-audit.ts'
import type { Reached } from './reached.ts'
import type { Scheduler } from './scheduler.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimProcess } from './sim-process.ts'
import type { Applied, StoreObserver } from './store/store-change.ts'
import { StoreClient } from './store/store-client.ts'
import { StoreLink } from './store/store-link.ts'
import { StoreServer } from './store/store-server.ts'
import { fairWeather, type StoreWeather } from './store/store-weather.ts'
import type { StoreSabotage } from './store/stored-journal.ts'
import type { Loss } from './store/undo-log.ts'
import type { Trace } from './trace.ts'

export interface SimStoreOptions {
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  readonly trace: Trace
  readonly reached: Reached
  /** Of each kind. */
  readonly shards: number
  /** How long a lease runs that nobody renews. */
  readonly leaseMs: number
  readonly sabotage?: StoreSabotage
}

/** Between the death of the store's server and its successor's first answer; more than a second, so that epochs by the clock go on rising. */
const takeOverMs: readonly [number, number] = [1_100, 3_000]

/**
 * The store that all processes of a simulation share, with everything that a Redis far away may do to them:
 *
 *     Store of a process -> its link: late, lost, answered or not -> the server: epochs, chains, snapshots -> the past: what a failover loses
 *
 * Read directly, without time passing, it is what the final checks audit.
 */
export class SimStore implements JournalSource {
  readonly weather: StoreWeather = fairWeather()
  private readonly options: SimStoreOptions
  private readonly server: StoreServer
  private readonly links = new Map<SimProcess, StoreLink>()
  private connections = 0

  constructor(options: SimStoreOptions) {
    this.options = options
    this.server = new StoreServer(options)
  }

  connect(process: SimProcess): Store {
    const { server, weather } = this
    const { scheduler, random, reached } = this.options
    const number = ++this.connections
    const link = new StoreLink({ scheduler, weather, process, random: random.fork(`link ${number}`) })
    this.links.set(process, link)
    process.whenDead(() => this.links.delete(process))
    return new StoreClient({ server, link, weather, process, reached, number })
  }

  observe(observer: StoreObserver): void {
    this.server.observe(observer)
  }

  /** From now on nothing goes wrong any more; what is on its way arrives in its time. */
  healAll(): void {
    Object.assign(this.weather, fairWeather())
    for (const link of this.links.values()) link.heal()
  }

  /** Serves nobody for `ms`. */
  outage(ms: number): void {
    const { scheduler } = this.options
    this.weather.outageUntil = Math.max(this.weather.outageUntil, scheduler.now + ms)
    this.server.trace(`outage for ${ms} ms`)
  }

  /** Requests that this process sends within the next `forMs` take `extraMs` longer: they land late, after it has given up, lost the shard or died. */
  slow(process: SimProcess, extraMs: number, forMs: number): void {
    this.links.get(process)?.slow(extraMs, forMs)
    this.server.trace(`${process.name} is slow by ${extraMs} ms for ${forMs} ms`)
  }

  /** The next record of this process lands `extraMs` late, and all that it asks for after that waits for it; `onSent` hears when it is sent. */
  slowNextWrite(process: SimProcess, extraMs: number, onSent: () => void): void {
    this.links.get(process)?.slowNextWrite(extraMs, () => {
      this.server.trace(`${process.name} sends a record that lands ${extraMs} ms late`)
      onSent()
    })
  }

  /**
   * The server dies, and one takes over that had not received the newest changes; records that were acknowledged may be among them. Serves nobody until it
   * has. Returns what is lost, oldest first; observers are told the same.
   */
  failover(loss: Loss): readonly Applied[] {
    this.outage(this.options.random.between(...takeOverMs))
    return this.server.failOver(loss)
  }

  get shards(): readonly ShardName[] {
    return this.server.names
  }

  async *readArchive(shard: ShardName): AsyncIterable<ArchiveRecord> {
    yield* this.server.shard(shard).journal.archive()
  }

  async readSnapshot(shard: ShardName): Promise<Snapshot | undefined> {
    return this.server.shard(shard).readSnapshot(false)
  }

  /** A user's cold record as it is now; undefined if there is none or it has expired. */
  coldRecord(shard: ShardName, key: string): Uint8Array | undefined {
    return this.server.shard(shard).get(key, this.options.scheduler.now)
  }
}
