import { expect, test } from 'vitest'
import { Findings } from './findings.ts'
import { OwnershipCheck } from './ownership-check.ts'

/** `1-0` a record, `-1-2` everything from there on lost, `a=3` epoch 3 given to a. */
function problemsIn(story: string): string[] {
  const { complain, problems } = new Findings(() => 0)
  const check = new OwnershipCheck(complain)
  for (const word of story.split(' ')) {
    const [, isLost, epoch, seq] = /^(-?)(\d+)-(\d+)$/.exec(word) ?? []
    const [owner = '', leased] = word.split('=')
    if (leased !== undefined) check.leased('inv.0', Number(leased), owner)
    else if (isLost === '-') check.lost('inv.0', { epoch: Number(epoch), seq: Number(seq) })
    else check.applied('inv.0', { epoch: Number(epoch), seq: Number(seq) })
  }
  return problems.map(({ what }) => what)
}

test.each(['a=1 1-0 1-1 1-2 b=2 2-0 a=5 5-0 5-1', '1-0 1-1 1-2 -1-2 1-2 2-0', '1-0 1-1 3-0 3-1 -1-1 4-0 4-1', '1-0 2-0 -2-0 2-0 2-1'])(
  'CHK-7 owners take turns in %s',
  (story) => {
    expect(problemsIn(story)).toEqual([])
  },
)

test.each([
  ['1-0 1-1 1-3', 'inv.0: record 1-3 follows 1-1'],
  ['1-0 1-1 1-1', 'inv.0: record 1-1 follows 1-1'],
  ['1-0 1-1 2-0 1-2', 'inv.0: record 1-2 was written although epoch 2 was opened last'],
  ['1-0 1-1 2-1', 'inv.0: record 2-1 was written although epoch 1 was opened last'],
  ['1-1', 'inv.0: record 1-1 was written although nothing was opened last'],
  ['2-0 1-0', 'inv.0: epoch 1 was opened after 2'],
  ['1-0 1-1 1-0', 'inv.0: epoch 1 was opened twice'],
  ['1-0 2-0 2-1 -2-0 2-0', 'inv.0: epoch 2 was opened twice'],
  ['1-0 2-0 -2-0 3-0 2-0', 'inv.0: epoch 2 was opened after 3'],
  ['a=1 b=1', 'inv.0: epoch 1 of a was given to b too'],
])('CHK-8 the ownership check finds what is wrong in %s', (story, problem) => {
  expect(problemsIn(story)).toEqual([problem])
})
