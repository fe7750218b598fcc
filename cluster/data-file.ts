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

/** Pages at the end that LMDB has taken and given up within one transaction are never written: so much may be missing of a file that is whole. */
const unwrittenPagesMax = 1024
const pageBytesAt = 48
const lastPageAt = 144
const transactionAt = 152
const metaBytes = transactionAt + 8

/**
 * Throws if the file is much shorter than what its newest transaction had: a copy that was broken off. Reading beyond its end would end the process without a word. For tools, which
 * meet such files; what is missing may be too little to be seen here.
 */
export function checkIsWhole(folder: string): void {
  const path = dataFile(folder)
  if (!hasData(folder)) return
  const first = readHead(path, metaBytes)
  const pageBytes = wordAt(first, pageBytesAt)
  const second = readHead(path, metaBytes, pageBytes)
  // The newer of the two counts, and a file that is being written only grows.
  const newest = second.length === metaBytes && longAt(second, transactionAt) > longAt(first, transactionAt) ? second : first
  const wholeBytes = (longAt(newest, lastPageAt) + 1) * pageBytes
  const { size } = statSync(path)
  if (size >= wholeBytes - unwrittenPagesMax * pageBytes) return
  throw new StoreFault(
    'STORE_UNUSABLE',
    `cannot use the data folder ${folder}: data.mdb has ${size} bytes of ${wholeBytes}, the rest was cut off`,
  )
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

function readHead(path: string, bytes = headBytes, at = 0): Buffer {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(bytes)
    return head.subarray(0, readSync(file, head, 0, bytes, at))
  } finally {
    closeSync(file)
  }
}

/** LMDB writes numbers as the machine has them. */
function wordAt(bytes: Buffer, at: number): number {
  return endianness() === 'LE' ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
}

function longAt(bytes: Buffer, at: number): number {
  return bytes.length < at + 8 ? 0 : Number(endianness() === 'LE' ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at))
}
