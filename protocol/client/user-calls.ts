import type { Plain } from '../msgpack-writer.ts'
import type { ClaimState, NamedUser, Order, OrderClaim, OwnedClaim, UserHistory } from '../results.ts'
import type { Caller } from './calls.ts'
import { challengedCall } from './challenged-call.ts'
import type { ClientWorld } from './client-world.ts'
import { decodeClaim, decodeOrderClaim, decodeOrders, decodeResumed } from './result-decoders.ts'
import { type CallOptions, type CreateOptions, newRequestId, requestOptions, typedCall } from './typed-call.ts'
import { decodeHistory, decodeNamedUser } from './user-decoders.ts'

export interface BuyOptions extends CreateOptions {
  /** 1 if absent. All or nothing. */
  readonly qty?: number
}

/** What a user can do. Every method rejects with a `SluiceError` and with nothing else. */
export interface UserCalls {
  /** Asks for units: a hold at once, or a place in the line. What work a hot SKU asks of the device is done on the way, inside the deadline. */
  buy(sku: string, options?: BuyOptions): Promise<ClaimState>
  /** Gives up the place or the hold. */
  leave(sku: string, options?: CreateOptions): Promise<ClaimState>
  /** Turns the hold into an order. The outcome of the payment comes as an `order` event. */
  checkout(sku: string, payment: string, options?: CreateOptions): Promise<OrderClaim>
  claim(sku: string, options?: CallOptions): Promise<ClaimState>
  /** All that the user has. A socket client does this by itself after every connect. */
  resume(options?: CallOptions): Promise<readonly OwnedClaim[]>
  order(id: string, options?: CallOptions): Promise<OrderClaim>
  /** The user's orders of any sale, latest first. */
  orders(options?: CallOptions): Promise<readonly Order[]>
  /** Gives up an order that is not paid yet; its state in the answer says whether that came in time. */
  cancelOrder(id: string, options?: CallOptions): Promise<OrderClaim>
  /** What the shop calls the user. */
  info(options?: CallOptions): Promise<NamedUser>
  /** Visits and orders of the last month, latest first, a page at a time. */
  history(options?: HistoryOptions): Promise<UserHistory>
}

export interface HistoryOptions extends CallOptions {
  /** `next` of the page before. */
  readonly after?: string | null
  readonly limit?: number
}

/** The user's methods over any caller. `user` goes in front of the params where the caller acts for others; undefined where the connection is the user's own. */
export function userCalls(world: ClientWorld, caller: Caller, user?: string): UserCalls {
  const ask = <T>(decode: (value: Plain) => T, method: string, params: readonly Plain[], options: CreateOptions | undefined) =>
    typedCall(caller, decode, {
      method,
      params: user === undefined ? params : [user, ...params],
      repeat: 'always',
      ...requestOptions(options),
    })
  return {
    buy(sku, options) {
      const requestId = options?.requestId ?? newRequestId(world)
      return challengedCall({
        world,
        deadlineMs: options?.deadlineMs ?? caller.deadlineMs,
        attempt: (proof, deadlineMs) => {
          const params = [sku, options?.qty ?? 1, requestId, ...(proof === undefined ? [] : [proof])]
          return ask(decodeClaim, 'buy', params, { deadlineMs, requestId })
        },
        challenge: (deadlineMs) => ask((challenge) => challenge, 'challenge', [sku, requestId], { deadlineMs, requestId }),
      })
    },
    leave(sku, options) {
      const requestId = options?.requestId ?? newRequestId(world)
      return ask(decodeClaim, 'leave', [sku, requestId], { ...options, requestId })
    },
    checkout(sku, payment, options) {
      const requestId = options?.requestId ?? newRequestId(world)
      return ask(decodeOrderClaim, 'checkout', [sku, payment, requestId], { ...options, requestId })
    },
    claim: (sku, options) => ask(decodeClaim, 'claim', [sku], options),
    resume: (options) => ask(decodeResumed, 'resume', [], options),
    order: (id, options) => ask(decodeOrderClaim, 'order.get', [id], options),
    orders: (options) => ask(decodeOrders, 'order.list', [], options),
    info: (options) => ask(decodeNamedUser, 'user.get', [], options),
    history: (options) => ask(decodeHistory, 'user.history', [options?.after ?? null, options?.limit ?? null], options),
    cancelOrder: (id, options) => ask(decodeOrderClaim, 'order.cancel', [id], options),
  }
}
