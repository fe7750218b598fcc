import type { CallResult } from '../cluster/call-codec.ts'
import type { Calls } from '../cluster/calls.ts'
import type { Random } from '../cluster/world.ts'
import { op } from '../protocol/entry.ts'
import type { SaleId } from '../protocol/ids.ts'
import { packInner } from '../protocol/inner-codec.ts'
import type { SkuStatus } from '../protocol/results.ts'
import { checkSale } from '../protocol/sale-problems.ts'
import { settingsOfSale, type SkuSettings } from '../protocol/sku-settings.ts'
import { named } from './audit-content.ts'
import type { Forwarder } from './forwarder.ts'
import type { Call, MethodBody } from './method.ts'
import { updateContent, updateSale } from './sale-update.ts'
import type { Views } from './views.ts'

export interface OperatorMethodsParts {
  readonly forwarder: Forwarder
  readonly calls: Calls
  readonly views: Views
  readonly random: Random
  readonly announceDraw: AnnounceDraw
}

/** What the journal of a SKU with a draw begins with: its seed, sealed, and what is published of it. */
export type AnnounceDraw = (settings: SkuSettings) => { readonly drawSealed: Uint8Array; readonly drawCommitment: Uint8Array }

const unitsMax = 1_000_000_000
const lineListMost = 1_000
const incarnationLength = 6

/** Methods for operators: sales, stock, and a look at anyone's place. */
export function operatorMethods(parts: OperatorMethodsParts): readonly MethodBody[] {
  const { forwarder } = parts
  return [
    { name: 'sale.create', role: 'operator', change: named('sale'), run: (call) => createSale(parts, call) },
    { name: 'sale.update', role: 'operator', change: updateContent, run: (call) => updateSale(parts, call) },
    { name: 'sale.open', role: 'operator', change: named('sale', 'requestId'), run: (call) => setPhase(parts, call, 'open') },
    { name: 'sale.pause', role: 'operator', change: named('sale', 'requestId'), run: (call) => setPhase(parts, call, 'paused') },
    { name: 'sale.resume', role: 'operator', change: named('sale', 'requestId'), run: (call) => setPhase(parts, call, 'open') },
    { name: 'sale.close', role: 'operator', change: named('sale', 'requestId'), run: (call) => setPhase(parts, call, 'closed') },
    { name: 'sku.restock', role: 'operator', change: named('sku', 'units', 'requestId'), run: (call) => restock(parts, call) },
    {
      name: 'sku.status',
      role: 'operator',
      run: (call) => {
        const sku = call.params.sku()
        call.params.end()
        forwarder.toInventory(call, { op: op.status, sku })
      },
    },
    {
      name: 'line.list',
      role: 'operator',
      run: (call) => {
        const { params } = call
        const sku = params.sku()
        const after = params.integer('after', 0, 0xffff_ffff, 0)
        const limit = params.integer('limit', 1, lineListMost, 100)
        params.end()
        forwarder.toInventory(call, { op: op.lineList, sku, payload: packInner({ after, limit }) })
      },
    },
  ]
}

/** Checks the whole sale first, then configures each SKU. Repeating it after a failure in the middle completes it. */
async function createSale(parts: OperatorMethodsParts, call: Call): Promise<void> {
  const checked = checkSale(call.params.any())
  call.params.end()
  if (checked.kind === 'problems') return call.refuse('MALFORMED', checked.problems.join('; '))
  const { sale } = checked
  const settings = settingsOfSale(sale)
  const taken = settings.find((one) => {
    const known = parts.views.find(one.sku)
    return known !== undefined && known.settings.sale !== one.sale
  })
  if (taken !== undefined)
    return call.refuse('FORBIDDEN', `SKU ${taken.sku} belongs to sale ${parts.views.find(taken.sku)?.settings.sale ?? ''} already.`)
  const configured = await Promise.all(settings.map((one) => configure(parts, one)))
  const failed = configured.find((answer) => answer.error !== null)
  if (failed?.error) return call.refusal(failed.error)
  // Whoever created a sale may use it at once: the views are read rather than waited for.
  await Promise.all([...new Set(settings.map((one) => parts.calls.shardOfText(one.sku)))].map((shard) => parts.views.refresh(shard)))
  const made = { sale: sale.sale, skus: settings.map((one) => one.sku) }
  call.changed(null, made)
  call.result(made)
}

function configure(parts: OperatorMethodsParts, settings: SkuSettings): Promise<CallResult<SkuStatus>> {
  const incarnation = parts.random.id(incarnationLength)
  // Of a SKU that is there already the shard keeps the seed that it has committed to.
  const secret = settings.draw === undefined ? {} : parts.announceDraw(settings)
  const payload = packInner({ settings, incarnation, ...secret })
  return parts.calls.request<SkuStatus>('inv', parts.calls.shardOfText(settings.sku), { op: op.configure, payload })
}

async function restock(parts: OperatorMethodsParts, call: Call): Promise<void> {
  const { params } = call
  const sku = params.sku()
  const units = params.integer('units', 1, unitsMax)
  const requestId = params.requestId()
  params.end()
  const shard = parts.calls.shardOfText(sku)
  const before = parts.views.find(sku)?.status()
  const payload = packInner({ units })
  const answer = await parts.calls.request<SkuStatus>('inv', shard, {
    op: op.restock,
    sku,
    payload,
    ...(requestId === undefined ? {} : { requestId }),
  })
  if (answer.error !== null) return call.refusal(answer.error)
  // Whoever hears that there are units again may send buyers at once: this gateway must not refuse them from an older view.
  await parts.views.refresh(shard)
  call.changed(before === undefined ? null : { ...before }, { ...answer.result })
  call.result({ ...answer.result })
}

async function setPhase(parts: OperatorMethodsParts, call: Call, phase: 'open' | 'paused' | 'closed'): Promise<void> {
  const sale: SaleId = call.params.sale()
  const requestId = call.params.requestId()
  call.params.end()
  const views = [...parts.views.all()].filter((view) => view.settings.sale === sale)
  const skus = views.map((view) => view.settings.sku)
  if (skus.length === 0) return call.refuse('UNKNOWN_SALE')
  const before = Object.fromEntries(views.map((view) => [view.settings.sku, view.numbers.phase]))
  const command = { op: op.setPhase, payload: packInner({ phase }), ...(requestId === undefined ? {} : { requestId }) }
  const answers = await Promise.all(
    skus.map((sku) => parts.calls.request<SkuStatus>('inv', parts.calls.shardOfText(sku), { ...command, sku })),
  )
  const done = answers.flatMap(({ result }) => result ?? [])
  call.changed(before, Object.fromEntries(done.map((one) => [one.sku, one.state])))
  const failed = answers.find(({ error }) => error !== null)?.error
  if (failed) return call.refusal(failed)
  call.result({ sale, skus: done.map((one) => ({ ...one })) })
}
