import type { LoadHook } from 'node:module'

export interface LoaderData {
  /** Sources to load in place of files: the file's URL, the source. */
  readonly sources: readonly (readonly [url: string, source: string])[]
  /** In shared memory: becomes 1 at a source's place in the list once it is loaded. */
  readonly loaded: Uint8Array
}

// Node runs these hooks on a thread of their own and finds them by name. Only processes of the simulation register them.

const registered: LoaderData[] = []

export function initialize(data: LoaderData): void {
  registered.push(data)
}

export const load: LoadHook = async (url, context, nextLoad) => {
  for (const { sources, loaded } of registered) {
    const index = sources.findIndex(([file]) => file === url)
    const source = sources[index]?.[1]
    if (source === undefined) continue
    Atomics.store(loaded, index, 1)
    return { format: 'module', source, shortCircuit: true }
  }
  return nextLoad(url, context)
}
