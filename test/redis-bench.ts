import { openRedisStore, type RedisStoreOptions } from '../cluster/redis-store.ts'
import type { StoreBench } from '../cluster/store-bench.ts'
import { type Store, StoreFault } from '../cluster/store.ts'
import { LoggedWorld } from './servers/logged-world.ts'
import type { RedisServer } from './servers/redis-server.ts'
import { until } from './servers/until.ts'

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

/** The fault that a call ends with; rejects if it ends with none. */
export async function faultOf(call: Promise<unknown>): Promise<StoreFault> {
  const outcome = await call.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (outcome instanceof StoreFault) return outcome
  throw new Error('expected a fault of the store', { cause: outcome })
}

/** Repeats a call for as long as the store cannot tell its outcome. */
export async function persist<T>(call: () => Promise<T>): Promise<T> {
  const outcomes: T[] = []
  await until(async () => {
    try {
      outcomes.push(await call())
    } catch (error) {
      if (!(error instanceof StoreFault && error.code === 'STORE_FAILED')) throw error
    }
    return outcomes.length > 0
  })
  const [outcome] = outcomes
  if (outcome === undefined) throw new Error('a call without an outcome')
  return outcome
}
