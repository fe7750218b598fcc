import { saleFileSchema, settingsOfSale, type SkuSettings } from '../../protocol/sku-settings.ts'
import { benchSku } from './buy-calls.ts'

/** The one SKU that micro benches sell. */
export function benchSettings(stock: number): SkuSettings {
  const skus = [{ sku: benchSku, title: 'Bench', priceMinor: 100, stock }]
  const [settings] = settingsOfSale(saleFileSchema.parse({ sale: benchSku, title: 'Bench', opensAt: 0, skus }))
  if (settings === undefined) throw new Error('the sale of the bench has no SKU')
  return settings
}
