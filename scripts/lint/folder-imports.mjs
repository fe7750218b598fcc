import { posix } from 'node:path'
import { importVisitors, pathInProject } from './imports.mjs'

/** Who may import whom (the import table in ARCHITECTURE.md). */
const mayImport = {
  protocol: [],
  cluster: ['protocol'],
  actors: ['protocol', 'cluster'],
  gateway: ['protocol', 'cluster'],
  ops: ['protocol', 'cluster', 'actors', 'gateway', 'bench'],
  bench: ['protocol', 'cluster', 'actors', 'gateway', 'ops'],
  test: ['protocol', 'cluster', 'actors', 'gateway', 'ops', 'bench'],
}

/** The files of cluster/ that stand for one bus, store, queue or index. Whoever uses a port must not know which; only the composition root, test/ and bench/ choose. */
const adapter = /^cluster\/(local|lmdb|redis|nats|jetstream|elastic)\b/
const usesPortsOnly = new Set(['actors', 'gateway', 'ops'])
/** The ports of a node, alone and in a cluster, and the reader of a journal at rest. */
const compositionRoots = new Set(['ops/embedded-ports.ts', 'ops/cluster-ports.ts', 'ops/elastic-port.ts', 'ops/journal/open-journal.ts'])
/** Worker threads build the little that they need by themselves. */
const threadEntry = /^ops\/[a-z-]+-worker\.ts$/

export const folderImports = {
  create(context) {
    const path = pathInProject(context)
    const folder = folderOf(path)
    const allowed = mayImport[folder]
    if (allowed === undefined) return {}
    return importVisitors((node, specifier, typeOnly) => {
      if (!specifier.startsWith('.')) return
      const target = posix.join(posix.dirname(path), specifier)
      const targetFolder = folderOf(target)
      if (targetFolder === folder) return
      const message = fault(path, folder, target, targetFolder, typeOnly)
      if (message !== undefined) context.report({ node, message })
    })
  },
}

function fault(path, folder, target, targetFolder, typeOnly) {
  if (!mayImport[folder].includes(targetFolder)) {
    const list = mayImport[folder].join(', ')
    return `${folder}/ may not import ${target}: it imports ${list === '' ? 'nothing of ours' : `only ${list}`}.`
  }
  const buildsAdapters = compositionRoots.has(path) || threadEntry.test(path) || path.endsWith('.test.ts')
  if (!adapter.test(target) || !usesPortsOnly.has(folder) || buildsAdapters) return undefined
  if (folder === 'ops' && typeOnly) return undefined
  return `${target} is an adapter: ${folder}/ imports only the ports of cluster/, and ${[...compositionRoots].join(' and ')} build adapters.`
}

/** `scripts` for scripts/build.mjs, and '' for a file that lies in no folder of ours. */
function folderOf(path) {
  const slash = path.indexOf('/')
  return slash === -1 ? '' : path.slice(0, slash)
}
