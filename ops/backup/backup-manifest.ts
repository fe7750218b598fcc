import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { StartFault, systemCode } from '../start-fault.ts'

/** A backup is a folder of these, written in this order; it is whole if it has the last. */
export const backupFiles = { data: 'data.mdb', secrets: 'secrets.json', manifest: 'backup.json' } as const
export const backupFormat = 1

const manifestSchema = z.object({
  format: z.literal(backupFormat),
  /** Of the program that made it. */
  sluice: z.string(),
  madeAt: z.iso.datetime(),
  /** Of data.mdb. */
  bytes: z.int().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  shards: z.object({ inv: z.int().min(1), ses: z.int().min(1) }),
})

export type BackupManifest = Readonly<z.output<typeof manifestSchema>>

/** Rejects with a {@link StartFault} of one line where there is no backup, or none that this version reads. */
export async function readManifest(folder: string): Promise<BackupManifest> {
  const path = join(folder, backupFiles.manifest)
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const isMissing = systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR'
    throw new StartFault(`${folder} is no whole backup: ${isMissing ? `it has no ${backupFiles.manifest}` : String(error)}`, error)
  })
  const manifest = parsed(text)
  const version = z.looseObject({ format: z.number() }).safeParse(manifest)
  if (version.success && version.data.format > backupFormat)
    throw new StartFault(`${folder} was made by a newer version: its format is ${version.data.format}, this version reads ${backupFormat}`)
  const read = manifestSchema.safeParse(manifest)
  if (!read.success) throw new StartFault(`${path} is not what a backup has: ${read.error.issues[0]?.message ?? ''}`)
  return read.data
}

/** SHA-256 and length of a file. */
export async function measure(path: string): Promise<Pick<BackupManifest, 'bytes' | 'sha256'>> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(path, { highWaterMark: readBytes })) {
    if (!Buffer.isBuffer(chunk)) continue
    hash.update(chunk)
    bytes += chunk.length
  }
  return { bytes, sha256: hash.digest('hex') }
}

const readBytes = 1024 * 1024

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
