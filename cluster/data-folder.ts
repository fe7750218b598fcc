import { existsSync, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { hasData, roomFault } from './data-file.ts'
import { openingFault } from './lmdb-faults.ts'
import { type Durability, LmdbEnv, type Owner, peekOwner } from './lmdb.ts'
import { ownerNameLength, type Presence } from './owner-socket.ts'
import { type ShardCounts, StoreFault } from './store.ts'
import type { Random } from './world.ts'

/**
 * A data folder and who owns it. Owners are numbered: the next one is made by compare and swap in the data itself, and every write looks
 * whether its owner's number still stands. So a process that was thought dead, and one of two that start at once, cannot write.
 */
export interface OwnedFolder {
  readonly env: LmdbEnv
  /** The owner's number. */
  readonly term: number
  close(): Promise<void>
}

export interface FolderOptions {
  readonly folder: string
  readonly durability: Durability
  readonly reserveBytes: number
  readonly shards: ShardCounts
  readonly presence: Presence
  readonly random: Random
}

const formatVersion = 1
const formatBytes = 12
/** Each attempt fails only because somebody else succeeded. */
const attemptsMax = 5

export async function takeFolder(options: FolderOptions): Promise<OwnedFolder> {
  makeFolder(options.folder)
  const full = roomFault(options.folder, options.reserveBytes)
  if (full !== undefined) throw full
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const last = await peekOwner(options.folder)
    if (last.name !== '' && (await options.presence.alive(last.name))) break
    const owned = await takeOver(options, last)
    if (owned !== undefined) return owned
  }
  throw new StoreFault('STORE_IN_USE', `the data folder ${options.folder} is in use by another process`)
}

/** Opens a folder beside its owner, for reading. */
export function openFolderToRead(folder: string): { readonly env: LmdbEnv; readonly shards: ShardCounts } {
  if (!hasData(folder)) throw new StoreFault('STORE_UNUSABLE', `there is no data in the folder ${folder}`)
  const env = new LmdbEnv({ folder, durability: 'fsync', readOnly: true, reserveBytes: 0 })
  return { env, shards: readFormat(folder, env) }
}

/** Shows itself alive first, so that nobody can find the new owner dead; undefined if somebody else was faster. */
async function takeOver(options: FolderOptions, last: Owner): Promise<OwnedFolder | undefined> {
  const name = options.random.id(ownerNameLength)
  const announced = await options.presence.announce(name)
  try {
    const env = await takeEnv(options, last, name)
    if (env !== undefined) {
      if (last.name !== '') await options.presence.forget(last.name)
      const close = async (): Promise<void> => {
        await env.close()
        await announced.close()
      }
      return { env, term: last.term + 1, close }
    }
  } catch (error) {
    await announced.close()
    throw error
  }
  await announced.close()
  return undefined
}

async function takeEnv(options: FolderOptions, last: Owner, name: string): Promise<LmdbEnv | undefined> {
  const env = new LmdbEnv({ ...options, readOnly: false })
  try {
    if (last.term > 0) checkShards(options, readFormat(options.folder, env))
    if (await env.takeTerm(last.term, name, writeFormat(options.shards))) return env
  } catch (error) {
    await env.close()
    throw error
  }
  await env.close()
  return undefined
}

function makeFolder(folder: string): void {
  try {
    makePath(resolve(folder))
  } catch (error) {
    throw openingFault(folder, error)
  }
}

/** One level at a time: the recursive `mkdir` of Node 20 never returns where the system answers "no such file" for a folder whose parent is there. */
function makePath(path: string): void {
  if (existsSync(path)) return
  makePath(dirname(path))
  mkdirSync(path, { mode: 0o700 })
}

function checkShards(options: FolderOptions, kept: ShardCounts): void {
  const { folder, shards } = options
  if (kept.inv === shards.inv && kept.ses === shards.ses) return
  const asked = `${shards.inv} inventory and ${shards.ses} session shards`
  throw new StoreFault('STORE_UNUSABLE', `the data folder ${folder} was made with ${kept.inv} and ${kept.ses}, not ${asked}`)
}

function writeFormat(shards: ShardCounts): Uint8Array {
  const bytes = Buffer.alloc(formatBytes)
  bytes.writeUInt32BE(formatVersion, 0)
  bytes.writeUInt32BE(shards.inv, 4)
  bytes.writeUInt32BE(shards.ses, 8)
  return bytes
}

function readFormat(folder: string, env: LmdbEnv): ShardCounts {
  const bytes = env.readFormat()
  const version = bytes === undefined || bytes.length < 4 ? 0 : bytes.readUInt32BE(0)
  if (bytes === undefined || version !== formatVersion || bytes.length !== formatBytes) {
    throw new StoreFault('STORE_UNUSABLE', `the data folder ${folder} has format ${version}, this version reads format ${formatVersion}`)
  }
  return { inv: bytes.readUInt32BE(4), ses: bytes.readUInt32BE(8) }
}
