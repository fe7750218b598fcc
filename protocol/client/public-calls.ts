import type { Plain } from '../msgpack-writer.ts'
import type { ProductInfo, SaleInfo, SkuInfo, SkuStatus } from '../results.ts'
import type { SearchQuestion, SearchResult } from '../search.ts'
import type { Caller } from './calls.ts'
import { decodeProduct, decodeSale, decodeSales, decodeSearchResult, decodeSkuInfo, decodeSkuStatus } from './result-decoders.ts'
import { type CallOptions, requestOptions, typedCall } from './typed-call.ts'
import type { Watches } from './watches.ts'

/** What anyone may ask. Every method rejects with a `SluiceError` and with nothing else. */
export interface PublicCalls {
  sales(options?: CallOptions): Promise<readonly SaleInfo[]>
  sale(id: string, options?: CallOptions): Promise<SaleInfo>
  sku(id: string, options?: CallOptions): Promise<SkuInfo>
  product(id: string, options?: CallOptions): Promise<ProductInfo>
  /** Products whose words are those of the text; without a text all. */
  search(text: string, filters?: SearchFilters, options?: CallOptions): Promise<SearchResult>
  /** Where the SKU stands now; `sku` events follow, also after a reconnect, until `unwatch`. */
  watch(sku: string, options?: CallOptions): Promise<SkuStatus>
  unwatch(sku: string, options?: CallOptions): Promise<void>
}

export type SearchFilters = Partial<Omit<SearchQuestion, 'text'>>

export function publicCalls(caller: Caller, watches: Watches): PublicCalls {
  const ask = <T>(decode: (value: Plain) => T, method: string, params: readonly Plain[], options: CallOptions | undefined) =>
    typedCall(caller, decode, { method, params, repeat: 'always', ...requestOptions(options) })
  return {
    sales: (options) => ask(decodeSales, 'sale.list', [], options),
    sale: (id, options) => ask(decodeSale, 'sale.get', [id], options),
    sku: (id, options) => ask(decodeSkuInfo, 'sku.get', [id], options),
    product: (id, options) => ask(decodeProduct, 'catalogue.get', [id], options),
    search(text, filters = {}, options = {}) {
      const given = Object.fromEntries(Object.entries(filters).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
      return ask(decodeSearchResult, 'catalogue.search', [text, given], options)
    },
    async watch(sku, options) {
      const status = await ask(decodeSkuStatus, 'watch', [sku], options)
      watches.add(sku)
      return status
    },
    unwatch(sku, options) {
      watches.remove(sku)
      return ask(() => undefined, 'unwatch', [sku], options)
    },
  }
}
