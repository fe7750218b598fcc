import type { SkuPhase } from '../broadcast.ts'
import { type OrderId, parseOrderId, parseProductId, parseSaleId, parseSkuId } from '../ids.ts'
import { Malformed } from '../msgpack-reader.ts'
import type { Plain } from '../msgpack-writer.ts'
import type {
  ClaimState,
  DrawInfo,
  DrawStage,
  EventName,
  Events,
  FoundOrder,
  Odds,
  Offer,
  OfferState,
  Order,
  OrderClaim,
  OrderState,
  OwnedClaim,
  ProductInfo,
  ProductState,
  ProductSummary,
  RefundedOrder,
  RefundInfo,
  RefundState,
  SaleInfo,
  SaleUpdated,
  SettingChange,
  SkuInfo,
  SkuStatus,
} from '../results.ts'
import type { SearchResult } from '../search.ts'
import type { ClientEvents } from './events.ts'
import { listOf, PlainReader } from './plain-reader.ts'

/** From plain data to the types of results.ts. A server's word is checked like anyone else's; all of these throw Malformed. */

const oddsNames: readonly Odds[] = ['likely', 'unlikely', 'none']
const phases: readonly SkuPhase[] = ['scheduled', 'open', 'paused', 'closed']
const drawStages: readonly DrawStage[] = ['lobby', 'counting', 'beacon', 'seating', 'done']
const saleStates: readonly SaleInfo['state'][] = ['scheduled', 'open', 'paused', 'over']
const offerStates: readonly OfferState[] = ['open', 'scheduled', 'paused', 'soldout']
const productStates: readonly ProductState[] = [...offerStates, 'none']
const orderStates: readonly OrderState[] = ['pending', 'paid', 'declined', 'cancelled', 'overdue', 'refunding', 'refunded', 'unrefunded']
const refundStates: readonly RefundState[] = ['open', 'done', 'refused']
const claimStates: readonly ClaimState['state'][] = ['none', 'lobby', 'queued', 'held', 'expired', 'soldout', ...orderStates]

export function decodeClaim(value: Plain): ClaimState {
  const fields = new PlainReader(value, 'claim')
  const state = fields.oneOf('state', claimStates)
  switch (state) {
    case 'none':
    case 'soldout':
      return { state }
    case 'expired':
      return { state, ...reasonOf(fields) }
    case 'lobby':
      return { state, opensAt: fields.number('opensAt') }
    case 'queued':
      return { state, ...placeOf(fields) }
    case 'held':
      return { state, ...holdOf(fields) }
    default:
      return { state, ...orderOf(fields) }
  }
}

export function decodeOrderClaim(value: Plain): OrderClaim {
  const fields = new PlainReader(value, 'order')
  return { state: fields.oneOf('state', orderStates), ...orderOf(fields) }
}

export function decodeOrder(value: Plain): Order {
  const fields = new PlainReader(value, 'order')
  return { ...decodeOrderClaim(value), sku: fields.id('sku', parseSkuId), updatedAt: fields.number('updatedAt') }
}

export function decodeFoundOrder(value: Plain): FoundOrder {
  const fields = new PlainReader(value, 'order')
  return {
    ...decodeOrderClaim(value),
    sku: fields.id('sku', parseSkuId),
    user: fields.text('user'),
    refunds: fields.list('refunds', decodeRefund),
  }
}

export function decodeRefundedOrder(value: Plain): RefundedOrder {
  return { ...decodeFoundOrder(value), refund: new PlainReader(value, 'order').one('refund', decodeRefund) }
}

function decodeProductSummary(value: Plain): ProductSummary {
  const fields = new PlainReader(value, 'product')
  return {
    product: fields.id('product', parseProductId),
    title: fields.text('title'),
    picture: fields.text('picture'),
    categories: fields.list('categories', textOf),
    priceMinor: fields.number('priceMinor'),
    currency: fields.text('currency'),
    usualPriceMinor: fields.optional('usualPriceMinor', numberOf),
    state: fields.oneOf('state', productStates),
    offers: fields.list('offers', decodeOffer),
  }
}

export function decodeProduct(value: Plain): ProductInfo {
  const fields = new PlainReader(value, 'product')
  return { ...decodeProductSummary(value), description: fields.text('description'), pictures: fields.list('pictures', textOf) }
}

export function decodeSearchResult(value: Plain): SearchResult {
  const fields = new PlainReader(value, 'search')
  return {
    total: fields.number('total'),
    products: fields.list('products', decodeProductSummary),
    categories: fields.list('categories', (item) => {
      const category = new PlainReader(item, 'category')
      return { name: category.text('name'), count: category.number('count') }
    }),
  }
}

function decodeOffer(value: Plain): Offer {
  const fields = new PlainReader(value, 'offer')
  return {
    sku: fields.id('sku', parseSkuId),
    sale: fields.id('sale', parseSaleId),
    saleTitle: fields.text('saleTitle'),
    title: fields.text('title'),
    opensAt: fields.number('opensAt'),
    state: fields.oneOf('state', offerStates),
    available: fields.number('available'),
    priceMinor: fields.number('priceMinor'),
    currency: fields.text('currency'),
  }
}

function textOf(value: Plain): string {
  return typeof value === 'string' ? value : wrong('a text')
}

function numberOf(value: Plain): number {
  return typeof value === 'number' ? value : wrong('a number')
}

function wrong(expected: string): never {
  throw new Malformed(`an entry is not ${expected}`)
}

function decodeRefund(value: Plain): RefundInfo {
  const fields = new PlainReader(value, 'refund')
  const [refund, amountMinor] = [fields.text('refund'), fields.number('amountMinor')]
  return { refund, amountMinor, state: fields.oneOf('state', refundStates), updatedAt: fields.number('updatedAt') }
}

export function decodeOrders(value: Plain): readonly Order[] {
  return listOf(value, 'orders', decodeOrder)
}

export function decodeResumed(value: Plain): readonly OwnedClaim[] {
  return new PlainReader(value, 'resume').list('claims', (claim) => ({
    ...decodeClaim(claim),
    sku: new PlainReader(claim, 'claim').id('sku', parseSkuId),
  }))
}

export function decodeSkuStatus(value: Plain): SkuStatus {
  const fields = new PlainReader(value, 'sku')
  return {
    sku: fields.id('sku', parseSkuId),
    available: fields.number('available'),
    held: fields.number('held'),
    ordered: fields.number('ordered'),
    sold: fields.number('sold'),
    waiting: fields.number('waiting'),
    state: fields.oneOf('state', phases),
  }
}

export function decodeSkuInfo(value: Plain): SkuInfo {
  const fields = new PlainReader(value, 'sku')
  return {
    ...decodeSkuStatus(value),
    sale: fields.id('sale', parseSaleId),
    // Servers of older versions know no products.
    product: fields.id(fields.has('product') ? 'product' : 'sku', parseProductId),
    title: fields.text('title'),
    description: fields.text('description'),
    image: fields.text('image'),
    priceMinor: fields.number('priceMinor'),
    currency: fields.text('currency'),
    opensAt: fields.number('opensAt'),
    ...(fields.has('closesAt') ? { closesAt: fields.number('closesAt') } : {}),
    perUserMax: fields.number('perUserMax'),
    // Servers of older versions end no place because of its user's absence.
    absenceMs: fields.has('absenceMs') ? fields.number('absenceMs') : 0,
    ...drawOf(fields),
  }
}

/** Of a SKU with a draw. */
function drawOf(fields: PlainReader): Pick<SkuInfo, 'draw'> {
  const draw = fields.optional('draw', decodeDrawInfo)
  return draw === null ? {} : { draw }
}

export function decodeDrawInfo(value: Plain): DrawInfo {
  const fields = new PlainReader(value, 'draw')
  return {
    stage: fields.oneOf('stage', drawStages),
    commitment: fields.text('commitment'),
    people: fields.number('people'),
    beacon: fields.optional('beacon', (beacon) => {
      const plan = new PlainReader(beacon, 'beacon')
      return { source: plan.text('source'), round: plan.number('round') }
    }),
    rosterHash: fields.optional('rosterHash', () => fields.text('rosterHash')),
    beaconValue: fields.optional('beaconValue', () => fields.text('beaconValue')),
  }
}

export function decodeSale(value: Plain): SaleInfo {
  const fields = new PlainReader(value, 'sale')
  return {
    sale: fields.id('sale', parseSaleId),
    title: fields.text('title'),
    opensAt: fields.number('opensAt'),
    state: fields.oneOf('state', saleStates),
    skus: fields.list('skus', decodeSkuInfo),
  }
}

export function decodeSales(value: Plain): readonly SaleInfo[] {
  return listOf(value, 'sales', decodeSale)
}

export function decodeSaleUpdated(value: Plain): SaleUpdated {
  const fields = new PlainReader(value, 'update')
  return { sale: fields.id('sale', parseSaleId), preview: fields.flag('preview'), changes: fields.list('changes', decodeSettingChange) }
}

function decodeSettingChange(value: Plain): SettingChange {
  const fields = new PlainReader(value, 'change')
  return {
    sku: fields.id('sku', parseSkuId),
    setting: fields.text('setting'),
    before: fields.one('before', scalarOf),
    after: fields.one('after', scalarOf),
    effect: fields.text('effect'),
  }
}

function scalarOf(value: Plain): string | number | boolean | null {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  throw new Malformed('the value of a setting is not one')
}

export const eventDecoders: { readonly [N in EventName]: (value: Plain) => ClientEvents[N] } = {
  line(value) {
    const fields = new PlainReader(value, 'line')
    return { sku: fields.id('sku', parseSkuId), ...placeOf(fields) }
  },
  held(value) {
    const fields = new PlainReader(value, 'held')
    return { sku: fields.id('sku', parseSkuId), ...holdOf(fields) }
  },
  expired(value) {
    const fields = new PlainReader(value, 'expired')
    return { sku: fields.id('sku', parseSkuId), ...reasonOf(fields) }
  },
  soldout: skuOnly,
  left: skuOnly,
  order: decodeOrder,
  sku: decodeSkuStatus,
  sale: decodeSale,
  drain: (value) => ({ withinMs: new PlainReader(value, 'drain').number('withinMs') }),
}

/** A reason that this side does not know is none. */
function reasonOf(fields: PlainReader): { readonly reason?: 'absent' } {
  return fields.has('reason') && fields.text('reason') === 'absent' ? { reason: 'absent' } : {}
}

function skuOnly(value: Plain): Events['soldout'] {
  return { sku: new PlainReader(value, 'event').id('sku', parseSkuId) }
}

function placeOf(fields: PlainReader): Omit<Events['line'], 'sku'> {
  return { ticket: fields.number('ticket'), ahead: fields.number('ahead'), eta: fields.pair('eta'), odds: fields.oneOf('odds', oddsNames) }
}

function holdOf(fields: PlainReader): Omit<Events['held'], 'sku'> {
  const hold = { hold: fields.number('hold'), qty: fields.number('qty'), expiresAt: fields.number('expiresAt') }
  return fields.has('priceMinor') ? { ...hold, priceMinor: fields.number('priceMinor') } : hold
}

function orderOf(fields: PlainReader): Omit<OrderClaim, 'state'> {
  return {
    order: fields.id('order', checkedOrderId),
    qty: fields.number('qty'),
    amountMinor: fields.number('amountMinor'),
    currency: fields.text('currency'),
    ...(fields.has('refundedMinor') ? { refundedMinor: fields.number('refundedMinor') } : {}),
  }
}

function checkedOrderId(text: unknown): OrderId | undefined {
  return parseOrderId(text) === undefined ? undefined : (text as OrderId)
}
