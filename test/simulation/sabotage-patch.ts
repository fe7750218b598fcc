import { readFileSync } from 'node:fs'

/** One change of a compiled file: `find` stands in it exactly once. */
export interface Patch {
  /** Relative to the folder of the compiled code, for example `actors/shard.js`. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** The code has moved on from under a sabotage: look at what it breaks, and write the patch anew. */
export class SabotageFault extends Error {
  readonly code = 'SABOTAGE_STALE'
}

/** The folder of the compiled code, in which this file lies too. */
const compiledFolder = new URL('../../', import.meta.url)

/** The patched sources, by the URL under which Node loads each. Throws {@link SabotageFault}. */
export function patchedSources(patches: readonly Patch[]): ReadonlyMap<string, string> {
  const sources = new Map<string, string>()
  for (const patch of patches) {
    const url = new URL(patch.file, compiledFolder)
    sources.set(url.href, patched(sources.get(url.href) ?? readFileSync(url, 'utf8'), patch))
  }
  return sources
}

export function patched(source: string, { file, find, replace }: Patch): string {
  const parts = source.split(find)
  if (parts.length !== 2) throw new SabotageFault(`expected once in ${file}, found ${parts.length - 1} times: ${find}`)
  return parts.join(replace)
}
