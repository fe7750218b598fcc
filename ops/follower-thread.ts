import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import type { Followed, Follower } from '../actors/compaction/follower.ts'
import { shardName, type ShardName } from '../cluster/store.ts'

export const followSourceSchema = z.union([
  z.object({ kind: z.literal('folder'), folder: z.string() }),
  z.object({
    kind: z.literal('redis'),
    url: z.string(),
    tls: z.object({ ca: z.string().exactOptional(), cert: z.string().exactOptional(), key: z.string().exactOptional() }).exactOptional(),
  }),
])
const taskSchema = z.object({ source: followSourceSchema, shard: z.string(), givenUp: z.instanceof(Int32Array) })

/** Where the thread reads: beside the node that owns an LMDB folder, or beside all nodes over a Redis. */
export type FollowSource = z.output<typeof followSourceSchema>

/** What the thread is to do; see snapshot-worker.ts. */
export interface FollowTask {
  readonly source: FollowSource
  readonly shard: ShardName
  /** Shared: not 0 once nobody waits for the snapshot any more. */
  readonly givenUp: Int32Array
}

export type FollowReply = Followed

const entry = new URL('./snapshot-worker.js', import.meta.url)

/** How long a thread that was asked to end may take before it is ended from outside. */
const endMsMax = 5_000

/**
 * Follows inventory shards in a thread, so that the loop which serves them never waits for a replay. A thread lives for one
 * snapshot: snapshots are minutes apart, and the memory of a replayed shard goes with it.
 */
export class FollowerThread implements Follower {
  private readonly source: FollowSource
  private thread: Thread | undefined
  private isClosed = false

  constructor(source: FollowSource) {
    this.source = source
  }

  /** One at a time: a second call ends the first, which somebody must have given up. */
  async follow(shard: ShardName): Promise<Followed> {
    await this.stop()
    if (this.isClosed) throw new Error('the node is closing')
    const thread = new Thread(this.source, shard)
    this.thread = thread
    try {
      return await thread.reply
    } finally {
      if (this.thread === thread) await this.stop()
    }
  }

  /** Ends the thread; a call under way rejects. */
  close(): Promise<void> {
    this.isClosed = true
    return this.stop()
  }

  private async stop(): Promise<void> {
    const { thread } = this
    this.thread = undefined
    await thread?.end()
  }
}

class Thread {
  /** Rejects when the thread ends without one. */
  readonly reply: Promise<FollowReply>
  private readonly worker: Worker
  private readonly givenUp = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  private readonly ended: Promise<void>

  constructor(source: FollowSource, shard: ShardName) {
    const task: FollowTask = { source, shard, givenUp: this.givenUp }
    const worker = new Worker(entry, { workerData: task, name: `snapshot of ${shard}` })
    this.worker = worker
    this.ended = new Promise((resolve) => worker.once('exit', () => resolve()))
    this.reply = new Promise((resolve, reject) => {
      worker.once('message', (reply: FollowReply) => resolve(reply))
      worker.once('error', reject)
      worker.once('exit', () => reject(new Error('the thread ended without a snapshot')))
    })
  }

  /** Lets the thread close what it reads: a native call that fails while its thread is being ended takes the whole process with it. */
  async end(): Promise<void> {
    Atomics.store(this.givenUp, 0, 1)
    const tooLong = setTimeout(() => void this.worker.terminate(), endMsMax)
    await this.ended
    clearTimeout(tooLong)
  }
}

/** Checks what a thread was started with. */
export function followTaskOf(value: unknown): FollowTask {
  const { source, shard, givenUp } = taskSchema.parse(value)
  const [kind, number] = shard.split('.')
  if (kind !== 'inv' || !/^\d+$/.test(number ?? '')) throw new Error(`${shard} is not an inventory shard`)
  return { source, shard: shardName('inv', Number(number)), givenUp }
}
