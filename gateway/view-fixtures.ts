import type { ShardBroadcast, ShardView, SkuChange, SkuNumbers, SkuView } from '../protocol/broadcast.ts'
import { frameKind, frameVersion } from '../protocol/frame.ts'
import { packInner } from '../protocol/inner-codec.ts'
import { type SaleFileInput, saleFileSchema, settingsOfSale, type SkuSettings } from '../protocol/sku-settings.ts'

/** What an inventory shard says to gateways, for tests. */

export function skuSettings(
  sku: string,
  wish: Partial<SaleFileInput['skus'][number]> = {},
  opensAt = 0,
  sale = `sale-of-${sku}`,
): SkuSettings {
  const skus = [{ sku, title: sku, priceMinor: 9_900, stock: 10, ...wish }]
  const [settings] = settingsOfSale(saleFileSchema.parse({ sale, title: `Sale of ${sku}`, opensAt, skus }))
  if (settings === undefined) throw new Error('a sale has at least one SKU')
  return settings
}

export const tenUnits: SkuNumbers = {
  phase: 'open',
  available: 10,
  held: 0,
  ordered: 0,
  sold: 0,
  waiting: 0,
  servedPerSecond: 0,
  releaseShare: 0,
}

/** The whole view of a SKU in which nobody waits; claims begin at `nextClaim`. */
export function skuView(settings: SkuSettings, numbers: Partial<SkuNumbers> = {}, nextClaim = 1): SkuView {
  return { sku: settings.sku, settings, ...tenUnits, ...numbers, lineFrom: nextClaim, lineEnd: nextClaim, line: new Uint8Array(0) }
}

export function skuChange(settings: SkuSettings, change: Partial<SkuChange> = {}): SkuChange {
  return { sku: settings.sku, ...tenUnits, joined: [], left: [], changed: [], ...change }
}

export function shardView(at: Pick<ShardView, 'shard' | 'epoch' | 'seq'>, skus: readonly SkuView[]): ShardView {
  return { ...at, now: 0, skus }
}

export function broadcastFrame(broadcast: Omit<ShardBroadcast, 'now'>): Uint8Array {
  return Uint8Array.of(frameVersion, frameKind.broadcast, ...packInner({ ...broadcast, now: 0 }))
}
