import type { Plain } from '../msgpack-writer.ts'
import type { SaleInfo, SkuInfo, SkuStatus } from '../results.ts'
import type { Caller } from './calls.ts'
import { decodeSale, decodeSales, decodeSkuInfo, decodeSkuStatus } from './result-decoders.ts'
import { type CallOptions, requestOptions, typedCall } from './typed-call.ts'
import type { Watches } from './watches.ts'

/** What anyone may ask. Every method rejects with a `SluiceError` and with nothing else. */
export interface PublicCalls {
  sales(options?: CallOptions): Promise<readonly SaleInfo[]>
  sale(id: string, options?: CallOptions): Promise<SaleInfo>
  sku(id: string, options?: CallOptions): Promise<SkuInfo>
  /** Where the SKU stands now; `sku` events follow, also after a reconnect, until `unwatch`. */
  watch(sku: string, options?: CallOptions): Promise<SkuStatus>
  unwatch(sku: string, options?: CallOptions): Promise<void>
}

export function publicCalls(caller: Caller, watches: Watches): PublicCalls {
  const ask = <T>(decode: (value: Plain) => T, method: string, params: readonly Plain[], options: CallOptions | undefined) =>
    typedCall(caller, decode, { method, params, repeat: 'always', ...requestOptions(options) })
  return {
    sales: (options) => ask(decodeSales, 'sale.list', [], options),
    sale: (id, options) => ask(decodeSale, 'sale.get', [id], options),
    sku: (id, options) => ask(decodeSkuInfo, 'sku.get', [id], options),
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
