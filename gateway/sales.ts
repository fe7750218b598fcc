import type { SkuChange } from '../protocol/broadcast.ts'
import type { SaleId } from '../protocol/ids.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import type { SaleInfo } from '../protocol/results.ts'
import type { SkuView } from './sku-view.ts'

/** Every sale, put together from the SKUs that name it, in order of opening. */
export function salesOf(views: Iterable<SkuView>): readonly SaleInfo[] {
  const bySale = new Map<SaleId, SkuView[]>()
  for (const view of views) {
    const { sale } = view.settings
    const known = bySale.get(sale)
    if (known === undefined) bySale.set(sale, [view])
    else known.push(view)
  }
  return [...bySale.values()].flatMap((skus) => saleOf(skus) ?? []).toSorted((a, b) => a.opensAt - b.opensAt)
}

export function plainSale(sale: SaleInfo): Plain {
  return { ...sale, skus: sale.skus.map((sku) => ({ ...sku })) }
}

/** A sale to tell about, and the SKUs whose watchers want to know. */
export interface SaleChange {
  readonly sale: SaleInfo
  readonly skus: readonly SkuView[]
}

/** Notices when a sale has become another one: what it offers has changed, or it opened, paused, or is over. Stock alone is told by SKU. */
export class SaleNews {
  private readonly bySale = new Map<SaleId, { readonly skus: Set<SkuView>; state: SaleInfo['state'] | undefined }>()

  /** Taken after each change of a view. */
  of(view: SkuView, change: SkuChange | undefined): SaleChange | undefined {
    const known = this.bySale.get(view.settings.sale)
    const group = known ?? { skus: new Set(), state: undefined }
    if (known === undefined) this.bySale.set(view.settings.sale, group)
    group.skus.add(view)
    const skus = [...group.skus]
    const state = stateOf(skus)
    const isNews = state !== group.state || change?.settings !== undefined
    group.state = state
    const sale = isNews ? saleOf(skus) : undefined
    return sale === undefined ? undefined : { sale, skus }
  }
}

function saleOf(skus: readonly SkuView[]): SaleInfo | undefined {
  const [first] = skus
  if (first === undefined) return undefined
  const { sale, saleTitle, opensAt } = first.settings
  return { sale, title: saleTitle, opensAt, state: stateOf(skus), skus: skus.map((view) => view.info()) }
}

function stateOf(skus: readonly SkuView[]): SaleInfo['state'] {
  const running = skus.filter((view) => !view.isSoldOut && view.numbers.phase !== 'closed')
  if (running.length === 0) return 'over'
  if (running.some((view) => view.numbers.phase === 'open')) return 'open'
  return running.every((view) => view.numbers.phase === 'scheduled') ? 'scheduled' : 'paused'
}
