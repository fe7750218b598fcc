import { expect, test } from 'vitest'
import { type Forge, forged, hold, numbered, open, order, paid, settle } from '../../actors/testing/forged-records.ts'
import type { Code } from '../../protocol/codes.ts'
import type { ClaimState } from '../../protocol/results.ts'
import { Findings } from './findings.ts'
import { LiveBooks } from './live-books.ts'
import { RequestCheck } from './request-check.ts'
import { held, ordered, queued } from './told-words.ts'

type Call = readonly [requestId: string, outcome: ClaimState | Code]

function problemsIn(calls: readonly Call[], journal?: readonly Forge[], tick = 0): string[] {
  const { complain, problems } = new Findings(() => 0)
  const check = new RequestCheck(complain, () => tick)
  for (const [requestId, outcome] of calls) {
    check.asks('ann', 'shoe', requestId)
    check.told('ann', 'shoe', requestId, outcome)
  }
  if (journal !== undefined) {
    const books = new LiveBooks({ now: () => 0, complain })
    books.applied('inv.0', { epoch: 1, seq: 0 }, new Uint8Array(0))
    books.applied('inv.0', { epoch: 1, seq: 1 }, forged([open, ...journal]))
    check.atEnd(books)
  }
  return problems.map(({ promise, what }) => `${promise} ${what.split(': ')[1]}`)
}

test.each<readonly [string, readonly Call[]]>([
  [
    'a claim that is told again',
    [
      ['r1', queued(3)],
      ['r1', held(3)],
      ['r1', 'TIMEOUT'],
      ['r1', ordered(3, 'paid')],
    ],
  ],
  [
    'a claim that is told to a second request',
    [
      ['r1', held(3)],
      ['r2', held(3)],
      ['r1', held(3)],
    ],
  ],
  [
    'a claim that another has replaced',
    [
      ['r1', held(3)],
      ['r2', held(5)],
      ['r1', held(5)],
    ],
  ],
  [
    'a refusal that passes',
    [
      ['r1', 'PAUSED'],
      ['r1', 'BUSY'],
      ['r1', held(3)],
    ],
  ],
  [
    'a claim that is told again after a gateway said that nothing is left',
    [
      ['r1', held(3)],
      ['r1', 'SOLD_OUT'],
      ['r1', ordered(3, 'declined')],
    ],
  ],
  [
    'a claim that ended, of a SKU that is sold out',
    [
      ['r1', held(3)],
      ['r1', { state: 'expired' }],
      ['r1', 'SOLD_OUT'],
    ],
  ],
])('CHK-7 the request check takes %s', (_, calls) => {
  expect(problemsIn(calls)).toEqual([])
})

test.each<readonly [string, readonly Call[], string]>([
  [
    'two claims for one request',
    [
      ['r1', held(3)],
      ['r1', held(4)],
    ],
    'G4 was told of claim 3, then of 4',
  ],
  [
    'an older claim',
    [
      ['r1', held(3)],
      ['r2', held(4)],
      ['r1', held(4)],
      ['r1', held(3)],
    ],
    'G4 was told of claim 4, then of 3',
  ],
  [
    'a no that becomes a yes',
    [
      ['r1', 'SOLD_OUT'],
      ['r1', held(3)],
    ],
    'G4 was refused with SOLD_OUT, then told of claim 3',
  ],
  [
    'a yes that becomes a no',
    [
      ['r1', held(3)],
      ['r1', 'LIMIT_REACHED'],
    ],
    'G4 was told of claim 3, then refused with LIMIT_REACHED',
  ],
  [
    'a buyer who is told that all is sold',
    [
      ['r1', ordered(3, 'paid')],
      ['r1', 'SOLD_OUT'],
    ],
    'G4 was told of claim 3, then refused with SOLD_OUT',
  ],
  [
    'another no',
    [
      ['r1', 'LIMIT_REACHED'],
      ['r1', 'CLOSED'],
    ],
    'G4 was refused with LIMIT_REACHED, then with CLOSED',
  ],
])('CHK-8 the request check finds %s', (_, calls, problem) => {
  expect(problemsIn(calls)).toEqual([problem])
})

/** The refusal comes before the request's claim, or after it. */
const goneBy: readonly Forge[] = [hold(1, 'ann', 1, 'r1'), numbered('left', 1)]
const bought: readonly Forge[] = [hold(1, 'ann', 1, 'r1'), order(1), settle(1, paid)]

test.each<readonly [string, readonly Call[], readonly Forge[], number, readonly string[]]>([
  ['takes what the journal has', [['r1', held(1)]], [hold(1, 'ann', 1, 'r1')], 2, []],
  ['takes a claim that came to nothing before', [['r1', 'SOLD_OUT']], goneBy, 2, []],
  [
    'finds a claim of somebody else',
    [['r1', held(1)]],
    [hold(1, 'bob', 1, 'r1')],
    2,
    ['was told of claim 1, which the journal does not give them'],
  ],
  [
    'finds a claim that is not there',
    [['r1', held(2)]],
    [hold(1, 'ann', 1, 'r1')],
    2,
    ['was told of claim 2, which the journal does not give them'],
  ],
  [
    'finds a claim of a request that had been refused',
    [['r1', 'SOLD_OUT']],
    goneBy,
    1,
    ['was refused with SOLD_OUT, and then began claim 1'],
  ],
  [
    'finds a purchase of one who is told that all is sold',
    [['r1', 'SOLD_OUT']],
    bought,
    2,
    ['was refused with SOLD_OUT, and began claim 1'],
  ],
  ['finds a limit that was no limit', [['r1', 'LIMIT_REACHED']], goneBy, 2, ['was refused with LIMIT_REACHED, and began claim 1']],
])('CHK-8 held against the journal, the request check %s', (_, calls, journal, tick, problems) => {
  expect(problemsIn(calls, journal, tick)).toEqual(problems.map((problem) => `G4 ${problem}`))
})
