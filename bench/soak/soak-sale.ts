import { type RpcClient, SluiceError } from '../../protocol/client/rpc-client.ts'
import { BenchFault } from '../bench-fault.ts'
import { type CallMix, skuNames } from '../load/call-mix.ts'

const sale = 'soak'
/** Few, so that a shard writes enough in some minutes for its journal to be compacted again and again. */
const skuCount = 4
/** Of what everyone finds enough of; and of what visitors wait in line for. */
const plenty = 1_000_000
const scarce = 20
/** Visitors come back for years, and nobody is to be turned away for having bought before. */
const perUserMax = 1_000
/** Who just goes away gives the unit back so soon. */
const holdTtlMs = 20_000
const absenceMs = 20_000

/** What the users on schedule buy and leave all the time. */
export function soakMix(usersEach: number): CallMix {
  return { skus: skuCount, zipf: 0, usersEach }
}

export const scarceSku = `${sale}-scarce`
const allSkus = [...skuNames(soakMix(1)), scarceSku]
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
