import { checkIsWhole } from '../../cluster/data-file.ts'
import { checkIsFree, copyDataFolder, raiseEpochs } from '../../cluster/lmdb-backup.ts'
import type { RestoredRedis } from '../../cluster/redis-restore.ts'
import type { RedisTls } from '../../cluster/redis.ts'
import type { ShardCounts } from '../../cluster/store.ts'
import type { Log } from '../../cluster/world.ts'
import { realClock, realWorld } from '../world.ts'

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Writes what a data folder holds at this moment into another folder that is there and has none; a node may be running. Rejects with a `StoreFault` if there is nothing, or no room. */
export async function copyData(folder: string, to: string): Promise<ShardCounts> {
  checkIsWhole(folder)
  return copyDataFolder(folder, to)
}

/** Throws a `StoreFault` where there is data already. */
export function checkFree(folder: string): void {
  checkIsFree(folder)
}

/** Epochs of data folders count up by one with each owner; those of a restored one begin with the second of the restore, which neither its source nor an earlier restore has come to. */
export function raiseFolderEpochs(folder: string): Promise<void> {
  return raiseEpochs(folder, Math.floor(realClock.now() / 1000), realWorld(silent).random)
}

/** Makes a Redis ready that was started on a copy of another one's data. */
export async function readyRedis(url: string, tls: RedisTls | undefined, log: Log): Promise<RestoredRedis> {
  const { readyRestoredRedis } = await import('../../cluster/redis-restore.ts')
  return readyRestoredRedis({ url, world: realWorld(log), ...(tls === undefined ? {} : { tls }) })
}
