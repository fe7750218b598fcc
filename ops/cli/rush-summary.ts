import picocolors from 'picocolors'
import { counted } from '../counted.ts'
import { outcomes } from '../rush/rush-counts.ts'
import type { RushSummary } from '../rush/rush.ts'
import { table } from './tables.ts'
import type { Terminal } from './terminal.ts'

const outcomeNames = {
  bought: 'bought one',
  declined: 'payment declined',
  refunded: 'paid too late, refunded',
  soldout: 'told that it is sold out',
  left: 'gave back what they had',
  lapsed: 'let the hold run out',
  refused: 'refused for another reason',
  unfinished: 'sent home with a place or a hold',
  unanswered: 'left without an answer',
} as const

const timingNames = {
  connect: 'connect',
  buy: 'buy, to its answer',
  hold: 'buy, to the hold',
  payment: 'checkout, to its outcome',
} as const

/** What became of a rush, for people. Problems are not in it: the command ends with them. */
export function summaryText(summary: RushSummary, terminal: Terminal): string {
  const { green } = picocolors.createColors(terminal.colours)
  const { users, tookMs, addresses } = summary
  const from = addresses === 0 ? '' : ` from ${addresses} ${addresses === 1 ? 'address' : 'addresses'}`
  const parts = [
    `${counted(users, 'shopper')}${from} in ${(tookMs / 1000).toFixed(1)} s\n`,
    outcomeTable(summary, terminal),
    latencyTable(summary, terminal),
    codeTable(summary, terminal),
    stockTable(summary, terminal),
  ]
  if (summary.problems.length === 0) {
    const samples = summary.stock.reduce((sum, report) => sum + report.samples, 0)
    parts.push(green(`Units add up in all ${samples} samples, and every shopper has an answer.\n`))
  }
  return parts.filter((part) => part !== '').join('\n')
}

function outcomeTable({ outcomes: counts }: RushSummary, terminal: Terminal): string {
  const rows = outcomes.filter((outcome) => counts[outcome] > 0).map((outcome) => [outcomeNames[outcome], counts[outcome]])
  return table(terminal, ['outcome', 'shoppers'], rows)
}

function latencyTable({ latency }: RushSummary, terminal: Terminal): string {
  const rows = ([...Object.keys(timingNames)] as const).flatMap((name) => {
    if (!isTiming(name) || latency[name].count === 0) return []
    const { count, p50Ms, p90Ms, p99Ms, maxMs } = latency[name]
    return [[timingNames[name], count, ...[p50Ms, p90Ms, p99Ms, maxMs].map((ms) => ms.toFixed(1))]]
  })
  return table(terminal, ['time in ms', 'count', 'p50', 'p90', 'p99', 'max'], rows)
}

function isTiming(name: string): name is keyof typeof timingNames {
  return Object.hasOwn(timingNames, name)
}

function codeTable({ codes, connectionsLost }: RushSummary, terminal: Terminal): string {
  const rows = Object.entries(codes).map(([code, times]) => [code, times])
  if (connectionsLost > 0) rows.push(['(connection lost)', connectionsLost])
  return rows.length === 0 ? '' : table(terminal, ['refusal', 'times'], rows)
}

function stockTable({ stock }: RushSummary, terminal: Terminal): string {
  const rows = stock.map(({ sku, units, after, samples, broken }) => {
    const { available, held, ordered, sold } = after
    return [sku, units, available, held, ordered, sold, samples, broken.length === 0 ? 'yes' : 'NO']
  })
  return table(terminal, ['SKU', 'units', 'available', 'held', 'ordered', 'sold', 'samples', 'adds up'], rows)
}
