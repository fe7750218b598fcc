import type { Plain } from '../msgpack-writer.ts'
import type { SkuStatus } from '../results.ts'
import type { SaleFileInput } from '../sku-settings.ts'
import type { Caller } from './calls.ts'
import type { ClientWorld } from './client-world.ts'
import { decodeSkuStatus } from './result-decoders.ts'
import { callAndDecode, type CallOptions, type CreateOptions, newRequestId } from './user-calls.ts'

/** What operators can do. What has no type of its own yet comes as plain data. Every method rejects with a `SluiceError`. */
export interface OperatorCalls {
  /** Takes what `sluice sale create --file` takes. Idempotent. */
  saleCreate(file: SaleFileInput, options?: CallOptions): Promise<Plain>
  saleOpen(sale: string, options?: CallOptions): Promise<Plain>
  salePause(sale: string, options?: CallOptions): Promise<Plain>
  saleResume(sale: string, options?: CallOptions): Promise<Plain>
  saleClose(sale: string, options?: CallOptions): Promise<Plain>
  /** Adds units, once per request id. */
  restock(sku: string, units: number, options?: CreateOptions): Promise<SkuStatus>
  skuStatus(sku: string, options?: CallOptions): Promise<SkuStatus>
  user(user: string, options?: CallOptions): Promise<Plain>
  lineList(sku: string, options?: CallOptions): Promise<Plain>
}

export function operatorCalls(world: ClientWorld, caller: Caller): OperatorCalls {
  const ask = <T>(decode: (value: Plain) => T, method: string, param: Plain, options: CallOptions | undefined) =>
    callAndDecode(caller, decode, { method, params: [param], repeat: 'always', ...options })
  return {
    saleCreate: (file, options) => ask(asPlain, 'sale.create', file, options),
    saleOpen: (sale, options) => ask(asPlain, 'sale.open', sale, options),
    salePause: (sale, options) => ask(asPlain, 'sale.pause', sale, options),
    saleResume: (sale, options) => ask(asPlain, 'sale.resume', sale, options),
    saleClose: (sale, options) => ask(asPlain, 'sale.close', sale, options),
    restock(sku, units, options) {
      const requestId = options?.requestId ?? newRequestId(world)
      return callAndDecode(caller, decodeSkuStatus, {
        method: 'sku.restock',
        params: [sku, units, requestId],
        repeat: 'always',
        ...options,
        requestId,
      })
    },
    skuStatus: (sku, options) => ask(decodeSkuStatus, 'sku.status', sku, options),
    user: (user, options) => ask(asPlain, 'user.get', user, options),
    lineList: (sku, options) => ask(asPlain, 'line.list', sku, options),
  }
}

function asPlain(value: Plain): Plain {
  return value
}
