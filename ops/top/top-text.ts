import picocolors from 'picocolors'
import { timeText } from '../cli/tables.ts'
import type { TopProcess, TopSku, TopView } from './top-view.ts'

export interface TopTextOptions {
  readonly columns: number
  readonly colours: boolean
  /** Keys are heard. */
  readonly quits?: boolean
}

const skusMost = 20
const nodesMost = 20
const barWidth = 24
const liveFirst: readonly string[] = ['open', 'paused', 'scheduled', 'closed']

/** The lines of the picture, none wider than the screen. `?` stands for what is not known. */
export function topLines(view: TopView, { columns, colours, quits = false }: TopTextOptions): readonly string[] {
  const paint = picocolors.createColors(colours)
  const lines: (readonly [text: string, isHead?: boolean])[] = [[`sluice top  ${timeText(view.at)}${quits ? '  q quits' : ''}`, true], ['']]
  lines.push(...salesLines(view.skus), [''], ...processLines(view.processes), [''], ...nodeLines(view))
  return lines.map(([text, isHead]) => {
    const fitting = text.slice(0, columns)
    return isHead === true ? paint.bold(fitting) : fitting
  })
}

function salesLines(skus: readonly TopSku[] | null): (readonly [string, boolean?])[] {
  const head = `${'sale'.padEnd(14)} ${'SKU'.padEnd(14)} ${'state'.padEnd(9)} ${'stock'.padEnd(barWidth)} ${'free'.padStart(8)} ${'held'.padStart(7)} ${'order'.padStart(7)} ${'sold'.padStart(8)} ${'sold/s'.padStart(7)} ${'in line'.padStart(8)}`
  if (skus === null) return [[head, true], ['? the node does not answer']]
  if (skus.length === 0) return [[head, true], ['no sales yet']]
  const sorted = skus.toSorted((a, b) => liveFirst.indexOf(a.state) - liveFirst.indexOf(b.state) || b.waiting - a.waiting)
  const rows = sorted
    .slice(0, skusMost)
    .map((one): readonly [string] => [
      `${cut(one.sale, 14)} ${cut(one.sku, 14)} ${cut(one.state, 9)} ${bar(one)} ${count(one.available, 8)} ${count(one.held, 7)} ${count(one.ordered, 7)} ${count(one.sold, 8)} ${rate(one.soldPerSecond, 7)} ${count(one.waiting, 8)}`,
    ])
  return [[head, true], ...rows, ...more(skus.length - skusMost)]
}

/** Sold, on order, held, free: each at least one step where there is any. */
function bar({ available, held, ordered, sold }: TopSku): string {
  const units = available + held + ordered + sold
  if (units === 0) return ' '.repeat(barWidth)
  const parts = [
    ['█', sold],
    ['▓', ordered],
    ['▒', held],
    ['░', available],
  ] as const
  const text = parts.map(([sign, part]) => sign.repeat(part === 0 ? 0 : Math.max(1, Math.round((part / units) * barWidth)))).join('')
  return text.slice(0, barWidth).padEnd(barWidth)
}

function processLines(processes: readonly TopProcess[]): (readonly [string, boolean?])[] {
  const head = `${'ops port'.padEnd(22)} ${'role'.padEnd(8)} ${'sockets'.padStart(8)} ${'calls/s'.padStart(9)} ${'refused/s'.padStart(9)} ${'loop late'.padStart(10)}  refused by`
  const rows = processes.map((one): readonly [string] => {
    if (!one.answers) return [`${cut(one.address, 22)} ? does not answer; --ops names others`]
    const late = one.loopLateMs === null ? '?' : Number.isFinite(one.loopLateMs) ? `< ${one.loopLateMs} ms` : 'over 5 s'
    const layers = one.layers === null ? '' : one.layers.map(({ layer, perSecond }) => `${layer} ${rate(perSecond, 0)}`).join(', ')
    const sockets = one.connections === null ? '-'.padStart(8) : count(one.connections, 8)
    return [
      `${cut(one.address, 22)} ${cut(one.role ?? '?', 8)} ${sockets} ${rate(one.callsPerSecond, 9)} ${rate(one.refusedPerSecond, 9)} ${late.padStart(10)}  ${layers}`,
    ]
  })
  return [[head, true], ...rows]
}

function nodeLines({ nodes, unowned }: TopView): (readonly [string, boolean?])[] {
  const head = `${'node'.padEnd(22)} ${'role'.padEnd(8)} ${'shards'.padStart(8)} ${'lag'.padStart(12)}  state`
  if (nodes === null || unowned === null) return [[head, true], ['? who owns what is not known']]
  const rows = nodes
    .slice(0, nodesMost)
    .map(({ name, role, shards, lagBytes, state }): readonly [string] => [
      `${cut(name, 22)} ${cut(role, 8)} ${count(shards, 8)} ${count(lagBytes, 12)}  ${state}`,
    ])
  const alone =
    unowned.length === 0
      ? 'every shard has an owner'
      : `without an owner: ${unowned.slice(0, 8).join(', ')}${unowned.length > 8 ? ` and ${unowned.length - 8} more` : ''}`
  return [[head, true], ...rows, ...more(nodes.length - nodesMost), [alone]]
}

function more(others: number): (readonly [string])[] {
  return others > 0 ? [[`… and ${others} more`]] : []
}

function cut(text: string, width: number): string {
  return (text.length > width ? `${text.slice(0, width - 1)}…` : text).padEnd(width)
}

function count(value: number, width: number): string {
  return value.toLocaleString('en').padStart(width)
}

function rate(value: number | null, width: number): string {
  return (value === null ? '?' : value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1)).padStart(width)
}
