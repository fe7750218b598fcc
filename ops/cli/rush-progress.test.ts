import { expect, test } from 'vitest'
import { RushCounts } from '../rush/rush-counts.ts'
import { RecordingTerminal } from './recording-terminal.ts'
import { rushProgress } from './rush-progress.ts'

function progressOf(done: number) {
  const counts = new RushCounts(3)
  for (let i = 0; i < 3; i++) counts.move('outside', i === 2 ? 'queued' : 'arriving')
  for (let i = 0; i < done; i++) counts.end('arriving', 'bought')
  return { users: 3, done: counts.done, stages: counts.stages, outcomes: counts.outcomes }
}

test('RUSH-14 a person at a screen sees a bar that is taken away at the end', () => {
  const terminal = new RecordingTerminal('.', true)
  const view = rushProgress(terminal, 3, false)
  view.show(progressOf(1))
  view.end()
  expect(terminal.printed).toContain('0/3')
  expect(terminal.printed).toContain('█')
})

test('RUSH-15 without a screen each line says where everyone is, and the same line is not said twice', () => {
  const terminal = new RecordingTerminal('.')
  const view = rushProgress(terminal, 3, false)
  view.show(progressOf(1))
  view.show(progressOf(1))
  view.show(progressOf(2))
  view.end()
  expect(terminal.printed).toBe('1 of 3 done: 1 connecting, 1 in line, 1 bought\n')
})

test('RUSH-16 as JSON every progress is a line of its own', () => {
  const terminal = new RecordingTerminal('.', true)
  const view = rushProgress(terminal, 3, true)
  view.show(progressOf(0))
  view.show(progressOf(2))
  view.end()
  const lines = terminal.printed.trimEnd().split('\n')
  expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
    { kind: 'progress', users: 3, done: 0, stages: { arriving: 2, queued: 1 } },
    { kind: 'progress', users: 3, done: 2, outcomes: { bought: 2 } },
  ])
})
