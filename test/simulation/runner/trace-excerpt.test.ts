import { expect, test } from 'vitest'
import { firstDifference, linesBefore, traceLinesMax } from './trace-excerpt.ts'

const trace = Array.from({ length: 100 }, (_, second) => `${second.toFixed(3).padStart(8)} actors-1 says ${second}`)

test('SIM-R12 an excerpt ends with the last line before the failure', () => {
  expect(linesBefore(trace, 70_000)).toEqual(trace.slice(71 - traceLinesMax, 71))
  expect(linesBefore(trace, 70_999)).toEqual(trace.slice(71 - traceLinesMax, 71))
  expect(linesBefore(trace, 2_000)).toEqual(trace.slice(0, 3))
  expect(linesBefore(trace, Infinity)).toEqual(trace.slice(-traceLinesMax))
  expect(linesBefore([], 1_000)).toEqual([])
})

test('SIM-R12 two traces are shown from shortly before they part', () => {
  const other = trace.with(50, 'else')
  expect(firstDifference(trace, other)).toEqual([...trace.slice(40, 50), `in a used process: ${trace[50]}`, 'in one of its own: else'])
  expect(firstDifference(trace.slice(0, 1), trace)).toEqual([trace[0], 'in a used process: the end', `in one of its own: ${trace[1]}`])
  expect(firstDifference(trace, trace.slice(0, 1))).toEqual([trace[0], `in a used process: ${trace[1]}`, 'in one of its own: the end'])
  expect(firstDifference(trace, trace)).toEqual(['(twice more it was the same)'])
})
