import { expect, test } from 'vitest'
import {
  declined,
  type Forge,
  forged,
  grant,
  hold,
  numbered,
  open,
  order,
  overdue,
  paid,
  phase,
  restock,
  settle,
  ticket,
} from '../../actors/testing/forged-records.ts'
import type { ClaimState } from '../../protocol/results.ts'
import { checkEnd, type Gauge, type PendingCall, SoldOutCheck } from './final-check.ts'
import { Findings } from './findings.ts'
import { FreshnessCheck } from './freshness-check.ts'
import { LiveBooks } from './live-books.ts'
import { queued } from './told-words.ts'

/** Books with a record every second, and what is found after them; what the journal itself breaks is left out. */
class Story {
  now = 0
  private readonly findings = new Findings(() => this.now)
  readonly complain = this.findings.complain
  readonly books = new LiveBooks({ now: () => this.now, complain: () => {}, excuseMs: 1_000 })

  constructor(records: readonly (readonly Forge[])[]) {
    this.books.applied('inv.0', { epoch: 1, seq: 0 }, new Uint8Array(0))
    for (const [i, events] of records.entries()) {
      this.now += 1_000
      this.books.applied('inv.0', { epoch: 1, seq: i + 1 }, forged(i === 0 ? [open, ...events] : events, 1_000_000 + this.now))
    }
  }

  get found(): string[] {
    return this.findings.problems.map(({ promise, what }) => `${promise} ${what}`)
  }
}

function problemsAtEnd(events: readonly Forge[], gauges: readonly Gauge[] = [], pending: readonly PendingCall[] = []): string[] {
  const story = new Story([events])
  checkEnd({ books: story.books, gauges, pending }, story.complain)
  return story.found
}

const full = [hold(1, 'a', 2), order(1, 3_998), settle(1, paid)]

test.each<readonly [string, readonly Forge[]]>([
  ['everything sold', full],
  ['units that nobody wants', [hold(1, 'a'), numbered('left', 1)]],
  ['holds and a line while paused', [hold(1, 'a', 2), ticket(2, 'b'), phase(2)]],
])('CHK-7 the final check takes %s', (_, events) => {
  expect(problemsAtEnd(events)).toEqual([])
})

test.each<readonly [string, readonly Forge[], string]>([
  ['a hold that never ends', [hold(1, 'a')], 'G2 shoe: claim 1 of a is still held'],
  ['an order that never ends', [hold(1, 'a'), order(1)], 'G2 shoe: claim 1 of a is still pending'],
  ['an outcome that is never known', [hold(1, 'a'), order(1), settle(1, overdue)], 'G2 shoe: claim 1 of a is still overdue'],
  [
    'units that lie free while people wait',
    [hold(1, 'a', 2), ticket(2, 'b'), numbered('left', 1)],
    'G2 shoe: 2 units lie free, and claim 2 waits for 1',
  ],
  [
    'people who wait for nothing',
    [...full.slice(0, 1), ticket(2, 'b'), ...full.slice(1)],
    'G2 shoe: claim 2 waits for 1 units, and 0 can come free',
  ],
  [
    'people who wait at a closed door',
    [hold(1, 'a', 2), ticket(2, 'b'), numbered('left', 1), phase(3)],
    'G2 shoe: claim 2 waits for 1 units, and 2 can come free',
  ],
])('CHK-8 the final check finds %s', (_, events, problem) => {
  expect(problemsAtEnd(events)).toEqual([problem])
})

test('CHK-8 the final check finds what is left over, and who was never answered', () => {
  const gauges = [
    { name: 'entries in the mailbox of inv.0', value: 3, max: 0 },
    { name: 'presences', value: 2, max: 2 },
  ]
  expect(problemsAtEnd(full, gauges, [{ who: 'ann', what: 'buy of r1' }])).toEqual([
    'G9 entries in the mailbox of inv.0 is 3 at the end; more than 0 should not be left',
    'G9 ann never had an answer to buy of r1',
  ])
})

/** One record a second: both units sold at 3 s, more put in at 4 s. */
const sale = [[hold(1, 'a', 2)], [order(1, 3_998)], [settle(1, paid)], [restock(1)]]

test.each<readonly [why: string, qty: number, askedAtMs: number, problems: number]>([
  ['when it was', 1, 3_500, 0],
  ['when it was as far as the picture could know', 1, 4_200, 0],
  ['for more than was left', 2, 5_000, 0],
  ['when units had come', 1, 4_800, 1],
])('CHK-8 who is told that all is sold is told so rightly: %s', (_, qty, askedAtMs, problems) => {
  const story = new Story(sale)
  story.now = 5_000
  const check = new SoldOutCheck({ books: story.books, complain: story.complain, pictureMsMax: 300 })
  check.told({ user: 'b', sku: 'shoe', qty, askedAtMs })
  expect(story.found).toHaveLength(problems)
})

test('CHK-8 nobody is told that all is sold while an order may still be declined', () => {
  const story = new Story([[hold(1, 'a', 2)], [order(1, 3_998)], [settle(1, declined)]])
  const check = new SoldOutCheck({ books: story.books, complain: story.complain, pictureMsMax: 300 })
  check.told({ user: 'b', sku: 'shoe', qty: 1, askedAtMs: 2_000 })
  expect(story.found).toEqual(['G2 b was told that shoe is sold out, while 1 units were free or could come free'])
})

/** Ticket 3 has one ahead from 1 s on, none from 3 s on, and its turn at 5 s. */
const line = [[hold(1, 'a', 2), ticket(2, 'b'), ticket(3, 'c')], [], [numbered('left', 2)], [], [numbered('left', 1), grant(1)]]

test.each<readonly [why: string, told: ClaimState | undefined, now: number, connectedSince: number | undefined, problems: number]>([
  ['told as it is', queued(3, 0), 4_000, 0, 0],
  ['told as it was a moment ago', queued(3, 1), 4_500, 0, 0],
  ['told as it was long ago', queued(3, 1), 5_100, 0, 1],
  ['not told of the turn', queued(3, 0), 7_500, 0, 1],
  ['told of another place', queued(3, 2), 4_000, 0, 1],
  ['away', queued(3, 1), 5_100, undefined, 0],
  ['back for a moment', queued(3, 1), 5_100, 4_500, 0],
  ['told of an end that has not come', { state: 'expired' }, 9_000, 0, 1],
  ['told nothing', undefined, 4_000, 0, 1],
  ['told nothing yet', undefined, 2_500, 0, 0],
])('CHK-8 positions are fresh: %s', (_, told, now, connectedSince, problems) => {
  const story = new Story(line)
  const check = new FreshnessCheck({ books: story.books, complain: story.complain, withinMs: 2_000 })
  const listener = { who: 'c.1', user: 'c', sku: 'shoe', told, connectedSince }
  check.look([listener], now)
  check.look([listener], now)
  expect(story.found).toHaveLength(problems)
  expect(story.found.every((problem) => problem.startsWith('G10'))).toBe(true)
})
