import { closeSync, existsSync, openSync, readSync, statfsSync, statSync } from 'node:fs'
import { endianness } from 'node:os'
import { join } from 'node:path'
import { fullFault, openingFault } from './lmdb-faults.ts'
import { StoreFault } from './store.ts'

/** What can be said of a data folder without opening it. LMDB's package ends the process over a file that is none of its own, and over a full disk. */
const magicAt = 24
const magic = 0xbeefc0de
const lmdbFormat = 2
const headBytes = magicAt + 8

export function dataFile(folder: string): string {
  return join(folder, 'data.mdb')
}

/** Whether there is data; throws if it is another program's. */
export function hasData(folder: string): boolean {
  const path = dataFile(folder)
  try {
    if (!existsSync(path)) return false
    const head = readHead(path)
    if (head.length === 0) return false
    if (head.length === headBytes && wordAt(head, magicAt) === magic && wordAt(head, magicAt + 4) === lmdbFormat) return true
  } catch (error) {
    throw openingFault(folder, error)
  }
  throw new StoreFault('STORE_UNUSABLE', `cannot use the data folder ${folder}: data.mdb in it is not a database of this program`)
}

/** A fault if the disk under the folder has less free space than that. */
export function roomFault(folder: string, reserveBytes: number): StoreFault | undefined {
  const disk = statfsSync(folder)
  return disk.bavail * disk.bsize < reserveBytes ? fullFault(folder) : undefined
}

/** How much of the disk the data takes, and how much is free. */
export function spaceOf(folder: string): { readonly usedBytes: number; readonly freeBytes: number } {
  const disk = statfsSync(folder)
  return { usedBytes: statSync(dataFile(folder)).size, freeBytes: disk.bavail * disk.bsize }
}

function readHead(path: string): Buffer {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(headBytes)
    return head.subarray(0, readSync(file, head, 0, headBytes, 0))
  } finally {
    closeSync(file)
  }
}

/** LMDB writes numbers as the machine has them. */
function wordAt(bytes: Buffer, at: number): number {
  return endianness() === 'LE' ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
}
