import { register } from 'node:module'
import type { LoaderData } from './sabotage-loader.ts'
import { type Patch, patchedSources, SabotageFault } from './sabotage-patch.ts'

/**
 * Loads code with patches in it: what `load` imports, and nobody has imported before, comes from the patched sources. Rejects with a
 * {@link SabotageFault} if a patch does not fit, or changes a file that `load` does not need: a sabotage that breaks nothing proves nothing.
 */
export async function loadSabotaged<T>(patches: readonly Patch[], load: () => Promise<T>): Promise<T> {
  const sources = [...patchedSources(patches)]
  const loaded = new Uint8Array(new SharedArrayBuffer(sources.length))
  const data: LoaderData = { sources, loaded }
  register('./sabotage-loader.js', { parentURL: import.meta.url, data })
  const code = await load()
  const unused = sources.filter((_, index) => Atomics.load(loaded, index) === 0).map(([url]) => url)
  if (unused.length > 0) throw new SabotageFault(`the simulation does not load what is to be broken: ${unused.join(', ')}`)
  return code
}
