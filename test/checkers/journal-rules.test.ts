import { expect, test } from 'vitest'
import { type Forge, forged, hold, numbered, open, order, overdue, paid, restock, settle } from '../../actors/testing/forged-records.ts'
import { Findings } from './findings.ts'
import { journalRules } from './journal-rules.ts'
import { LiveBooks } from './live-books.ts'

const now = (): number => 0

/** What the rules find in these records, besides what the ledger itself finds. */
function problemsIn(records: readonly (readonly Forge[])[]): string[] {
  const ledger = new Findings(now)
  const both = new Findings(now)
  for (const [findings, rules] of [[ledger, []] as const, [both, journalRules] as const]) {
    const books = new LiveBooks({ now, complain: findings.complain, rules })
    books.applied('inv.0', { epoch: 1, seq: 0 }, new Uint8Array(0))
    for (const [i, events] of records.entries()) books.applied('inv.0', { epoch: 1, seq: i + 1 }, forged(events, 1_000_000 + i * 50_000))
  }
  const known = new Set(ledger.problems.map(({ what }) => what))
  return both.problems.filter(({ what }) => !known.has(what)).map(({ promise, what }) => `${promise} ${what}`)
}

test.each<readonly [string, readonly (readonly Forge[])[]]>([
  [
    'a purchase, and another',
    [
      [open, hold(1, 'a', 1, 'r1'), order(1), settle(1, paid)],
      [hold(2, 'a', 1, 'r2'), order(2)],
    ],
  ],
  [
    'a request that is used again when it is long forgotten',
    [[open, hold(1, 'a', 1, 'r1')], [numbered('left', 1)], [], [hold(2, 'a', 1, 'r1')]],
  ],
  ['restocks with requests of their own', [[open, restock(1, 1), restock(1, 2), restock(1), restock(1)]]],
])('CHK-7 the journal rules take %s', (_, records) => {
  expect(problemsIn(records)).toEqual([])
})

test.each<readonly [string, readonly (readonly Forge[])[], string]>([
  ['more than one may have', [[open, hold(1, 'a', 3)]], 'G11 shoe: claim 1 gives a 3 units; one may have 2'],
  [
    'more than one may have while an outcome is not known',
    [[open, hold(1, 'a', 2), order(1, 3_998), settle(1, overdue), hold(2, 'a')]],
    'G11 shoe: claim 2 gives a 3 units; one may have 2',
  ],
  ['two live claims', [[open, hold(1, 'a'), hold(2, 'a')]], 'G4 shoe: claim 2 of a is one of 2 that are live'],
  [
    'a request with two claims',
    [[open, hold(1, 'a', 1, 'r1'), numbered('left', 1)], [hold(2, 'a', 1, 'r1')]],
    'G4 shoe: the request that had made claim 1 made claim 2 too',
  ],
  ['a restock that counts twice', [[open, restock(2, 9), restock(2, 9)]], 'G4 shoe: the request that had made 2 units made 2 units too'],
  ['another price', [[open, hold(1, 'a', 2), order(1, 1_999)]], 'G8 shoe: order 1 is for 1999 and not 3998'],
])('CHK-8 the journal rules find %s', (_, records, problem) => {
  expect(problemsIn(records)).toContain(problem)
})
