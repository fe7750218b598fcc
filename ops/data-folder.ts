import { access, constants, mkdir, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StartFault, systemCode } from './start-fault.ts'

/** A folder that a node may write to. */
export interface DataFolder {
  readonly path: string
  /** Takes away what this start made of the folder; nothing if it was there before. For a start that fails later on. */
  discardIfNew(): Promise<void>
}

/** Makes sure that the folder is there and can be written to. Throws a {@link StartFault}. */
export async function openDataFolder(path: string): Promise<DataFolder> {
  try {
    const firstMade = await makeFolders(path)
    if (!(await stat(path)).isDirectory())
      throw new StartFault(`the data folder ${path} cannot be made: a file is in the way; choose another with --data-folder`)
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK)
    return {
      path,
      discardIfNew: async () => {
        if (firstMade !== undefined) await rm(firstMade, { recursive: true, force: true })
      },
    }
  } catch (error) {
    throw error instanceof StartFault
      ? error
      : new StartFault(`the data folder ${path} ${reasonOf(error)}; choose another with --data-folder`, error)
  }
}

/**
 * Makes the folder and those above it, and returns the first that was missing. Not mkdir's own `recursive`, which in Node 20 never ends
 * where the system says ENOENT although the folder above is there, as in /proc.
 */
async function makeFolders(path: string): Promise<string | undefined> {
  const made = await makeFolder(path)
  if (made !== 'no folder above') return made === 'made' ? path : undefined
  const firstMade = await makeFolders(dirname(path))
  await mkdir(path, { mode: 0o700 })
  return firstMade ?? path
}

async function makeFolder(path: string): Promise<'made' | 'there' | 'no folder above'> {
  try {
    await mkdir(path, { mode: 0o700 })
    return 'made'
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return 'there'
    if (systemCode(error) === 'ENOENT' && dirname(path) !== path) return 'no folder above'
    throw error
  }
}

function reasonOf(error: unknown): string {
  const code = systemCode(error)
  if (code === 'EACCES' || code === 'EPERM') return 'cannot be written to by this user'
  if (code === 'EROFS') return 'lies on a read-only file system'
  if (code === 'ENOTDIR') return 'cannot be made: a file is in the way'
  if (code === 'ENOSPC') return 'cannot be made: the disk is full'
  return `cannot be used: ${error instanceof Error ? error.message : String(error)}`
}
