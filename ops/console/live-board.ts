import type { MetricSink } from '../../cluster/metrics.ts'
import type { Clock } from '../../cluster/world.ts'
import { salesOf } from '../../gateway/sales.ts'
import type { SkuView } from '../../gateway/sku-view.ts'
import type { SaleInfo } from '../../protocol/results.ts'
import type { Board, BoardSale, BoardSku, ProcessFacts } from './board.ts'
import { FigureSink } from './figures.ts'

export interface LiveBoardParts {
  readonly clock: Clock
  /** The SKUs of the whole cluster, as this gateway has heard of them. */
  readonly views: { all(): Iterable<SkuView>; find(sku: string): SkuView | undefined }
  /** The numbers of this process. */
  readonly metrics: { collect(sink: MetricSink): void }
  readonly facts: ProcessFacts
  /** Why this process takes no new work; undefined if it does. */
  readonly whyNotReady: () => string | undefined
}

/** SKUs in one look; the sales that are on come first. */
export const boardSkusMax = 1_000
/** Consoles that look meanwhile get the same text: what they cost does not grow with their number. */
const keptMs = 450

const stateOrder: Readonly<Record<SaleInfo['state'], number>> = { open: 0, paused: 1, scheduled: 2, over: 3 }

/** How all sales stand and what this process has counted, as one text that the console asks for each second. */
export class LiveBoard {
  private readonly parts: LiveBoardParts
  private text = ''
  private madeAt = Number.NEGATIVE_INFINITY

  constructor(parts: LiveBoardParts) {
    this.parts = parts
  }

  /** JSON. */
  look(): string {
    const now = this.parts.clock.monotonic()
    if (now - this.madeAt < keptMs) return this.text
    this.text = JSON.stringify(this.board())
    this.madeAt = now
    return this.text
  }

  /** Something was changed: who looks next sees it. */
  forget(): void {
    this.madeAt = Number.NEGATIVE_INFINITY
  }

  private board(): Board {
    const { clock, views, metrics, facts, whyNotReady } = this.parts
    const all = salesOf(views.all()).toSorted((a, b) => stateOrder[a.state] - stateOrder[b.state] || b.opensAt - a.opensAt)
    const sink = new FigureSink()
    metrics.collect(sink)
    const { sales, left } = firstOf(all)
    const process = { ...facts, state: whyNotReady() ?? 'ready' }
    return { now: clock.now(), process, sales: sales.map((sale) => this.told(sale)), skusLeftOut: left, figures: sink.figures() }
  }

  private told({ sale, title, opensAt, state, skus }: SaleInfo): BoardSale {
    const { saleLimitPerUser, closesAt } = this.viewOf(skus[0]?.sku)?.settings ?? {}
    const told = skus.toSorted((a, b) => (a.sku < b.sku ? -1 : 1)).map((info) => skuTold(info, this.viewOf(info.sku)))
    return { sale, title, opensAt, closesAt, state, saleLimitPerUser, skus: told }
  }

  private viewOf(sku: string | undefined): SkuView | undefined {
    return sku === undefined ? undefined : this.parts.views.find(sku)
  }
}

function skuTold(info: SaleInfo['skus'][number], view: SkuView | undefined): BoardSku {
  const { sku, title, priceMinor, currency, perUserMax, available, held, ordered, sold, waiting, state, draw } = info
  const { servedPerSecond = 0 } = view?.numbers ?? {}
  const people = draw === undefined ? undefined : { stage: draw.stage, people: draw.people }
  return { sku, title, priceMinor, currency, perUserMax, available, held, ordered, sold, waiting, state, servedPerSecond, draw: people }
}

/** Whole sales, as many as fit, and how many SKUs those have that do not. */
function firstOf(all: readonly SaleInfo[]): { readonly sales: readonly SaleInfo[]; readonly left: number } {
  const sales: SaleInfo[] = []
  let told = 0
  let left = 0
  for (const sale of all) {
    if (left === 0 && told + sale.skus.length <= boardSkusMax) {
      sales.push(sale)
      told += sale.skus.length
    } else left += sale.skus.length
  }
  return { sales, left }
}
