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

/**
 * Notices when a sale has become another one: what it offers has changed, or it opened, paused, or is over. Stock alone is told by SKU, ten times a second of each
 * that sells, so looking at a SKU costs the same in a sale of hundreds.
 */
export class SaleNews {
  private readonly bySale = new Map<SaleId, Group>()

  /** Taken after each change of a view. */
  of(view: SkuView, change: SkuChange | undefined): SaleChange | undefined {
    const group = this.groupOf(view)
    const [was, is] = [group.stages.get(view), stageOf(view)]
    if (was !== is) {
      if (was !== undefined) group.counts[was]--
      group.counts[is]++
      group.stages.set(view, is)
    }
    const state = stateOf(group.counts)
    const isNews = state !== group.state || change?.settings !== undefined
    group.state = state
    if (!isNews) return undefined
    const skus = [...group.stages.keys()]
    const sale = saleOf(skus)
    return sale === undefined ? undefined : { sale, skus }
  }

  private groupOf(view: SkuView): Group {
    const known = this.bySale.get(view.settings.sale)
    if (known !== undefined) return known
    const group: Group = { stages: new Map(), counts: noneIn(), state: undefined }
    this.bySale.set(view.settings.sale, group)
    return group
  }
}

/** What a SKU is for its sale. */
type Stage = 'scheduled' | 'open' | 'paused' | 'over'
type StageCounts = Record<Stage, number>

interface Group {
  readonly stages: Map<SkuView, Stage>
  readonly counts: StageCounts
  state: SaleInfo['state'] | undefined
}

function saleOf(skus: readonly SkuView[]): SaleInfo | undefined {
  const [first] = skus
  if (first === undefined) return undefined
  const { sale, saleTitle, opensAt } = first.settings
  return { sale, title: saleTitle, opensAt, state: stateOf(countsOf(skus)), skus: skus.map((view) => view.info()) }
}

function noneIn(): StageCounts {
  return { scheduled: 0, open: 0, paused: 0, over: 0 }
}

function countsOf(skus: readonly SkuView[]): StageCounts {
  const counts = noneIn()
  for (const view of skus) counts[stageOf(view)]++
  return counts
}

function stageOf(view: SkuView): Stage {
  const { phase } = view.numbers
  return view.isSoldOut || phase === 'closed' ? 'over' : phase
}

function stateOf({ scheduled, open, paused }: StageCounts): SaleInfo['state'] {
  if (scheduled + open + paused === 0) return 'over'
  if (open > 0) return 'open'
  return paused === 0 ? 'scheduled' : 'paused'
}
