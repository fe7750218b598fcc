import type { LmdbEnv } from './lmdb.ts'
import { lostFolder } from './shard-snapshots.ts'
import type { Clock } from './world.ts'

/**
 * Single records by key, each with the time when it expires as its version: reading one sees at once whether it is still good, and a
 * sweep deletes it only if it was not renewed meanwhile.
 */
const keyBytesMax = 512
const sweptMax = 256

export class ColdRecords {
  readonly #env: LmdbEnv
  readonly #clock: Clock
  /** Where the next sweep goes on. */
  #sweepFrom: Uint8Array = Buffer.of(0)

  constructor(env: LmdbEnv, clock: Clock) {
    this.#env = env
    this.#clock = clock
  }

  get(key: string): Uint8Array | undefined {
    this.#env.fresh()
    const entry = this.#env.records.getVersioned(recordKey(key))
    return entry === undefined || (entry.version ?? 0) <= this.#clock.now() ? undefined : entry.value
  }

  /** False, with nothing changed, if `term` does not own the folder any more. */
  put(term: number, key: string, bytes: Uint8Array, ttlMs: number): Promise<boolean> {
    const expiresAt = this.#clock.now() + ttlMs
    const keyBytes = recordKey(key)
    return this.#env.write(term, () => this.#env.records.put(keyBytes, bytes, expiresAt))
  }

  /** Like {@link put}. */
  delete(term: number, key: string): Promise<boolean> {
    const keyBytes = recordKey(key)
    return this.#env.clear(term, () => this.#env.records.remove(keyBytes))
  }

  /** Looks at the next few records and deletes those that have expired; starts over at the end. */
  async sweep(term: number): Promise<void> {
    this.#env.fresh()
    const seen = this.#env.records.versions(this.#sweepFrom, sweptMax)
    const last = seen.at(-1)
    this.#sweepFrom = last === undefined || seen.length < sweptMax ? Buffer.of(0) : Buffer.concat([last.key, Buffer.of(0)])
    const now = this.#clock.now()
    const expired = seen.filter((record) => record.version <= now)
    if (expired.length === 0) return
    const remove = (): void => {
      for (const { key, version } of expired) this.#env.records.removeVersion(key, version)
    }
    if (!(await this.#env.clear(term, remove))) throw lostFolder()
  }
}

function recordKey(key: string): Buffer {
  const bytes = Buffer.from(key)
  if (bytes.length === 0 || bytes.length > keyBytesMax) throw new Error(`a record key has 1 to ${keyBytesMax} bytes`)
  return bytes
}
