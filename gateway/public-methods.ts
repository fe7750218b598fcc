import type { Call, MethodBody } from './method.ts'
import { plainSale, salesOf } from './sales.ts'
import type { SkuView } from './sku-view.ts'
import type { Views } from './views.ts'

/** Methods that anyone may call and that the views answer. */
export function publicMethods(views: Views): readonly MethodBody[] {
  return [
    {
      // A sign of life, for clients that have heard nothing for a while.
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
        call.result(salesOf(views.all()).map(plainSale))
      },
    },
    {
      name: 'sale.get',
      role: 'public',
      paramsMax: 1,
      run: (call) => {
        const id = call.params.sale()
        call.params.end()
        const sale = salesOf(views.all()).find((one) => one.sale === id)
        if (sale === undefined) call.refuse('UNKNOWN_SALE')
        else call.result(plainSale(sale))
      },
    },
    {
      name: 'sku.get',
      role: 'public',
      paramsMax: 1,
      run: (call) => withView(views, call, (view) => call.result({ ...view.info() })),
    },
    {
      name: 'watch',
      role: 'public',
      paramsMax: 1,
      run: (call) =>
        withView(views, call, (view) => {
          call.connection.watch(view.settings.sku, true)
          call.result({ ...view.status() })
        }),
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

/** Answers by the view of the SKU that the call names: at once, unless its shard has never been heard. */
function withView(views: Views, call: Call, answer: (view: SkuView) => void): void | Promise<void> {
  const sku = call.params.sku()
  call.params.end()
  const known = views.find(sku)
  if (known !== undefined) return answer(known)
  return views.lookUp(sku).then((view) => {
    if (view === undefined) call.refuse('UNKNOWN_SKU')
    else if (view === 'unknown') call.refuse('UNAVAILABLE', 'Nobody answers for this SKU at the moment.')
    else answer(view)
  })
}
