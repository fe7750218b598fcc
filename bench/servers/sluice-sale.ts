import { setTimeout as delay } from 'node:timers/promises'
import { flagOf, type Settings } from '../../ops/settings.ts'
import { connectRpc, type RpcClient, SluiceError } from '../../protocol/client/rpc-client.ts'
import { BenchFault } from '../bench-fault.ts'
import { type CallMix, skuNames } from '../load/call-mix.ts'
import { plentyOfStock } from './buy-script.ts'

/** What is bought, and how a node is set for it: a sale that does not sell out, and limits that are not what is measured. */
export const benchSku = 'bench'
export const benchUserHeader = 'x-sluice-user'
/** So that no hold of a shorter run ends while it is measured. */
export const benchHoldTtlMs = 120_000

const plentyPerSecond = 10_000_000
/** The most that can be set: half a minute of the fastest load does not come to it. */
const rareSnapshotBytes = 4096 * 1024 * 1024

export type SettingTexts = Readonly<Partial<Record<keyof Settings, string | number>>>

/** For a node's command line. `snapshots`: whether it takes them as it would by default. */
export function benchSettings(snapshots: boolean): SettingTexts {
  return {
    drainSeconds: 0,
    trustUserHeader: benchUserHeader,
    connectionsPerAddressMax: 100_000,
    perConnectionInFlightMax: 65_536,
    addressRatePerSecond: plentyPerSecond,
    addressBurst: plentyPerSecond,
    // One user repeats one call where that is all that a load generator can do.
    userRatePerSecond: plentyPerSecond,
    userBurst: plentyPerSecond,
    addressHandshakeRatePerSecond: plentyPerSecond,
    addressHandshakeBurst: plentyPerSecond,
    mailboxBytesMax: 64 * 1024 * 1024,
    idleTimeoutSeconds: 960,
    logLevel: 'info',
    ...(snapshots ? {} : { snapshotEveryBytes: rareSnapshotBytes }),
  }
}

export function settingWords(settings: SettingTexts): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) => [flagOf(name), String(value)])
}

/** What makes Node write a processor profile when it ends. */
export function profileWords(folder: string | undefined): readonly string[] {
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`]
}

/** How a shop is set up for a load, where that is not one SKU of which there is plenty. */
export interface BenchShop {
  /** Its only unit is sold, and known to be by the gateway. */
  readonly isSoldOut?: boolean
  /** Its SKUs are those of this mix. */
  readonly mix?: CallMix | undefined
}

/** Opens a sale. */
export async function openBenchSale(host: string, rpcPort: number, key: string, { isSoldOut = false, mix }: BenchShop): Promise<void> {
  const rpc = connectRpc({ url: `tcp://${host}:${rpcPort}`, key })
  const names = mix === undefined ? [benchSku] : skuNames(mix)
  try {
    for (let from = 0; from < names.length; from += skusPerSale) {
      const sale = `${benchSku}-${from}`
      const skus = names
        .slice(from, from + skusPerSale)
        .map((sku) => ({ sku, title: 'Bench', priceMinor: 100, stock: isSoldOut ? 1 : plentyOfStock, holdTtlMs: benchHoldTtlMs }))
      await rpc.saleCreate({ sale, title: 'Bench', opensAt: 0, skus })
      await rpc.saleOpen(sale)
    }
    if (isSoldOut) await sellOut(rpc)
  } catch (error) {
    if (error instanceof SluiceError)
      throw new BenchFault(`the sale for the bench could not be made: ${error.code}: ${error.message}`, error)
    throw error
  } finally {
    rpc.close()
  }
}

/** What a sale offers is told as a whole whenever one of its SKUs is another, so thousands in one would be set up slowly. */
const skusPerSale = 50

async function sellOut(rpc: RpcClient): Promise<void> {
  const buyer = rpc.as('the-buyer')
  await buyer.buy(benchSku)
  await buyer.checkout(benchSku, 'card')
  const until = performance.now() + soldOutMs
  for (let sold = 0; sold < 1; sold = (await rpc.sku(benchSku)).sold) {
    if (performance.now() > until) throw new BenchFault('the only unit was not paid for')
    await delay(pollMs)
  }
}

const soldOutMs = 20_000
const pollMs = 50
