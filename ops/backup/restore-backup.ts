import { copyFile, mkdir, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { StartFault, systemCode } from '../start-fault.ts'
import { type BackupManifest, backupFiles, measure, readManifest } from './backup-manifest.ts'
import { copySecrets, syncPath } from './make-backup.ts'
import { checkFree, raiseFolderEpochs } from './restored-stores.ts'

/**
 * Puts a backup into a data folder without data. Its shards begin with epochs that neither the backup's source nor an earlier restore of it has had, so that no order gets
 * the id of another one that the payment provider has seen. The data come last: a folder that has them is whole.
 */
export async function restoreBackup(from: string, to: string): Promise<BackupManifest> {
  const manifest = await readManifest(from)
  const folder = resolve(to)
  checkFree(folder)
  const unfinished = join(folder, 'restoring')
  await makeFolder(unfinished, to)
  try {
    const data = join(unfinished, backupFiles.data)
    await copyChecked(from, data, manifest)
    await raiseFolderEpochs(unfinished)
    await copySecrets(from, folder)
    await syncPath(data)
    await rename(data, join(folder, backupFiles.data))
    await syncPath(folder)
    return manifest
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

/** What a former restore has left that did not come to its end goes first. */
async function makeFolder(unfinished: string, to: string): Promise<void> {
  await rm(unfinished, { recursive: true, force: true })
  try {
    await mkdir(unfinished, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new StartFault(`${to} cannot be made: ${systemCode(error) ?? String(error)}`, error)
  }
}

/** The copy is measured, and not its source: so both are known to be right. */
async function copyChecked(from: string, to: string, { bytes, sha256 }: BackupManifest): Promise<void> {
  const path = join(from, backupFiles.data)
  try {
    await copyFile(path, to)
  } catch (error) {
    throw new StartFault(`${path} cannot be copied: ${systemCode(error) ?? String(error)}`, error)
  }
  const found = await measure(to)
  if (found.bytes !== bytes) throw new StartFault(`${path} has ${found.bytes} bytes; when the backup was made it had ${bytes}`)
  if (found.sha256 !== sha256) throw new StartFault(`${path} is damaged: it is not what it was when the backup was made`)
}
