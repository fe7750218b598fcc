import { statfsSync } from 'node:fs'
import { StoreFault } from './store.ts'

/** What LMDB and the file system call their failures, put into the store's words: one line that says what to do. */
const noSpaceCodes: ReadonlySet<unknown> = new Set([28, 122, -30792, 'ENOSPC', 'EDQUOT'])
const shortWriteCode = 5
const freeBytesMin = 4 * 1024 * 1024

export function openingFault(folder: string, error: unknown): StoreFault {
  const reason = error instanceof Error ? firstLine(error.message) : String(error)
  return new StoreFault('STORE_UNUSABLE', `cannot use the data folder ${folder}: ${reason}`, error)
}

export function copyFault(folder: string, error: unknown): StoreFault {
  const reason = error instanceof Error ? firstLine(error.message) : String(error)
  return new StoreFault('STORE_FAILED', `the data folder ${folder} could not be copied: ${reason}`, error)
}

export function fullFault(folder: string, cause?: unknown): StoreFault {
  return new StoreFault('STORE_FULL', `the disk under the data folder ${folder} is full`, cause)
}

export function brokenFault(folder: string): StoreFault {
  return new StoreFault('STORE_UNUSABLE', `a write to the data folder ${folder} failed half-way: restart to use it again`)
}

export function closedFault(): StoreFault {
  return new StoreFault('STORE_CLOSED', 'the store is closed')
}

/** Why a commit failed. The package rejects each write with the same vague error, and keeps the reason in a promise beside it. */
export async function commitFault(folder: string, error: unknown): Promise<StoreFault> {
  const cause = await reasonOf(error)
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  // LMDB reports a write that the disk took only partly as an input/output error.
  if (noSpaceCodes.has(code) || (code === shortWriteCode && !hasSpace(folder))) return fullFault(folder, cause)
  const reason = cause instanceof Error ? firstLine(cause.message) : String(cause)
  return new StoreFault('STORE_FAILED', `a write to the data folder ${folder} failed: ${reason}`, cause)
}

async function reasonOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error) || !(error.commitError instanceof Promise)) return error
  return error.commitError.catch((reason: unknown) => reason)
}

function hasSpace(folder: string): boolean {
  const disk = statfsSync(folder)
  return disk.bavail * disk.bsize >= freeBytesMin
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text
}
