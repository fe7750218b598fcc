import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { openLmdbStore } from '../cluster/lmdb-store.ts'
import type { Durability } from '../cluster/lmdb.ts'
import { type ShardName, StoreFault } from '../cluster/store.ts'
import { realWorld } from '../ops/world.ts'

/**
 * A process that owns a data folder, for tests that kill, stop and trace it. Says on its output what it was told, one line each and not
 * before it was: `open <epoch>`, `stored <seq>`, `fenced <seq>`, `fault <code> <message>`.
 *
 *     node store-worker.js <folder> <durability> <record bytes> <reserve bytes> <records to append at once>
 *
 * Then each line on its input appends one more record; the end of the input closes the store.
 */
const [folder = '', durability = 'fsync', recordBytes = '1000', reserveBytes = '0', count = '0'] = process.argv.slice(2)
const shard: ShardName = 'inv.0'
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

function say(line: string): void {
  writeSync(1, `${line}\n`)
}

/** Tells each record from every other. */
function recordOf(epoch: number, seq: number): Buffer {
  return Buffer.alloc(Number(recordBytes), `${epoch}-${seq} `)
}

function sayFault(error: unknown): void {
  if (!(error instanceof StoreFault)) throw error
  say(`fault ${error.code} ${error.message}`)
}

async function run(): Promise<void> {
  const store = await openLmdbStore({
    folder,
    durability: durability === 'everysec' ? 'everysec' : ('fsync' satisfies Durability),
    archiveDays: 30,
    shards: { inv: 2, ses: 2 },
    world: realWorld(silent),
    reserveBytes: Number(reserveBytes),
  })
  const lease = await store.claim(shard, 'worker')
  const epoch = lease === 'taken' ? 0 : lease.epoch
  await store.open(shard, epoch)
  say(`open ${epoch}`)
  let seq = 0
  const append = async (): Promise<void> => {
    try {
      const outcome = await store.append(shard, { epoch, seq: seq + 1 }, recordOf(epoch, seq + 1))
      say(`${outcome} ${seq + 1}`)
      if (outcome === 'stored') seq++
    } catch (error) {
      sayFault(error)
    }
  }
  for (let left = Number(count); left > 0; left--) await append()
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'append') await append()
  }
  await store.close()
}

await run().catch(sayFault)
