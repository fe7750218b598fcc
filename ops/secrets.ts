import { open, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { Random } from '../cluster/world.ts'
import { secretText } from './setting-kinds.ts'
import { StartFault, systemCode } from './start-fault.ts'

const secretsSchema = z.strictObject({
  jwtSecret: secretText(32),
  backendKey: secretText(16),
  operatorKey: secretText(16),
  drawKey: secretText(32),
})
/** Files of versions whose draws had no key are without it. */
const fileSchema = secretsSchema.partial({ drawKey: true })

/** What proves who someone is; and `drawKey`, with which the seeds of draws are sealed. */
export type Secrets = Readonly<z.output<typeof secretsSchema>>
export type KeptSecrets = Readonly<z.output<typeof fileSchema>>

export const secretNames = ['jwtSecret', 'backendKey', 'operatorKey', 'drawKey'] as const

/** What settings may give; the rest comes from the data folder. */
export interface GivenSecrets {
  readonly jwtSecret?: string | undefined
  readonly backendKey?: string | undefined
  readonly operatorKey?: string | undefined
  readonly drawKey?: string | undefined
}

/**
 * The secrets of a node: those that are given, and for the rest those in the data folder's `secrets.json`, which the first start makes at random,
 * readable by its owner only. The folder is there already (data-folder.ts). Throws a {@link StartFault} when the file cannot be read or written.
 */
export async function loadSecrets(dataFolder: string, given: GivenSecrets, random: Random): Promise<Secrets> {
  const whole = wholeOf(given)
  if (whole !== undefined) return whole
  const read = await readSecrets(dataFolder)
  const made = makeSecrets(random)
  const kept = { ...made, ...read, drawKey: read?.drawKey ?? made.drawKey }
  if (read?.drawKey === undefined) await keepSecrets(dataFolder, kept, random)
  return secretsOf((name) => given[name] ?? kept[name])
}

/** All of them, if all are given. */
export function wholeOf({ jwtSecret, backendKey, operatorKey, drawKey }: GivenSecrets): Secrets | undefined {
  if (jwtSecret === undefined || backendKey === undefined || operatorKey === undefined || drawKey === undefined) return undefined
  return { jwtSecret, backendKey, operatorKey, drawKey }
}

/** Secrets that nobody can guess. */
export function makeSecrets(random: Random): Secrets {
  return { jwtSecret: random.id(48), backendKey: random.id(32), operatorKey: random.id(32), drawKey: random.id(48) }
}

/** Checks that all of them are there and long enough. */
export function secretsOf(find: (name: (typeof secretNames)[number]) => string | undefined): Secrets {
  return secretsSchema.parse(Object.fromEntries(secretNames.map((name) => [name, find(name)])))
}

/** The secrets that the data folder keeps, if any. */
export async function readSecrets(dataFolder: string): Promise<KeptSecrets | undefined> {
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
async function keepSecrets(dataFolder: string, secrets: Secrets, random: Random): Promise<void> {
  const path = pathOf(dataFolder)
  const draft = `${path}.${random.id(8)}`
  await writeSynced(draft, `${JSON.stringify(secrets, null, 2)}\n`)
  await rename(draft, path)
  await syncFolder(dirname(path))
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
