import { Malformed } from '../msgpack-reader.ts'
import type { Plain } from '../msgpack-writer.ts'
import type { ClaimState, Order, OrderClaim, OwnedClaim, SaleInfo, SkuInfo, SkuStatus } from '../results.ts'
import type { Caller, CallRequest } from './calls.ts'
import type { ClientWorld } from './client-world.ts'
import {
  decodeClaim,
  decodeOrder,
  decodeOrderClaim,
  decodeOrders,
  decodeResumed,
  decodeSale,
  decodeSales,
  decodeSkuInfo,
  decodeSkuStatus,
} from './result-decoders.ts'
import { SluiceError } from './sluice-error.ts'
import type { Watches } from './watches.ts'

export interface CallOptions {
  /** ms until the call is given up; the client's own setting if absent. */
  readonly deadlineMs?: number
}

/** A call that creates something carries a request id; by giving the same again it learns what became of the first. */
export interface CreateOptions extends CallOptions {
  readonly requestId?: string
}

export interface BuyOptions extends CreateOptions {
  /** 1 if absent. All or nothing. */
  readonly qty?: number
}

/** What a user can do. Every method rejects with a {@link SluiceError} and with nothing else. */
export interface UserCalls {
  /** Asks for units: a hold at once, or a place in the line. */
  buy(sku: string, options?: BuyOptions): Promise<ClaimState>
  /** Gives up the place or the hold. */
  leave(sku: string, options?: CallOptions): Promise<ClaimState>
  /** Turns the hold into an order. The outcome of the payment comes as an `order` event. */
  checkout(sku: string, payment: string, options?: CreateOptions): Promise<OrderClaim>
  claim(sku: string, options?: CallOptions): Promise<ClaimState>
  /** All that the user has. A socket client does this by itself after every connect. */
  resume(options?: CallOptions): Promise<readonly OwnedClaim[]>
  order(id: string, options?: CallOptions): Promise<Order>
  orders(options?: CallOptions): Promise<readonly Order[]>
  cancelOrder(id: string, options?: CallOptions): Promise<Order>
  /** Where the SKU stands now; `sku` events follow, also after a reconnect, until `unwatch`. */
  watch(sku: string, options?: CallOptions): Promise<SkuStatus>
  unwatch(sku: string, options?: CallOptions): Promise<void>
  sales(options?: CallOptions): Promise<readonly SaleInfo[]>
  sale(id: string, options?: CallOptions): Promise<SaleInfo>
  sku(id: string, options?: CallOptions): Promise<SkuInfo>
}

/** The user's methods over any caller. `user` goes in front of the params where the caller acts for others; undefined where the connection is the user's own. */
export function userCalls(world: ClientWorld, caller: Caller, watches: Watches, user?: string): UserCalls {
  const ask = <T>(decode: (value: Plain) => T, method: string, params: readonly Plain[], options?: CallOptions, requestId?: string) =>
    callAndDecode(caller, decode, {
      method,
      params: user === undefined ? params : [user, ...params],
      repeat: 'always',
      ...(options?.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs }),
      ...(requestId === undefined ? {} : { requestId }),
    })
  return {
    buy(sku, options) {
      const requestId = options?.requestId ?? newRequestId(world)
      return ask(decodeClaim, 'buy', [sku, options?.qty ?? 1, requestId], options, requestId)
    },
    leave: (sku, options) => ask(decodeClaim, 'leave', [sku], options),
    checkout(sku, payment, options) {
      const requestId = options?.requestId ?? newRequestId(world)
      return ask(decodeOrderClaim, 'checkout', [sku, payment, requestId], options, requestId)
    },
    claim: (sku, options) => ask(decodeClaim, 'claim', [sku], options),
    resume: (options) => ask(decodeResumed, 'resume', [], options),
    order: (id, options) => ask(decodeOrder, 'order.get', [id], options),
    orders: (options) => ask(decodeOrders, 'order.list', [], options),
    cancelOrder: (id, options) => ask(decodeOrder, 'order.cancel', [id], options),
    async watch(sku, options) {
      const status = await ask(decodeSkuStatus, 'watch', [sku], options)
      watches.add(sku, user)
      return status
    },
    unwatch(sku, options) {
      watches.remove(sku, user)
      return ask(() => undefined, 'unwatch', [sku], options)
    },
    sales: (options) => ask(decodeSales, 'sale.list', [], options),
    sale: (id, options) => ask(decodeSale, 'sale.get', [id], options),
    sku: (id, options) => ask(decodeSkuInfo, 'sku.get', [id], options),
  }
}

/** A result that is not what it should be rejects like a refusal: for the user of a method there is one kind of error. */
export async function callAndDecode<T>(caller: Caller, decode: (value: Plain) => T, request: CallRequest): Promise<T> {
  const result = await caller.start(request)
  try {
    return decode(result)
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    const refusal = { code: error.code, message: `The server's answer is not what the protocol says: ${error.message}` } as const
    throw new SluiceError(refusal, request.method, request.requestId)
  }
}

/** 128 random bits in hexadecimal. */
export function newRequestId(world: ClientWorld): string {
  let text = ''
  for (const byte of world.randomBytes(16)) text += byte.toString(16).padStart(2, '0')
  return text
}
