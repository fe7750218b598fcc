import { hasData } from './data-file.ts'
import { openFolderToRead, takeFolder } from './data-folder.ts'
import { JournalReader } from './journal-reader.ts'
import { epochKey, shardKey } from './lmdb-keys.ts'
import { socketPresence } from './owner-socket.ts'
import { lostFolder } from './shard-snapshots.ts'
import { type ShardCounts, shardsOf, StoreFault } from './store.ts'
import type { Random } from './world.ts'

/**
 * Writes the data of a folder, as it is in one moment and in all shards alike, into another one that is there and has none; its owner may go on writing. Meanwhile LMDB reuses no pages that were
 * freed since, so that the folder grows by what is written.
 */
export async function copyDataFolder(folder: string, to: string): Promise<ShardCounts> {
  const { env, shards } = openFolderToRead(folder)
  try {
    await env.copyTo(to)
    return shards
  } finally {
    await env.close()
  }
}

/** Throws a `StoreFault` where there is data already, which a restore must not touch. */
export function checkIsFree(folder: string): void {
  if (hasData(folder))
    throw new StoreFault('STORE_IN_USE', `there is data in the folder ${folder} already; a restore wants a folder without`)
}

/**
 * No epoch of any shard will be `least` or below. Of data that are put back from a copy others may live on, or have been answered from, whose epochs the copy knows
 * nothing of: an epoch that is given out twice would give two orders one id. Takes the folder over; nobody may own it.
 */
export async function raiseEpochs(folder: string, least: number, random: Random): Promise<void> {
  const { env: view, shards } = openFolderToRead(folder)
  await view.close()
  const presence = socketPresence(folder)
  const owned = await takeFolder({ folder, durability: 'fsync', reserveBytes: 0, shards, presence, random })
  try {
    const { env, term } = owned
    const reader = new JournalReader(env, () => Promise.resolve())
    const written = await env.write(term, () => {
      for (const shard of shardsOf(shards)) {
        const key = epochKey(shardKey(shard))
        const last = Math.max(env.shards.get(key)?.readDoubleBE(0) ?? 0, reader.head(shardKey(shard)).epoch)
        const bytes = Buffer.alloc(8)
        bytes.writeDoubleBE(Math.max(last, least))
        env.shards.put(key, bytes)
      }
    })
    if (!written) throw lostFolder()
  } finally {
    await owned.close()
  }
}
