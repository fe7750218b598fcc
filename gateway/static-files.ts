import { readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join, posix } from 'node:path'
import { hashedAssets, type SourceFile } from './hashed-assets.ts'
import { tagOf } from './validators.ts'

/** One file as it is sent. */
export interface StaticFile {
  readonly type: string
  readonly bytes: Uint8Array
  readonly etag: string
  /** A page is asked for anew each time, and so is a file under its own name; an asset is another one under another name, so it is kept for good. */
  readonly kind: FileKind
}

export type FileKind = 'page' | 'asset' | 'file'

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
 * Every file below the folders, read once at the start: `mounts` names the URL path under which each folder, or a single file, appears. What was not there then is not
 * served, so no request ever names a path of the file system. Pages refer to the others by names that follow from their content, at `assetOrigin`
 * (empty: wherever the page came from); under the names that they have in their folders they are there as well.
 */
export function loadStaticFiles(mounts: Readonly<Record<string, string>>, assetOrigin = ''): ReadonlyMap<string, StaticFile> {
  const { pages, assets, plain } = hashedAssets(readFiles(mounts), assetOrigin)
  const files = new Map<string, StaticFile>()
  for (const [path, file] of plain) files.set(path, { ...file, etag: tagOf(file.bytes), kind: 'file' })
  for (const [path, file] of assets) files.set(path, { ...file, etag: tagOf(file.bytes), kind: 'asset' })
  for (const [path, file] of pages) files.set(path, { ...file, etag: tagOf(file.bytes), kind: 'page' })
  const index = files.get('/index.html')
  if (index !== undefined) files.set('/', index)
  return files
}

function readFiles(mounts: Readonly<Record<string, string>>): ReadonlyMap<string, SourceFile> {
  const files = new Map<string, SourceFile>()
  for (const [prefix, place] of Object.entries(mounts)) {
    const names = statSync(place).isFile() ? [''] : readdirSync(place, { recursive: true, encoding: 'utf8' })
    for (const name of names) {
      const path = join(place, name)
      const type = types[extname(path)]
      if (type === undefined || statSync(path, { throwIfNoEntry: false })?.isFile() !== true) continue
      files.set(posix.join(prefix, name.replaceAll('\\', '/')), { type, bytes: readFileSync(path) })
    }
  }
  return files
}
