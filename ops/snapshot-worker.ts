import { parentPort, workerData } from 'node:worker_threads'
import { followStore } from '../actors/compaction/follower.ts'
import { InventoryActor } from '../actors/inventory/inventory-actor.ts'
import { partsOfName } from '../cluster/store.ts'
import { type FollowReply, type FollowSource, followTaskOf } from './follower-thread.ts'
import { createLog } from './log.ts'
import { realClock, realWorld } from './world.ts'

// The thread that follower-thread.ts starts for one snapshot: it reads what is stored beside its owner, replies once and ends.
const task = followTaskOf(workerData)
const reader = await readerOf(task.source)
try {
  const followed = await followStore(reader, task.shard, new InventoryActor(partsOfName(task.shard).shard))
  // Copies with memory of their own: what is transferred is gone here, and chunks may share theirs.
  const chunks = followed.chunks.map((chunk) => new Uint8Array(chunk))
  const reply: FollowReply = { ...followed, chunks }
  parentPort?.postMessage(
    reply,
    chunks.map((chunk) => chunk.buffer),
  )
} finally {
  await reader.close()
}

/** Of each store its own client, so that a thread of a few seconds does not load both. */
async function readerOf(source: FollowSource) {
  if (source.kind === 'folder') {
    const { openLmdbReader } = await import('../cluster/lmdb-reader.ts')
    return openLmdbReader(source.folder, realClock, goOn)
  }
  const { url, tls } = source
  const { openRedisReader } = await import('../cluster/redis-reader.ts')
  const log = createLog({ level: 'error', pretty: false, colours: false })
  return openRedisReader({ url, world: realWorld(log), ...(tls === undefined ? {} : { tls }) })
}

/** Nothing else waits for this thread, so it pauses for nobody; it only ends early. */
async function goOn(): Promise<void> {
  if (Atomics.load(task.givenUp, 0) !== 0) throw new Error('nobody waits for the snapshot any more')
}
