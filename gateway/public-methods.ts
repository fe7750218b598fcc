import type { SaleId } from '../protocol/ids.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import type { SaleInfo, SkuInfo } from '../protocol/results.ts'
import type { MethodBody } from './method.ts'
import type { SkuView } from './sku-view.ts'
import type { Views } from './views.ts'

/** Methods that anyone may call and that the views answer. */
export function publicMethods(views: Views): readonly MethodBody[] {
  return [
    {
      name: 'ping',
      role: 'public',
      paramsMax: 0,
      run: (call) => {
        call.params.end()
        call.result(null)
      },
    },
    {
      name: 'sale.list',
      role: 'public',
      paramsMax: 0,
      run: (call) => {
        call.params.end()
        call.result(salesOf(views).map(plain))
      },
    },
    {
      name: 'sale.get',
      role: 'public',
      paramsMax: 1,
      run: (call) => {
        const id = call.params.sale()
        call.params.end()
        const sale = salesOf(views).find((one) => one.sale === id)
        if (sale === undefined) call.refuse('UNKNOWN_SALE')
        else call.result(plain(sale))
      },
    },
    {
      name: 'sku.get',
      role: 'public',
      paramsMax: 1,
      run: (call) => {
        const view = views.find(call.params.sku())
        call.params.end()
        if (view === undefined) call.refuse('UNKNOWN_SKU')
        else call.result({ ...view.info() })
      },
    },
    {
      name: 'watch',
      role: 'public',
      paramsMax: 1,
      run: (call) => {
        const view = views.find(call.params.sku())
        call.params.end()
        if (view === undefined) return call.refuse('UNKNOWN_SKU')
        call.connection.watch(view.settings.sku, true)
        call.result({ ...view.status() })
      },
    },
    {
      name: 'unwatch',
      role: 'public',
      paramsMax: 1,
      run: (call) => {
        const sku = call.params.sku()
        call.params.end()
        call.connection.watch(sku, false)
        call.result(null)
      },
    },
  ]
}

/** Every sale, put together from the SKUs that name it, in order of opening. */
export function salesOf(views: Views): readonly SaleInfo[] {
  const bySale = new Map<SaleId, SkuView[]>()
  for (const view of views.all()) {
    const { sale } = view.settings
    const known = bySale.get(sale)
    if (known === undefined) bySale.set(sale, [view])
    else known.push(view)
  }
  const sales: SaleInfo[] = []
  for (const [sale, skus] of bySale) {
    const [first] = skus
    if (first === undefined) continue
    const { saleTitle, opensAt } = first.settings
    sales.push({ sale, title: saleTitle, opensAt, state: stateOf(skus), skus: skus.map((view): SkuInfo => view.info()) })
  }
  return sales.toSorted((a, b) => a.opensAt - b.opensAt)
}

function stateOf(skus: readonly SkuView[]): SaleInfo['state'] {
  if (skus.every((view) => view.isSoldOut || view.numbers.phase === 'closed')) return 'over'
  const running = skus.filter((view) => !view.isSoldOut && view.numbers.phase !== 'closed')
  if (running.some((view) => view.numbers.phase === 'open')) return 'open'
  return running.every((view) => view.numbers.phase === 'scheduled') ? 'scheduled' : 'paused'
}

function plain(sale: SaleInfo): Plain {
  return { ...sale, skus: sale.skus.map((sku) => ({ ...sku })) }
}
