import { logKey, trimParts } from './lmdb-keys.ts'
import { decodePosition } from './lmdb-manifest.ts'
import type { LmdbEnv } from './lmdb.ts'
import { lostFolder } from './shard-snapshots.ts'
import type { Clock } from './world.ts'

/**
 * The archive is the part of the log before the last snapshot: trimming moves nothing. Each trim is noted with its time, and once that
 * is older than `archiveMs` the records it trimmed are deleted, a few per transaction, so that appends wait for no long one.
 */
const deletedRecordsMax = 32

export class JournalArchive {
  readonly #env: LmdbEnv
  readonly #term: number
  readonly #archiveMs: number
  readonly #clock: Clock
  readonly #pause: () => Promise<void>

  constructor(env: LmdbEnv, term: number, archiveMs: number, clock: Clock, pause: () => Promise<void>) {
    this.#env = env
    this.#term = term
    this.#archiveMs = archiveMs
    this.#clock = clock
    this.#pause = pause
  }

  /** Deletes everything that is due. Repeating it after a failure goes on where it stopped. */
  async sweep(): Promise<void> {
    for (;;) {
      this.#env.fresh()
      const [note] = this.#env.trims.keys(Buffer.of(0), undefined, 1)
      if (note === undefined) return
      const { trimmedAt, shard } = trimParts(note)
      if (trimmedAt + this.#archiveMs > this.#clock.now()) return
      const upTo = this.#env.trims.get(note)
      if (upTo !== undefined) await this.#delete(shard, logKey(shard, decodePosition(upTo)))
      await this.#commit(() => this.#env.trims.remove(note))
    }
  }

  async #delete(shard: Uint8Array, last: Buffer): Promise<void> {
    const end = Buffer.concat([last, Buffer.of(0)])
    for (;;) {
      this.#env.fresh()
      const keys = this.#env.log.keys(shard, end, deletedRecordsMax)
      if (keys.length === 0) return
      await this.#commit(() => {
        for (const key of keys) this.#env.log.remove(key)
      })
      await this.#pause()
    }
  }

  async #commit(write: () => void): Promise<void> {
    if (!(await this.#env.write(this.#term, write))) throw lostFolder()
  }
}
