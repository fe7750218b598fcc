import type { LmdbEnv } from './lmdb.ts'
import { lostFolder } from './shard-snapshots.ts'
import { nothingShared, type SharedRecord, type VersionedBytes } from './shared-record.ts'

/**
 * Beside the cold records, under a key that no user's id can be, for it begins with a control character; and with a time at which it expires that
 * never comes. The bytes begin with those of the version, and their number.
 */
const neverExpires = Number.MAX_SAFE_INTEGER
const versionBytesMax = 255

export class LmdbRecord implements SharedRecord {
  readonly #env: LmdbEnv
  readonly #term: number
  readonly #key: Buffer
  /** One process writes, so that it is enough to write in turn. */
  #writing: Promise<unknown> = Promise.resolve()

  constructor(env: LmdbEnv, term: number, name: string) {
    this.#env = env
    this.#term = term
    this.#key = Buffer.from(`\u0000shared ${name}`)
  }

  async read(known: string): Promise<VersionedBytes | undefined> {
    const found = this.#current()
    return found.version === known ? undefined : found
  }

  write(known: string, next: VersionedBytes): Promise<'stored' | 'overtaken'> {
    const written = this.#writing.then(() => this.#replace(known, next))
    this.#writing = written.catch(() => {})
    return written
  }

  async #replace(known: string, { version, bytes }: VersionedBytes): Promise<'stored' | 'overtaken'> {
    if (this.#current().version !== known) return 'overtaken'
    const versionBytes = Buffer.from(version)
    if (versionBytes.length > versionBytesMax) throw new Error(`a version has at most ${versionBytesMax} bytes`)
    const kept = Buffer.concat([Buffer.of(versionBytes.length), versionBytes, bytes])
    if (await this.#env.write(this.#term, () => this.#env.records.put(this.#key, kept, neverExpires))) return 'stored'
    throw lostFolder()
  }

  #current(): VersionedBytes {
    this.#env.fresh()
    const kept = this.#env.records.get(this.#key)
    if (kept === undefined) return nothingShared
    const bytesAt = 1 + (kept[0] ?? 0)
    return { version: kept.toString('utf8', 1, bytesAt), bytes: kept.subarray(bytesAt) }
  }
}
