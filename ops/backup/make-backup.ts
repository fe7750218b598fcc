import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { StartFault, systemCode } from '../start-fault.ts'
import { versionOfSluice } from '../version.ts'
import { type BackupManifest, backupFiles, backupFormat, measure } from './backup-manifest.ts'
import { copyData } from './restored-stores.ts'

/**
 * Copies a data folder, whose node may be running, into the new folder `to`: the data as they are in one moment, and the secrets without which tokens and draws are
 * worth nothing. `to` is there only when all of it is on disk. Rejects with a {@link StartFault} or a `StoreFault` of one line.
 */
export async function makeBackup(dataFolder: string, to: string, now: () => number): Promise<BackupManifest> {
  const folder = resolve(to)
  if (existsSync(folder)) throw new StartFault(`${to} is there already; a backup makes a folder of its own`)
  const unfinished = `${folder}.unfinished`
  await rm(unfinished, { recursive: true, force: true })
  try {
    await makeFolder(unfinished, to)
    const data = join(unfinished, backupFiles.data)
    const madeAt = new Date(now()).toISOString()
    const shards = await copyData(dataFolder, unfinished)
    await chmod(data, 0o600)
    await copySecrets(dataFolder, unfinished)
    const manifest = { format: backupFormat, sluice: versionOfSluice(), madeAt, ...(await measure(data)), shards } as const
    await writeDurably(join(unfinished, backupFiles.manifest), `${JSON.stringify(manifest, undefined, 2)}\n`)
    await syncPath(data)
    await rename(unfinished, folder)
    await syncPath(dirname(folder))
    return manifest
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    throw error
  }
}

async function makeFolder(folder: string, to: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (error) {
    throw new StartFault(`${to} cannot be made: ${systemCode(error) ?? String(error)}`, error)
  }
}

/** Nodes that are given their secrets keep none. */
export async function copySecrets(from: string, to: string): Promise<void> {
  const path = join(to, backupFiles.secrets)
  try {
    await copyFile(join(from, backupFiles.secrets), path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return
    throw error
  }
  await chmod(path, 0o600)
  await syncPath(path)
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Files and folders alike. */
export async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
