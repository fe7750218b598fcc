import { openRedisStore, type RedisStoreOptions } from '../cluster/redis-store.ts'
import type { StoreBench } from '../cluster/store-bench.ts'
import type { Store } from '../cluster/store.ts'
import { LoggedWorld } from './servers/logged-world.ts'
import type { RedisServer } from './servers/redis-server.ts'

/** One Redis, emptied, and stores over it. */
export class RedisBench implements StoreBench {
  /** Longer than a test takes, and shorter than records are kept in one. */
  readonly leaseMs = 30_000
  readonly world = new LoggedWorld()
  readonly #server: RedisServer
  readonly #options: Partial<RedisStoreOptions>
  readonly #stores: Store[] = []

  private constructor(server: RedisServer, options: Partial<RedisStoreOptions>) {
    this.#server = server
    this.#options = options
  }

  static async fresh(server: RedisServer, options: Partial<RedisStoreOptions> = {}): Promise<RedisBench> {
    await server.ask('FLUSHALL')
    return new RedisBench(server, options)
  }

  async open(more: Partial<RedisStoreOptions> = {}): Promise<Store> {
    const { url, tls } = this.#server
    const store = await openRedisStore({
      url,
      ...(tls === undefined ? {} : { tls }),
      durability: 'fsync',
      shards: { inv: 2, ses: 2 },
      archiveDays: 30,
      world: this.world,
      leaseMs: this.leaseMs - 1,
      ...this.#options,
      ...more,
    })
    this.#stores.push(store)
    return store
  }

  pass(ms: number): Promise<void> {
    return this.#server.pass(ms)
  }

  async close(): Promise<void> {
    for (const store of this.#stores.splice(0)) await store.close()
  }
}
