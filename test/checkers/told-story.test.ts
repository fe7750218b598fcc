import { expect, test } from 'vitest'
import type { ClaimState } from '../../protocol/results.ts'
import { ToldStory } from './told-story.ts'
import { held, ordered, queued } from './told-words.ts'

const ttl = 1_000

const none: ClaimState = { state: 'none' }
const expired: ClaimState = { state: 'expired' }
const soldout: ClaimState = { state: 'soldout' }

type Step = 'buy' | 'leave' | 'checkout' | ClaimState | number

/** What is found in a story: words are told, deeds are asked for, numbers are moments. */
function problemsIn(steps: readonly Step[]): string[] {
  const problems: string[] = []
  const story = new ToldStory('anna', ttl, (_, problem) => problems.push(problem.split(': ')[1] ?? problem))
  let now = 0
  for (const step of steps) {
    if (typeof step === 'number') now = step
    else if (typeof step === 'string') {
      story.asks(step)
      story.ends(step)
    } else story.told(step, now)
  }
  return problems
}

test('CHK-7 what has ended is forgotten some time', () => {
  expect(problemsIn(['buy', held(7, 900), 900, expired, none])).toEqual([])
  expect(problemsIn(['buy', queued(7, 3), soldout, none])).toEqual([])
  expect(problemsIn(['buy', held(7, 900), 'checkout', ordered(7, 'paid'), none])).toEqual(['a claim is gone'])
})

test.each<readonly [string, readonly Step[]]>([
  [
    'a purchase out of the line',
    [none, 'buy', queued(7, 3), queued(7, 0), held(7, 900), 'checkout', ordered(7), ordered(7, 'paid'), ordered(7, 'paid')],
  ],
  ['a hold that an outage moved', ['buy', held(7, 900), held(7, 5_000)]],
  ['a hold whose time was over', ['buy', held(7, 900), 901, expired, 'buy', queued(9, 0)]],
  ['a place whose hold began and ended unheard', ['buy', queued(7, 3), ttl, expired]],
  ['a line that ended', ['buy', queued(7, 3), soldout]],
  ['a claim that was left, and another', ['buy', held(7, 900), 'leave', none, 'buy', held(9, 900)]],
  ['a claim that ended while it was left', ['buy', held(7, 900), 'leave', 901, none, expired]],
  ['a claim of which only its end was heard', ['buy', held(7, 900), 'leave', none, 'buy', soldout]],
  ['a hold that ended unheard, and another’s end', ['buy', held(7, 900), 'buy', 901, soldout]],
  ['an order that was settled while it was left', ['buy', held(7, 900), 'checkout', 'leave', none, ordered(7, 'paid')]],
  ['a payment that was known late and unheard', ['buy', held(7, 900), 'checkout', ordered(7, 'overdue'), 'buy', held(9, 900)]],
  ['a payment that was declined unheard', ['buy', held(7, 900), 'checkout', ordered(7), 'buy', held(9, 900)]],
])('KILL-1 the checker takes %s', (_, steps) => {
  expect(problemsIn(steps)).toEqual([])
})

test.each<readonly [string, readonly Step[]]>([
  ['a claim is gone', ['buy', held(7, 900), none]],
  ['a claim is gone', ['buy', queued(7, 3), none]],
  ['a claim became a hold again', ['buy', held(7, 900), 'checkout', ordered(7), held(7, 900)]],
  ['a claim became a hold again', ['buy', held(7, 900), 'leave', none, held(7, 900)]],
  ['a claim went back into the line', ['buy', queued(7, 0), held(7, 900), queued(7, 0)]],
  ['a place in line got worse', ['buy', queued(7, 3), queued(7, 4)]],
  ['a deadline came nearer', ['buy', held(7, 900), held(7, 800)]],
  ['a hold ended before its deadline', ['buy', held(7, 900), 899, expired]],
  ['a hold ended that there was no time for', ['buy', queued(7, 0), ttl - 1, expired]],
  ['sold out without a place', ['buy', held(7, 900), soldout]],
  ['a claim that nobody asked for', ['buy', held(7, 900), 901, expired, held(8, 2_000)]],
  ['a second claim beside a live one', ['buy', held(7, 900), 'buy', held(8, 900)]],
  ['an older claim came back', ['buy', held(7, 900), 'leave', none, 'buy', held(9, 900), 'leave', held(7, 900)]],
  ['an order that nobody asked for', ['buy', held(7, 900), ordered(7)]],
  ['an order came out of an ended claim', ['buy', held(7, 900), 'checkout', 901, expired, ordered(7, 'paid')]],
  ['an order that had ended went on', ['buy', held(7, 900), 'checkout', ordered(7, 'paid'), ordered(7, 'declined')]],
])('KILL-1 the checker finds that %s', (problem, steps) => {
  expect(problemsIn(steps)).toEqual([problem])
})

test.each(['paid', 'cancelled'] as const)(
  'CHK-7 an order that was %s and came back when the claim after it was lost is told again',
  (end) => {
    const problems: string[] = []
    const story = new ToldStory('anna', ttl, (_, problem) => problems.push(problem))
    for (const deed of ['buy', 'checkout', 'cancel'] as const) story.asks(deed)
    for (const deed of ['buy', 'checkout', 'cancel'] as const) story.ends(deed)
    story.told(ordered(7, end), 0)
    story.asks('buy')
    story.told(queued(9, 3), 100)
    story.ends('buy')
    story.forgive(500, 8)
    story.told(ordered(7, end), 200)
    story.told(ordered(7, end), 600)
    story.told(ordered(7, end), 700)
    expect(problems).toEqual([])
    story.told(ordered(7, 'declined'), 800)
    expect(problems).toHaveLength(1)
  },
)

test('CHK-7 what became of an order may be told before the answer to its checkout, and is no news after the end', () => {
  const problems: string[] = []
  const story = new ToldStory('anna', ttl, (_, problem) => problems.push(problem))
  for (const deed of ['buy', 'checkout'] as const) story.asks(deed)
  story.told(ordered(7, 'paid'), 0)
  story.told(ordered(7), 100, true)
  story.told(ordered(7, 'paid'), 200)
  expect(problems).toEqual([])
  story.told(ordered(7), 300)
  expect(problems).toHaveLength(1)
})
