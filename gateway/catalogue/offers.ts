import type { ProductId, SkuId } from '../../protocol/ids.ts'
import type { Product } from '../../protocol/product.ts'
import type { Offer, OfferState, ProductInfo, ProductSummary } from '../../protocol/results.ts'
import { productOf } from '../../protocol/sku-settings.ts'
import type { SkuView } from '../sku-view.ts'

/** Of a product that is sold again and again, the offers that are nearest to being bought. */
const offersMax = 20
const nearestFirst: readonly OfferState[] = ['open', 'scheduled', 'paused', 'soldout']

/** Which SKUs sell which product, by the views; and word of what a list would show otherwise now. Stock alone is no such change. */
export class Offers {
  private readonly byProduct = new Map<ProductId, Set<SkuView>>()
  private readonly told = new Map<SkuId, Told>()
  private readonly listeners: ((product: ProductId) => void)[] = []

  onChange(listener: (product: ProductId) => void): void {
    this.listeners.push(listener)
  }

  /** Taken after each change of a view. */
  take(view: SkuView): void {
    const { settings } = view
    const known = this.told.get(settings.sku)
    const state = stateOf(view)
    if (known?.settings === settings && known.state === state) return
    const product = productOf(settings)
    if (known !== undefined && known.product !== product) {
      this.byProduct.get(known.product)?.delete(view)
      this.tell(known.product)
    }
    this.told.set(settings.sku, { settings, state, product })
    const views = this.byProduct.get(product)
    if (views === undefined) this.byProduct.set(product, new Set([view]))
    else views.add(view)
    this.tell(product)
  }

  products(): Iterable<ProductId> {
    return this.byProduct.keys()
  }

  /** What is told of a product, from what the catalogue has of it and the sales that it is in; undefined if that is nothing. */
  infoOf(product: ProductId, content: Product | undefined): ProductInfo | undefined {
    const views = [...(this.byProduct.get(product) ?? [])].flatMap((view) => {
      const state = stateOf(view)
      return state === undefined ? [] : [{ view, state }]
    })
    views.sort((a, b) => nearestFirst.indexOf(a.state) - nearestFirst.indexOf(b.state) || b.view.settings.opensAt - a.view.settings.opensAt)
    const [nearest] = views
    if (nearest === undefined && content === undefined) return undefined
    const { title = '', description = '', image = '' } = nearest?.view.settings ?? {}
    const pictures = content?.pictures ?? (image === '' ? [] : [image])
    const { priceMinor = 0, currency = '' } = nearest?.view.settings ?? content ?? {}
    return {
      product,
      title: content?.title ?? title,
      description: content?.description ?? description,
      picture: pictures[0] ?? '',
      pictures,
      categories: content?.categories ?? [],
      priceMinor,
      currency,
      usualPriceMinor: content?.currency === currency ? content.priceMinor : null,
      state: nearest?.state ?? 'none',
      offers: views.slice(0, offersMax).map(({ view, state }) => offerOf(view, state)),
    }
  }

  private tell(product: ProductId): void {
    for (const listener of this.listeners) listener(product)
  }
}

/** Without what only the page of the product shows. */
export function summaryOf({ description: _description, pictures: _pictures, ...summary }: ProductInfo): ProductSummary {
  return summary
}

interface Told {
  readonly settings: SkuView['settings']
  readonly state: OfferState | undefined
  readonly product: ProductId
}

function stateOf({ numbers, isSoldOut }: SkuView): OfferState | undefined {
  if (numbers.phase === 'closed') return undefined
  return isSoldOut ? 'soldout' : numbers.phase
}

function offerOf({ settings, numbers }: SkuView, state: OfferState): Offer {
  const { sku, sale, saleTitle, title, opensAt, priceMinor, currency } = settings
  return { sku, sale, saleTitle, title, opensAt, state, available: numbers.available, priceMinor, currency }
}
