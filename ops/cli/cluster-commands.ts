import type { Command } from 'commander'
import { z } from 'zod'
import { counted } from '../counted.ts'
import { addNodeCommand, readNodeOptions, withNode } from './connection.ts'
import { table } from './tables.ts'
import type { Terminal } from './terminal.ts'

const nodeSchema = z.object({
  name: z.string(),
  role: z.string(),
  state: z.string(),
  shards: z.array(z.object({ name: z.string(), epoch: z.int(), seq: z.int(), lagBytes: z.int() })),
})
const statusSchema = z.object({ nodes: z.array(nodeSchema), unowned: z.array(z.string()) })

type Status = z.output<typeof statusSchema>

/** `sluice cluster status | drain`. */
export function addClusterCommands(program: Command, terminal: Terminal): void {
  const cluster = program.command('cluster').description('look at the processes of a cluster, and take one out of it')

  const status = addNodeCommand(
    cluster,
    'status',
    'nodes, and who owns which shard; lag is the journal that another owner would have to read',
  )
  status.action(async () => {
    const options = readNodeOptions(status)
    const found = statusSchema.parse(await withNode(options, terminal, (rpc) => rpc.call('cluster.status', [], { repeat: true })))
    terminal.out(options.json === true ? `${JSON.stringify(found)}\n` : statusText(found, terminal))
  })

  const drain = addNodeCommand(cluster, 'drain <node>', 'end a node in order: its clients and shards go to others, then its process ends')
  drain.action(async (name: string) => {
    const options = readNodeOptions(drain)
    const node = nodeSchema.parse(await withNode(options, terminal, (rpc) => rpc.call('cluster.drain', [name], { repeat: true })))
    const shards = node.shards.length === 0 ? '' : ` and hands ${counted(node.shards.length, 'shard')} over`
    terminal.out(options.json === true ? `${JSON.stringify(node)}\n` : `node ${name} (${node.role}) drains${shards}\n`)
  })
}

function statusText({ nodes, unowned }: Status, terminal: Terminal): string {
  const owners = nodes.flatMap(({ name: owner, shards }) => shards.map((shard) => ({ owner, ...shard })))
  const shards = [
    ...owners.map(({ name, owner, epoch, seq, lagBytes }) => [name, owner, epoch, seq, lagBytes] as const),
    ...unowned.map((name) => [name, 'nobody', 0, 0, 0] as const),
  ].toSorted(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
  const nodeRows = nodes.map(({ name, role, state, shards: owned }) => [name, role, state, owned.length])
  return `${table(terminal, ['node', 'role', 'state', 'shards'], nodeRows)}\n${table(terminal, ['shard', 'owner', 'epoch', 'records', 'lag in bytes'], shards)}`
}
