import { counted } from '../counted.ts'
import type { Visit } from './crowd.ts'
import type { StockReport } from './stock-watch.ts'

/** What should not be after a rush, a line each: units that do not add up (G1), shoppers without an answer, places that rose (G6). */
export function verdictOf(stock: readonly StockReport[], visits: readonly Visit[]): readonly string[] {
  const problems = stock.flatMap((report) => stockProblems(report, visits))
  const unanswered = visits.filter(({ outcome }) => outcome === 'unanswered').length
  if (unanswered > 0) problems.push(`${counted(unanswered, 'shopper')} left without an answer`)
  const risen = visits.filter(({ rises }) => rises > 0).length
  if (risen > 0) problems.push(`${counted(risen, 'shopper')} fell back in the line`)
  return problems
}

/** Others may shop at the same time, so more may be sold than this crowd bought, never fewer. */
function stockProblems({ sku, units, before, after, broken, samples }: StockReport, visits: readonly Visit[]): string[] {
  const problems: string[] = []
  if (broken.length > 0) problems.push(`${sku}: units do not add up to ${units} in ${broken.length} or more of ${samples} samples`)
  const bought = visits.filter((visit) => visit.sku === sku && visit.outcome === 'bought').length
  const sold = after.sold - before.sold
  if (bought > sold) problems.push(`${sku}: ${counted(bought, 'shopper')} told of a payment, but ${counted(sold, 'unit')} sold`)
  return problems
}
