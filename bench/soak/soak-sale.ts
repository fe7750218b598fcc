import { type RpcClient, SluiceError } from '../../protocol/client/rpc-client.ts'
import { BenchFault } from '../bench-fault.ts'
import type { Rounds } from '../load/request-ring.ts'
import { skuName } from '../load/wire.ts'

const sale = 'soak'
/** Few, so that a shard writes enough in some minutes for its journal to be compacted again and again. */
const skuCount = 2
/** Of what everyone finds enough of; and of what visitors wait in line for. */
const plenty = 1_000_000
const scarce = 20
/** Visitors come back for years, and nobody is to be turned away for having bought before. */
const perUserMax = 1_000
/** Who just goes away gives the unit back so soon. */
const holdTtlMs = 20_000
const absenceMs = 20_000

/** Bought and left all the time by the users on schedule. */
export const steadySkus = { name: sale, count: skuCount } as const
export const scarceSku = `${sale}-scarce`
const allSkus = [...Array.from({ length: skuCount }, (_, i) => skuName(sale, i)), scarceSku]
/** Of visitors. */
export const visitedSkus = allSkus

export async function openSoakSale(rpc: RpcClient): Promise<void> {
  const skus = allSkus.map((sku) => ({
    ...{ sku, title: sku, priceMinor: 100, perUserMax, holdTtlMs, absenceMs },
    stock: sku === scarceSku ? scarce : plenty,
  }))
  try {
    await rpc.saleCreate({ sale, title: 'Soak', opensAt: 0, skus })
    await rpc.saleOpen(sale)
  } catch (error) {
    if (error instanceof SluiceError)
      throw new BenchFault(`the sale for the soak could not be made: ${error.code}: ${error.message}`, error)
    throw error
  }
}

/** Puts in what was sold, and for those who wait in line a unit each: the line builds up and goes, over and over. Returns how many units that was. */
export async function restock(rpc: RpcClient): Promise<number> {
  let units = 0
  for (const sku of allSkus) {
    const { available, held, ordered, waiting } = await rpc.skuStatus(sku)
    const missing = (sku === scarceSku ? scarce : plenty) - available - held - ordered + waiting
    if (missing <= 0) continue
    await rpc.restock(sku, missing)
    units += missing
  }
  return units
}

/** The users of one connection, who go from SKU to SKU. A number of rounds that the users' number does not divide brings everyone to every SKU. */
export function soakRounds(users: number): Rounds {
  return { users, skus: Uint16Array.from({ length: skuCount }, (_, i) => i) }
}
