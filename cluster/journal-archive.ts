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
  #stopped = false

  constructor(env: LmdbEnv, term: number, archiveMs: number, clock: Clock, pause: () => Promise<void>) {
    this.#env = env
    this.#term = term
    this.#archiveMs = archiveMs
    this.#clock = clock
    this.#pause = pause
  }

  /** Deletes everything that is due. Repeating it after a failure goes on where it stopped. */
  async sweep(): Promise<void> {
    while (!this.#stopped) {
      this.#env.fresh()
      const [note] = this.#env.trims.keys(Buffer.of(0), undefined, 1)
      if (note === undefined) return
      const { trimmedAt, shard } = trimParts(note)
      if (trimmedAt + this.#archiveMs > this.#clock.now()) return
      const upTo = this.#env.trims.get(note)
      if (upTo !== undefined && !(await this.#delete(shard, logKey(shard, decodePosition(upTo))))) return
      await this.#clear(() => this.#env.trims.remove(note))
    }
  }

  /** Ends a sweep after its next few records. */
  stop(): void {
    this.#stopped = true
  }

  /** False if it was stopped before the end. */
  async #delete(shard: Uint8Array, last: Buffer): Promise<boolean> {
    const end = Buffer.concat([last, Buffer.of(0)])
    for (;;) {
      if (this.#stopped) return false
      this.#env.fresh()
      const keys = this.#env.log.keys(shard, end, deletedRecordsMax)
      if (keys.length === 0) return true
      await this.#clear(() => {
        for (const key of keys) this.#env.log.remove(key)
      })
      await this.#pause()
    }
  }

  async #clear(remove: () => void): Promise<void> {
    if (!(await this.#env.clear(this.#term, remove))) throw lostFolder()
  }
}
