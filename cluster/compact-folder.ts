import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { dataFile } from './data-file.ts'
import { openFolderToRead, takeFolder } from './data-folder.ts'
import { socketPresence } from './owner-socket.ts'
import type { Random } from './world.ts'

const copyName = 'compacted'

/**
 * Writes the data of a folder that no process owns anew, without the pages that LMDB keeps for later: what was deleted or overwritten is in none of them. For
 * the time of the copy there is room for both. Resolves with the size before and after, in bytes; a `StoreFault` if the folder is in use or cannot be used.
 */
export async function compactFolder(folder: string, random: Random): Promise<{ readonly before: number; readonly after: number }> {
  const { env, shards } = openFolderToRead(folder)
  await env.close()
  const owned = await takeFolder({ folder, shards, durability: 'fsync', reserveBytes: 0, presence: socketPresence(folder), random })
  const copy = join(folder, copyName)
  try {
    const before = statSync(dataFile(folder)).size
    rmSync(copy, { recursive: true, force: true })
    mkdirSync(copy, { mode: 0o700 })
    await owned.env.rewriteTo(copy)
    sync(dataFile(copy))
    // While this process still is the owner: whoever comes later finds the new file.
    renameSync(dataFile(copy), dataFile(folder))
    sync(folder)
    return { before, after: statSync(dataFile(folder)).size }
  } finally {
    rmSync(copy, { recursive: true, force: true })
    await owned.close()
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
