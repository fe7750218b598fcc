import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { onlyBusy, ProgramRuns, resultOf } from './program-runs.ts'

const processMs = 120_000
const reportSchema = z.object({
  what: z.string(),
  commit: z.string(),
  machine: z.object({ cores: z.number() }),
  findings: z.array(z.object({ series: z.string(), verdict: z.enum(['steady', 'grows', 'unclear']) })).min(5),
  grows: z.boolean(),
  calls: z.number().positive(),
  codes: onlyBusy,
  restocked: z.number(),
  visits: z.record(z.string(), z.number()),
  bound: z.object({
    offered: z.number().positive(),
    answers: z.record(z.string(), z.record(z.string(), z.number())),
    checkouts: z.object({ done: z.number().positive(), refused: z.literal(0) }),
  }),
  samples: z.array(z.object({ processes: z.object({ node: z.object({ heapUsed: z.number().positive() }) }) })).min(6),
})

let soak: ProgramRuns

beforeEach(() => {
  soak = new ProgramRuns('soak')
})
afterEach(() => soak.remove())

test(
  'BEN-81 a soak keeps a node busy, judges what grows, fills it up to its bounds, and leaves nothing behind but its result',
  async () => {
    const into = join(soak.folder, 'result.json')
    const svg = join(soak.folder, 'result.svg')
    const words = ['--minutes', '0.2', '--rate', '1000', '--users', '1000', '--visits', '20', '--into', into, '--svg', svg, '--json']
    const end = await soak.run(words)
    const { status, errors } = end
    expect(errors).toBe('')
    const printed = resultOf(end)
    const report = reportSchema.parse(printed)
    expect(status).toBe(report.grows ? 1 : 0)
    expect(JSON.parse(readFileSync(into, 'utf8'))).toEqual(printed)
    expect(readFileSync(svg, 'utf8')).toContain('memory of node')
    expect(Object.keys(report.visits)).toContain('bought')
    // All newcomers were sent away, each for the reason that there was.
    const { answers } = report.bound
    expect(Object.entries(answers).map(([what, told]) => [what, Object.keys(told)])).toEqual([
      ['the line was full', ['LINE_FULL']],
      ['the table of users was full', ['BUSY']],
    ])
    expect(soak.left).toEqual([])
  },
  processMs,
)

test.each([
  [['--minutes', '0'], '--minutes'],
  [['--minutes', '2', '--warmup', '2'], '--warmup'],
  [['--peer', 'redis'], '--peer'],
  [['--rate', '1'], '--rate'],
])('BEN-81 %j is refused with one line that says why', async (words, option) => {
  const { status, errors } = await soak.run(words)
  expect(status).toBe(2)
  expect(errors).toContain(option)
  expect(errors.trim().split('\n')).toHaveLength(1)
})
