import { expect, test } from 'vitest'
import { skuId } from '../../actors/testing/ids.ts'
import type { SkuStatus } from '../../protocol/results.ts'
import type { Visit } from './crowd.ts'
import type { StockReport } from './stock-watch.ts'
import { verdictOf } from './verdict.ts'

const status = (sold: number): SkuStatus => ({
  sku: skuId('shoe'),
  available: 5 - sold,
  held: 0,
  ordered: 0,
  sold,
  waiting: 0,
  state: 'open',
})
const stock: StockReport = { sku: 'shoe', units: 5, before: status(1), after: status(3), samples: 4, broken: [] }
const visit = (outcome: Visit['outcome'], rises = 0): Visit => ({ user: 'ann', sku: 'shoe', outcome, rises })

test.each<{
  readonly name: string
  readonly reports: readonly StockReport[]
  readonly visits: readonly Visit[]
  readonly problems: readonly string[]
}>([
  {
    name: 'all in order',
    reports: [stock],
    visits: [visit('bought'), visit('bought'), visit('soldout'), visit('unfinished')],
    problems: [],
  },
  { name: 'others who bought too', reports: [stock], visits: [visit('bought')], problems: [] },
  {
    name: 'units that did not add up',
    reports: [{ ...stock, broken: [status(9)] }],
    visits: [],
    problems: ['shoe: units do not add up to 5 in 1 or more of 4 samples'],
  },
  {
    name: 'more told of a payment than were sold',
    reports: [stock],
    visits: [visit('bought'), visit('bought'), visit('bought')],
    problems: ['shoe: 3 shoppers told of a payment, but 2 units sold'],
  },
  { name: 'no answer', reports: [stock], visits: [visit('unanswered')], problems: ['1 shopper left without an answer'] },
  {
    name: 'a place that rose',
    reports: [stock],
    visits: [visit('soldout', 2), visit('left', 1)],
    problems: ['2 shoppers fell back in the line'],
  },
])('RUSH-3 the verdict on $name', ({ reports, visits, problems }) => {
  expect(verdictOf(reports, visits)).toEqual(problems)
})
