import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join, posix } from 'node:path'

/** One file as it is sent. */
export interface StaticFile {
  readonly type: string
  readonly bytes: Uint8Array
  readonly etag: string
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
}

/**
 * Every file below the folders, read once at the start: `mounts` names the URL path under which each folder appears. What was not there then is not
 * served, so no request ever names a path of the file system.
 */
export function loadStaticFiles(mounts: Readonly<Record<string, string>>): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>()
  for (const [prefix, folder] of Object.entries(mounts)) {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const path = join(folder, name)
      const type = types[extname(name)]
      if (type === undefined || statSync(path, { throwIfNoEntry: false })?.isFile() !== true) continue
      const bytes = readFileSync(path)
      const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
      files.set(posix.join(prefix, name.replaceAll('\\', '/')), { type, bytes, etag })
    }
  }
  const index = files.get('/index.html')
  if (index !== undefined) files.set('/', index)
  return files
}
