import { type FileHandle, open } from 'node:fs/promises'
import { dataFile } from './data-file.ts'
import type { LmdbEnv } from './lmdb.ts'
import { StoreFault } from './store.ts'
import type { Log, Timer, World } from './world.ts'

/**
 * The `everysec` half of durability: makes what was committed count after a crash of the machine, once a second. A sync that fails says
 * that the kernel has dropped pages, and a later one would succeed without them: then the store gives up.
 */
const syncEveryMs = 1000

export class PeriodicSync {
  readonly #env: LmdbEnv
  readonly #file: FileHandle
  readonly #log: Log
  readonly #timer: Timer
  #underWay: Promise<void> | undefined
  #failed: StoreFault | undefined

  private constructor(env: LmdbEnv, file: FileHandle, world: World) {
    this.#env = env
    this.#file = file
    this.#log = world.log
    this.#timer = world.timers.every(syncEveryMs, () => void this.#background())
  }

  static async start(env: LmdbEnv, folder: string, world: World): Promise<PeriodicSync> {
    return new PeriodicSync(env, await open(dataFile(folder), 'r+'), world)
  }

  /** Resolves when everything that was committed before the call is on disk. */
  async now(): Promise<void> {
    await this.#underWay
    this.#underWay ??= this.#sync()
    await this.#underWay
    if (this.#failed !== undefined) throw this.#failed
  }

  async close(): Promise<void> {
    this.#timer.cancel()
    await this.#underWay
    if (this.#failed === undefined) await this.#file.datasync()
    await this.#file.close()
  }

  #background(): Promise<void> {
    this.#underWay ??= this.#sync()
    return this.#underWay
  }

  async #sync(): Promise<void> {
    try {
      await this.#file.datasync()
    } catch (error) {
      this.#failed ??= new StoreFault(
        'STORE_FAILED',
        'the disk refused a sync: what was acknowledged in the last second may be lost',
        error,
      )
      this.#log.error({ error }, this.#failed.message)
      this.#env.giveUp(this.#failed)
    } finally {
      this.#underWay = undefined
    }
  }
}
