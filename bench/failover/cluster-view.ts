import { z } from 'zod'
import { placeShard } from '../../cluster/placement.ts'
import { partsOfName, shardName } from '../../cluster/store.ts'
import type { RpcClient } from '../../protocol/client/rpc-client.ts'

const statusSchema = z.object({
  nodes: z.array(
    z.object({
      name: z.string(),
      role: z.string(),
      state: z.string(),
      shards: z.array(z.object({ name: z.string().regex(/^(inv|ses)\.\d+$/), lagBytes: z.number() })),
    }),
  ),
  unowned: z.array(z.string()),
})

/** What `cluster.status` says. */
export type ClusterView = z.output<typeof statusSchema>

export async function viewCluster(rpc: RpcClient): Promise<ClusterView> {
  return statusSchema.parse(await rpc.call('cluster.status', [], { repeat: true }))
}

/** The numbers of the inventory shards that a node owns. */
export function inventoryOf({ nodes }: ClusterView, name: string): readonly number[] {
  const shards = nodes.find((node) => node.name === name)?.shards ?? []
  return shards.map((shard) => partsOf(shard.name)).flatMap(({ kind, shard }) => (kind === 'inv' ? [shard] : []))
}

/** Every shard is where it should be with so many actor nodes, so that none moves any more. */
export function isSettled({ nodes, unowned }: ClusterView, actors: number): boolean {
  const owners = nodes.filter(({ role }) => role === 'actors')
  const members = owners.map(({ name }) => ({ name, state: 'up' as const }))
  if (owners.length !== actors || unowned.length > 0 || owners.some(({ state }) => state !== 'ready')) return false
  return owners.every(({ name, shards }) =>
    shards.every((shard) => {
      const { kind, shard: number } = partsOf(shard.name)
      return placeShard(shardName(kind, number), members) === name
    }),
  )
}

function partsOf(name: string): ReturnType<typeof partsOfName> {
  const [kind, number] = name.split('.')
  return partsOfName(shardName(kind === 'ses' ? 'ses' : 'inv', Number(number)))
}
