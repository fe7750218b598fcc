import { afterEach, expect, test } from 'vitest'
import { BenchFault, reasonOf } from './bench-fault.ts'
import { ProgramRuns } from './program-runs.ts'

const processMs = 60_000
const all: ProgramRuns[] = []

afterEach(() => {
  for (const program of all.splice(0)) program.remove()
})

function runsOf(name: string): ProgramRuns {
  const program = new ProgramRuns(name)
  all.push(program)
  return program
}

test.each(['micro', 'bus', 'eta', 'metrics-cost'])(
  'BEN-90 %s is asked for wrongly, and says so in one line',
  async (name) => {
    const { status, lines, errors } = await runsOf(name).run(['--nobody-knows'])
    expect({ status, lines, errors }).toEqual({ status: 2, lines: [''], errors: "error: unknown option '--nobody-knows'\n" })
  },
  processMs,
)

test(
  'BEN-90 a value that is none is told in one line too',
  async () => {
    const { status, errors } = await runsOf('million').run(['--store', 'paper'])
    expect(status).toBe(2)
    expect(errors).toMatch(/^error: option '--store <name>' argument 'paper' is invalid\..*\n$/)
  },
  processMs,
)

test(
  'BEN-90 a program is asked what it does, and does nothing',
  async () => {
    const { status, lines, errors } = await runsOf('users').run(['--help'])
    expect({ status, errors, usage: lines[0] }).toEqual({ status: 0, errors: '', usage: 'Usage: bench:users [options]' })
  },
  processMs,
)

test.each([
  ['users', 'sluice-bench-'],
  ['line', 'sluice-cluster-'],
])(
  'BEN-90 Ctrl-C ends %s and the servers that it started, and takes their data away',
  async (name, interruptAt) => {
    const program = runsOf(name)
    const { status, errors } = await program.run([], { interruptAt })
    expect({ status, errors, left: program.left }).toEqual({ status: 130, errors: '', left: [] })
  },
  processMs,
)

test('BEN-90 what the world did is told in one line, once with its code; a bug is not', () => {
  expect(reasonOf(new BenchFault('there is no gateway'))).toBe('there is no gateway')
  expect(reasonOf(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }))).toBe(
    'ENOSPC: no space left on device, write',
  )
  expect(reasonOf(Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' }))).toBe(
    'ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:1',
  )
  for (const bug of [new Error('no such state'), Object.assign(new TypeError('not a string'), { code: 'ERR_INVALID_ARG_TYPE' }), 'nothing'])
    expect(reasonOf(bug)).toBeUndefined()
})
