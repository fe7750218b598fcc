import { createHash } from 'node:crypto'
import { posix } from 'node:path'

/** A file as it lies in its folder. */
export interface SourceFile {
  readonly type: string
  readonly bytes: Uint8Array
}

export type Files = ReadonlyMap<string, SourceFile>

export interface HashedAssets {
  /** Pages, by their own paths, with references to assets in them. */
  readonly pages: Files
  /** Everything else by paths that follow from the content, referring to one another by such paths. */
  readonly assets: Files
  /** Everything else as it was. */
  readonly plain: Files
}

const assetFolder = '/assets'
const hashDigits = 20

/**
 * Names files by their content, so that they can be kept for good wherever they pass: `/panel.css` is `/assets/panel.<hash>.css` too. The hash is of
 * the file and of all that it refers to, directly or not, for those names are part of it; files that refer to each other in a circle have
 * a name all the same. Pages keep their paths and name assets at `origin`.
 */
export function hashedAssets(files: Files, origin: string): HashedAssets {
  const pages = new Map<string, SourceFile>()
  const assets = new Map<string, SourceFile>()
  const plain = new Map([...files].filter(([, file]) => !isPage(file)))
  const references = new Map([...plain].map(([path, file]) => [path, targetsOf(path, file, plain)]))
  const names = new Map([...plain.keys()].map((path) => [path, hashedPath(path, closureHash(path, plain, references))]))
  const addressOf = (target: string): string | undefined => {
    const name = names.get(target)
    return name === undefined ? undefined : `${origin}${name}`
  }
  for (const [path, file] of plain) {
    assets.set(
      names.get(path) ?? path,
      rewritten(path, file, (target) => names.get(target)),
    )
  }
  for (const [path, file] of files) {
    if (isPage(file)) pages.set(path, withPictures(rewritten(path, file, addressOf), plain, addressOf))
  }
  return { pages, assets, plain }
}

/** By type, where a text names other files. The last group of each match is the name. */
const namings: Readonly<Record<string, readonly RegExp[]>> = {
  'text/javascript': [
    /^\s*(?:import|export)\s[\w\s{},*$]*?\bfrom\s*(['"])(\.{1,2}\/[^'"\n]+)\1/gm,
    /^\s*import\s*(['"])(\.{1,2}\/[^'"\n]+)\1/gm,
    /\bimport\(\s*(['"])(\.{1,2}\/[^'"\n]+)\1\s*\)/g,
  ],
  'text/css': [/\burl\(\s*(['"]?)([^'")\s]+)\1\s*\)/g, /@import\s+(['"])([^'"\n]+)\1/g],
  'text/html': [/\s(?:href|src)=(")([^"]+)"/g],
}

function namingsOf({ type }: SourceFile): readonly RegExp[] {
  return namings[type.replace(/;.*/, '')] ?? []
}

function targetsOf(path: string, file: SourceFile, files: Files): readonly string[] {
  const text = textOf(file)
  const named = namingsOf(file).flatMap((naming) => [...text.matchAll(naming)].map((match) => resolved(match.at(-1) ?? '', path)))
  return [...new Set(named)].filter((target): target is string => target !== undefined && files.has(target))
}

function rewritten(path: string, file: SourceFile, nameOf: (target: string) => string | undefined): SourceFile {
  const forms = namingsOf(file)
  if (forms.length === 0) return file
  const replace = (whole: string, _quote: string, reference: string): string => {
    const target = resolved(reference, path)
    const name = target === undefined ? undefined : nameOf(target)
    if (name === undefined) return whole
    // The name stands last, but for a quote or bracket behind it.
    const at = whole.lastIndexOf(reference)
    return whole.slice(0, at) + name + whole.slice(at + reference.length)
  }
  const text = forms.reduce((done, naming) => done.replace(naming, replace), textOf(file))
  return { type: file.type, bytes: utf8.encode(text) }
}

/** Pictures are named by sales, not by the page: it finds their addresses in a block of data. */
const pictureBlock = /(<script type="application\/json" id="picture-addresses">)[^<]*(<\/script>)/

function withPictures(page: SourceFile, files: Files, addressOf: (target: string) => string | undefined): SourceFile {
  const addresses = [...files].filter(([, { type }]) => type.startsWith('image/')).map(([path]) => [path, addressOf(path)])
  const json = JSON.stringify(Object.fromEntries(addresses)).replaceAll('<', '\\u003c')
  const text = textOf(page).replace(pictureBlock, (_, open: string, close: string) => `${open}${json}${close}`)
  return { type: page.type, bytes: utf8.encode(text) }
}

function closureHash(path: string, files: Files, references: ReadonlyMap<string, readonly string[]>): string {
  const reached = new Set([path])
  for (const one of reached) for (const target of references.get(one) ?? []) reached.add(target)
  const hash = createHash('sha256').update(path)
  for (const one of [...reached].toSorted()) {
    const { bytes } = files.get(one) ?? { bytes: new Uint8Array(0) }
    hash.update(`\0${one}\0${bytes.length}\0`).update(bytes)
  }
  return hash.digest('hex').slice(0, hashDigits)
}

function hashedPath(path: string, hash: string): string {
  const { dir, name, ext } = posix.parse(path)
  return posix.join(assetFolder, dir, `${name}.${hash}${ext}`)
}

/** The path that a browser would ask for; undefined for another server's. */
function resolved(reference: string, path: string): string | undefined {
  if (!URL.canParse(reference, `${here}${path}`)) return undefined
  const url = new URL(reference, `${here}${path}`)
  return url.origin === here && url.search === '' && url.hash === '' ? url.pathname : undefined
}

const here = 'http://here.invalid'
const utf8 = new TextEncoder()
const fromUtf8 = new TextDecoder()

function textOf({ bytes }: SourceFile): string {
  return fromUtf8.decode(bytes)
}

function isPage({ type }: SourceFile): boolean {
  return type.startsWith('text/html')
}
