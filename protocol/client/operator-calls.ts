import type { Plain } from '../msgpack-writer.ts'
import type { DrawInfo, ErasedUser, FoundOrder, NamedUser, RefundedOrder, SaleUpdated, SkuStatus, UserInfo } from '../results.ts'
import type { SaleChangeInput } from '../sale-change.ts'
import type { SaleFileInput } from '../sku-settings.ts'
import type { Caller } from './calls.ts'
import type { ClientWorld } from './client-world.ts'
import { listOf, PlainReader } from './plain-reader.ts'
import { decodeDrawInfo, decodeFoundOrder, decodeRefundedOrder, decodeSaleUpdated, decodeSkuStatus } from './result-decoders.ts'
import { type CallOptions, type CreateOptions, newRequestId, requestOptions, typedCall } from './typed-call.ts'
import { decodeErased, decodeNamedUser } from './user-decoders.ts'

/** What operators can do. What is only ever shown comes as plain data. Every method rejects with a `SluiceError`. */
export interface OperatorCalls {
  /** Takes what `sluice sale create --file` takes. The same file twice changes nothing. */
  saleCreate(file: SaleFileInput, options?: CallOptions): Promise<Plain>
  /** Other settings for a sale, while it runs too. Takes what `sluice sale update --file` takes. With `preview` it only tells what would become of whom. */
  saleUpdate(change: SaleChangeInput, options?: UpdateOptions): Promise<SaleUpdated>
  saleOpen(sale: string, options?: CreateOptions): Promise<Plain>
  salePause(sale: string, options?: CreateOptions): Promise<Plain>
  saleResume(sale: string, options?: CreateOptions): Promise<Plain>
  saleClose(sale: string, options?: CreateOptions): Promise<Plain>
  /** Adds units, once per request id. */
  restock(sku: string, units: number, options?: CreateOptions): Promise<SkuStatus>
  skuStatus(sku: string, options?: CallOptions): Promise<SkuStatus>
  user(user: string, options?: CallOptions): Promise<Plain>
  /** What the shop calls a user; what is left out stays as it is, null takes it away. For services as well. */
  setUser(user: string, info: Partial<UserInfo>, options?: CallOptions): Promise<NamedUser>
  /**
   * Puts a pseudonym in the place of the user, everywhere and for good. `USER_ACTIVE` while something of theirs is under way. For services as well; see docs/users.md.
   */
  eraseUser(user: string, options?: CallOptions): Promise<ErasedUser>
  /** All that is known of an order, also long after its purchase. */
  orderFind(order: string, options?: CallOptions): Promise<FoundOrder>
  /** Gives back `amountMinor` of a paid order, or all that is left of it; once per request id. What comes of it is told by {@link OperatorCalls.orderFind}. */
  orderRefund(order: string, options?: RefundOptions): Promise<RefundedOrder>
  /** Gives a draw that waits for its beacon the value of the planned round, in hex. The same value again is fine, another one is refused. */
  drawBeacon(sku: string, round: number, value: string, options?: CallOptions): Promise<DrawInfo>
  /** The people in line from the head on, a page at a time. */
  lineList(sku: string, options?: LineListOptions): Promise<readonly LinePlace[]>
}

export interface UpdateOptions extends CreateOptions {
  readonly preview?: boolean
}

export interface RefundOptions extends CreateOptions {
  readonly amountMinor?: number
}

export interface LineListOptions extends CallOptions {
  /** Only places behind this ticket: the last one of the page before. */
  readonly after?: number
  readonly limit?: number
}

export interface LinePlace {
  readonly ticket: number
  readonly user: string
  readonly qty: number
  readonly ahead: number
}

export function operatorCalls(world: ClientWorld, caller: Caller): OperatorCalls {
  const ask = <T>(decode: (value: Plain) => T, method: string, params: readonly Plain[], options: CreateOptions | undefined) =>
    typedCall(caller, decode, { method, params, repeat: 'always', ...requestOptions(options) })
  const setPhase = (method: string, sale: string, options: CreateOptions | undefined) => {
    const requestId = options?.requestId ?? newRequestId(world)
    return ask(asPlain, method, [sale, requestId], { ...options, requestId })
  }
  return {
    saleCreate: (file, options) => ask(asPlain, 'sale.create', [file], options),
    saleUpdate(change, options) {
      const requestId = options?.requestId ?? newRequestId(world)
      return ask(decodeSaleUpdated, 'sale.update', [change, options?.preview ?? false, requestId], { ...options, requestId })
    },
    saleOpen: (sale, options) => setPhase('sale.open', sale, options),
    salePause: (sale, options) => setPhase('sale.pause', sale, options),
    saleResume: (sale, options) => setPhase('sale.resume', sale, options),
    saleClose: (sale, options) => setPhase('sale.close', sale, options),
    restock(sku, units, options) {
      const requestId = options?.requestId ?? newRequestId(world)
      return ask(decodeSkuStatus, 'sku.restock', [sku, units, requestId], { ...options, requestId })
    },
    skuStatus: (sku, options) => ask(decodeSkuStatus, 'sku.status', [sku], options),
    setUser: (user, info, options) => ask(decodeNamedUser, 'user.set', [user, { ...info }], options),
    eraseUser: (user, options) => ask(decodeErased, 'user.erase', [user], options),
    user: (user, options) => ask(asPlain, 'user.get', [user], options),
    orderFind: (order, options) => ask(decodeFoundOrder, 'order.find', [order], options),
    orderRefund(order, options) {
      const requestId = options?.requestId ?? newRequestId(world)
      return ask(decodeRefundedOrder, 'order.refund', [order, options?.amountMinor ?? null, requestId], { ...options, requestId })
    },
    drawBeacon: (sku, round, value, options) => ask(decodeDrawInfo, 'draw.beacon', [sku, round, value], options),
    lineList: (sku, options) => ask(decodeLine, 'line.list', [sku, options?.after ?? null, options?.limit ?? null], options),
  }
}

function asPlain(value: Plain): Plain {
  return value
}

export function decodeLine(value: Plain): readonly LinePlace[] {
  return listOf(value, 'line', (item) => {
    const fields = new PlainReader(item, 'place')
    return { ticket: fields.number('ticket'), user: fields.text('user'), qty: fields.number('qty'), ahead: fields.number('ahead') }
  })
}
