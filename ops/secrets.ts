import { open, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { Random } from '../cluster/world.ts'
import { secretText } from './setting-kinds.ts'
import { StartFault, systemCode } from './start-fault.ts'

const fileSchema = z.strictObject({ jwtSecret: secretText(32), backendKey: secretText(16), operatorKey: secretText(16) })

/** What proves who someone is. */
export type Secrets = Readonly<z.output<typeof fileSchema>>

export const secretNames = ['jwtSecret', 'backendKey', 'operatorKey'] as const

/** What settings may give; the rest comes from the data folder. */
export interface GivenSecrets {
  readonly jwtSecret?: string | undefined
  readonly backendKey?: string | undefined
  readonly operatorKey?: string | undefined
}

/**
 * The secrets of a node: those that are given, and for the rest those in the data folder's `secrets.json`, which the first start makes at random,
 * readable by its owner only. The folder is there already (data-folder.ts). Throws a {@link StartFault} when the file cannot be read or written.
 */
export async function loadSecrets(dataFolder: string, given: GivenSecrets, random: Random): Promise<Secrets> {
  const { jwtSecret, backendKey, operatorKey } = given
  if (jwtSecret !== undefined && backendKey !== undefined && operatorKey !== undefined) return { jwtSecret, backendKey, operatorKey }
  const kept = (await readSecrets(dataFolder)) ?? (await keepSecrets(dataFolder, makeSecrets(random), random))
  return secretsOf((name) => given[name] ?? kept[name])
}

/** Secrets that nobody can guess. */
export function makeSecrets(random: Random): Secrets {
  return { jwtSecret: random.id(48), backendKey: random.id(32), operatorKey: random.id(32) }
}

/** Checks that all of them are there and long enough. */
export function secretsOf(find: (name: (typeof secretNames)[number]) => string | undefined): Secrets {
  return fileSchema.parse({ jwtSecret: find('jwtSecret'), backendKey: find('backendKey'), operatorKey: find('operatorKey') })
}

/** The secrets that the data folder keeps, if any. */
export async function readSecrets(dataFolder: string): Promise<Secrets | undefined> {
  const path = pathOf(dataFolder)
  try {
    return fileSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    if (systemCode(error) === 'EACCES') throw new StartFault(`${path} cannot be read by this user`, error)
    throw new StartFault(`${path} is damaged; put it back from a backup, or delete it to have new keys made`, error)
  }
}

/** Written to another name and renamed, so that a crash leaves either no file or a whole one. */
async function keepSecrets(dataFolder: string, secrets: Secrets, random: Random): Promise<Secrets> {
  const path = pathOf(dataFolder)
  const draft = `${path}.${random.id(8)}`
  await writeSynced(draft, `${JSON.stringify(secrets, null, 2)}\n`)
  await rename(draft, path)
  await syncFolder(dirname(path))
  return secrets
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function pathOf(dataFolder: string): string {
  return join(dataFolder, 'secrets.json')
}
