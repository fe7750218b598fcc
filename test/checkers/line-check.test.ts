import { expect, test } from 'vitest'
import type { ClaimState } from '../../protocol/results.ts'
import { Findings } from './findings.ts'
import { type DeviceEar, LineCheck } from './line-check.ts'
import { held, ordered, queued } from './told-words.ts'

type Word = readonly [device: string, what: 'buy' | 'leave' | 'checkout' | ClaimState] | readonly ['lost', untilMs: number]

const ttlMs = 10_000
/** Of a store that loses records. */
const keptClaims = 2

/** Devices are `user.number`; every word comes 100 ms after the one before. What is told answers a question that was asked just before. */
function problemsIn(words: readonly Word[]): string[] {
  const { complain, problems } = new Findings(() => 0)
  const check = new LineCheck({ complain, slackMs: 50 })
  const devices = new Map<string, DeviceEar>()
  let now = 0
  const names = words.flatMap(([name]) => (name === 'lost' ? [] : [name]))
  for (const name of new Set(names)) devices.set(name, check.device(name.split('.')[0] ?? '', 'shoe', ttlMs))
  for (const [name, what] of words) {
    now += 100
    const device = devices.get(name)
    if (typeof what === 'number') check.lost('shoe', what, keptClaims)
    else if (typeof what === 'string') device?.asks(what)
    else device?.told(what, now, device.asks('claim'))
  }
  return problems.map(({ promise, what }) => `${promise} ${what.split(': ')[1]}`)
}

test.each<readonly [string, readonly Word[]]>([
  [
    'people who are served one after the other',
    [
      ['a.1', 'buy'],
      ['b.1', 'buy'],
      ['a.1', queued(1, 0)],
      ['b.1', queued(2, 1)],
      ['a.1', held(1)],
      ['b.1', queued(2, 0)],
      ['b.1', held(2)],
    ],
  ],
  [
    'a second device that hears late',
    [
      ['a.1', 'buy'],
      ['a.1', held(1)],
      ['a.1', 'leave'],
      ['a.1', { state: 'none' }],
      ['a.1', 'buy'],
      ['a.1', held(3)],
      ['a.2', held(1)],
      ['a.2', { state: 'none' }],
      ['a.2', held(3)],
    ],
  ],
  [
    'a place on two devices, each at its own pace',
    [
      ['a.1', 'buy'],
      ['a.1', queued(5, 4)],
      ['a.1', queued(5, 1)],
      ['a.2', queued(5, 3)],
      ['a.2', queued(5, 1)],
    ],
  ],
  [
    'a store that lost a claim',
    [
      ['a.1', 'buy'],
      ['a.1', held(3)],
      ['lost', 500],
      ['a.1', held(3)],
      ['b.1', 'buy'],
      ['b.1', queued(3, 0)],
      ['a.1', { state: 'none' }],
    ],
  ],
  [
    'a number that a store has lost and that is given to the same user again, and then a smaller one',
    [
      ['a.1', 'buy'],
      ['a.1', held(6)],
      ['lost', -1],
      ['a.1', { state: 'expired' }],
      ['a.1', 'buy'],
      ['a.1', held(6, 21_000)],
      ['lost', -1],
      ['a.1', { state: 'expired' }],
      ['a.1', 'buy'],
      ['a.1', held(5)],
    ],
  ],
])('CHK-7 the line check takes %s', (_, words) => {
  expect(problemsIn(words)).toEqual([])
})

test.each<readonly [string, readonly Word[], string]>([
  [
    'somebody who is passed',
    [
      ['a.1', 'buy'],
      ['b.1', 'buy'],
      ['b.1', held(2)],
      ['a.1', queued(1, 0)],
    ],
    'G6 ticket 1 still waits, and claim 2 had been served before it was asked for',
  ],
  [
    'somebody who is passed by an order',
    [
      ['a.1', 'buy'],
      ['b.1', 'buy'],
      ['b.1', 'checkout'],
      ['b.1', ordered(2, 'paid')],
      ['a.1', queued(1, 0)],
    ],
    'G6 ticket 1 still waits, and claim 2 had been served before it was asked for',
  ],
  [
    'a place that gets worse on a second device',
    [
      ['a.1', 'buy'],
      ['a.1', queued(5, 4)],
      ['a.2', queued(5, 1)],
      ['a.2', queued(5, 2)],
    ],
    'G6 a place in line got worse',
  ],
  [
    'a claim on a second device that nobody asked for',
    [
      ['a.1', held(1)],
      ['a.2', { state: 'none' }],
    ],
    'G4 a claim that nobody asked for',
  ],
  [
    'a loss that is no excuse any more',
    [
      ['a.1', 'buy'],
      ['a.1', held(3)],
      ['lost', 100],
      ['a.1', { state: 'none' }],
      ['a.1', 'buy'],
      ['a.1', held(4)],
      ['a.1', { state: 'none' }],
    ],
    'G7 a claim is gone',
  ],
  [
    'a claim that goes on after its end although the store has kept it',
    [
      ['a.1', 'buy'],
      ['a.1', held(2)],
      ['lost', -1],
      ['a.1', { state: 'none' }],
      ['a.1', 'buy'],
      ['a.1', held(2, 21_000)],
    ],
    'G7 a claim became a hold again',
  ],
])('CHK-8 the line check finds %s', (_, words, problem) => {
  expect(problemsIn(words)).toEqual([problem])
})
