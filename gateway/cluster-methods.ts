import type { NodeDirectory } from '../cluster/node-directory.ts'
import type { NodeReport } from '../protocol/node-report.ts'
import { named } from './audit-content.ts'
import type { Call, MethodBody } from './method.ts'

export interface ClusterMethodsParts {
  readonly directory: Pick<NodeDirectory, 'nodes' | 'drain'>
  /** How many shards of each kind there are. */
  readonly shards: number
}

/** Methods for operators about the processes themselves. */
export function clusterMethods(parts: ClusterMethodsParts): readonly MethodBody[] {
  return [
    { name: 'cluster.status', role: 'operator', run: (call) => status(parts, call) },
    { name: 'cluster.drain', role: 'operator', change: named('node'), run: (call) => drain(parts, call) },
  ]
}

async function status({ directory, shards }: ClusterMethodsParts, call: Call): Promise<void> {
  call.params.end()
  const nodes = await directory.nodes()
  if (nodes === undefined) return call.refuse('BUSY', 'Too many ask for it.', 500)
  const owned = new Set(nodes.flatMap((node) => node.shards.map(({ name }) => name)))
  const all = ['inv', 'ses'].flatMap((kind) => Array.from({ length: shards }, (_, number) => `${kind}.${number}`))
  call.result({ nodes: nodes.map(plainNode), unowned: all.filter((name) => !owned.has(name)) })
}

async function drain({ directory }: ClusterMethodsParts, call: Call): Promise<void> {
  const name = call.params.node()
  call.params.end()
  const nodes = (await directory.nodes()) ?? []
  const known = nodes.find((node) => node.name === name)
  if (known === undefined) return call.refuse('MALFORMED', `There is no node ${name}.`)
  if (!nodes.some((node) => node.name !== name && node.role === known.role)) {
    return call.refuse('FORBIDDEN', `Node ${name} is the only one with the role ${known.role}; end its process if that is meant.`)
  }
  const report = await directory.drain(name)
  if (report === undefined) call.refuse('UNAVAILABLE', `Node ${name} does not answer.`)
  else {
    call.changed({ state: known.state }, { state: report.state })
    call.result(plainNode(report))
  }
}

function plainNode({ name, role, state, shards }: NodeReport) {
  return { name, role, state, shards: shards.map((shard) => ({ ...shard })) }
}
