import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import type { World } from '../cluster/world.ts'
import { type FollowSource, followSourceSchema } from './follower-thread.ts'
import type { UserJourney } from './journey/user-journey.ts'

const taskSchema = z.object({
  source: followSourceSchema,
  user: z.string(),
  sku: z.string().exactOptional(),
  givenUp: z.instanceof(Int32Array),
})

/** What the thread is to do; see journey-worker.ts. */
export interface JourneyTask {
  readonly source: FollowSource
  readonly user: string
  readonly sku?: string
  /** Shared: not 0 once nobody waits for it any more. */
  readonly givenUp: Int32Array
}

/** Why there is no journey: another one is being read; it takes too long; the journal cannot be read. */
export type NoJourney = 'busy' | 'slow' | 'unreadable'

const entry = new URL('./journey-worker.js', import.meta.url)

/** A journey reads the journal from its beginning: somebody waits for it, but not for ever. */
export const readMsMax = 60_000
/** The claims of all SKUs are in memory meanwhile; a journal that needs more than this is for the command line. */
const memoryMegabytesMax = 1_024
/** How long a thread that was given up may take to close what it reads before it is ended from outside. */
const endMsMax = 5_000

/**
 * Reads users' journeys beside a running node, in a thread that lives for one of them: the loop that serves buyers never waits for a journal. One at a time, for each costs a core
 * while it lasts.
 */
export class JourneyThread {
  private readonly source: FollowSource
  private readonly world: Pick<World, 'timers' | 'log'>
  private running: Reading | undefined
  private isClosed = false

  constructor(source: FollowSource, world: Pick<World, 'timers' | 'log'>) {
    this.source = source
    this.world = world
  }

  async read(user: string, sku?: string): Promise<UserJourney | NoJourney> {
    if (this.running !== undefined || this.isClosed) return 'busy'
    const reading = new Reading({ source: this.source, user, ...(sku === undefined ? {} : { sku }) })
    this.running = reading
    const tooLong = this.world.timers.after(readMsMax, () => reading.giveUp('slow'))
    try {
      return await reading.journey
    } catch (error) {
      this.world.log.warn({ error: String(error) }, 'a journey could not be read')
      return 'unreadable'
    } finally {
      tooLong.cancel()
      await this.ended(reading)
      this.running = undefined
    }
  }

  /** A reading under way ends without a journey. */
  async close(): Promise<void> {
    this.isClosed = true
    const { running } = this
    if (running === undefined) return
    running.giveUp('slow')
    await this.ended(running)
  }

  private async ended(reading: Reading): Promise<void> {
    const tooLong = this.world.timers.after(endMsMax, () => reading.terminate())
    await reading.ended
    tooLong.cancel()
  }
}

class Reading {
  /** Rejects when the thread ends without one. */
  readonly journey: Promise<UserJourney | NoJourney>
  readonly ended: Promise<void>
  giveUp: (why: NoJourney) => void = () => {}
  private readonly worker: Worker

  constructor(wish: Omit<JourneyTask, 'givenUp'>) {
    const givenUp = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
    const task: JourneyTask = { ...wish, givenUp }
    const worker = new Worker(entry, {
      workerData: task,
      name: 'journey',
      resourceLimits: { maxOldGenerationSizeMb: memoryMegabytesMax },
    })
    this.worker = worker
    this.ended = new Promise((resolve) => worker.once('exit', () => resolve()))
    this.journey = new Promise((resolve, reject) => {
      this.giveUp = (why) => {
        // The thread closes what it reads by itself: a native call that fails while its thread is being ended takes the whole process with it.
        Atomics.store(givenUp, 0, 1)
        resolve(why)
      }
      worker.once('message', (journey: UserJourney) => resolve(journey))
      worker.once('error', reject)
      worker.once('exit', () => reject(new Error('the thread ended without a journey')))
    })
  }

  terminate(): void {
    void this.worker.terminate()
  }
}

/** Checks what a thread was started with. */
export function journeyTaskOf(value: unknown): JourneyTask {
  return taskSchema.parse(value)
}
