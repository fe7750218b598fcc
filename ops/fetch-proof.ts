import { z } from 'zod'
import type { RpcClient } from '../protocol/client/rpc-client.ts'
import { StartFault } from './start-fault.ts'

const beaconSchema = z.object({ source: z.string(), round: z.number(), value: z.string().nullable() })
const texts = { format: z.string(), sku: z.string(), commitment: z.string(), seed: z.string(), rosterHash: z.string() }
/** A page: the head is the same on all, `roster` and `order` are its part of the whole. */
const pageSchema = z.object({
  ...texts,
  beacon: beaconSchema.nullable(),
  size: z.int().min(0),
  roster: z.array(z.string()),
  order: z.array(z.int()),
})

/** The whole proof of a draw that is over, page by page from a node. Rejects with a `SluiceError` if there is none. */
export async function fetchProof(rpc: Pick<RpcClient, 'call'>, sku: string): Promise<Omit<z.output<typeof pageSchema>, 'size'>> {
  const roster: string[] = []
  const order: number[] = []
  for (;;) {
    const { size, ...page } = pageSchema.parse(await rpc.call('draw.proof', [sku, roster.length], { repeat: true }))
    roster.push(...page.roster)
    order.push(...page.order)
    if (roster.length >= size) return { ...page, roster, order }
    if (page.roster.length === 0) throw new StartFault(`the node has ${size} entries and gave ${roster.length}`)
  }
}
