import type { RpcClient } from '../../protocol/client/rpc-client.ts'
import { hashText, shardOfHash } from '../../protocol/hash.ts'

/** Buys under way at once while lines are made: less than a gateway lets one connection have. */
const buysAtOnce = 768

/** One SKU for each inventory shard, in the shards' order. */
export function skuOfEachShard(shards: number): readonly string[] {
  const skus = new Map<number, string>()
  for (let number = 0; skus.size < shards; number++) {
    const sku = `sku-${number}`
    const shard = shardOfHash(hashText(sku), shards)
    if (!skus.has(shard)) skus.set(shard, sku)
  }
  return Array.from({ length: shards }, (_, shard) => skus.get(shard) ?? '')
}

/** Puts a line of `tickets` people at each SKU, whose only unit somebody holds for long. */
export async function makeLines(rpc: RpcClient, skus: readonly string[], tickets: number): Promise<void> {
  const holdTtlMs = 86_400_000
  const wishes = skus.map((sku) => ({ sku, title: sku, priceMinor: 100, stock: 1, holdTtlMs }))
  await rpc.saleCreate({ sale: 'lines', title: 'Lines', opensAt: 0, skus: wishes })
  let next = 0
  const lane = async (): Promise<void> => {
    for (let number = next++; number < skus.length * (tickets + 1); number = next++) {
      await rpc.as(`waiting-${number}`).buy(skus[number % skus.length] ?? '', { deadlineMs: 60_000 })
    }
  }
  await Promise.all(Array.from({ length: buysAtOnce }, lane))
}
