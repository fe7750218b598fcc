import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { runProgram } from './program.ts'
import { RecordingTerminal } from './recording-terminal.ts'

async function plan(...words: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const terminal = new RecordingTerminal('/')
  const code = await runProgram(['plan', ...words], terminal, () => Promise.reject(new Error('a plan starts nothing')))
  return { code, out: terminal.printed, err: terminal.complained }
}

const examples = [
  ...readFileSync(new URL('../../../docs/capacity.md', import.meta.url), 'utf8').matchAll(
    /```console\n\$ npx sluice plan (.*)\n([\s\S]*?)```/g,
  ),
].map(([, words = '', printed = '']) => ({ words, printed }))

test('PLAN-5 the page about capacity has worked examples, up to ten million people', () => {
  expect(examples.length).toBeGreaterThanOrEqual(3)
  expect(examples.some(({ words }) => words.includes('--peak-users 10000000'))).toBe(true)
  expect(examples.some(({ words }) => words.includes('--daily-visits'))).toBe(true)
})

test.each(examples)('PLAN-5 sluice plan $words prints what docs/capacity.md shows', async ({ words, printed }) => {
  expect(await plan(...words.split(' '))).toEqual({ code: 0, out: printed, err: '' })
})

test('PLAN-6 the estimate of the article stands first, by minute and by second; the rest is from measured figures', async () => {
  const { out } = await plan('--daily-visits', '1000000', '--stock', '500')
  const [heading, requests, purchases, measured] = out.split('\n')
  expect(heading).toBe("The article's estimate, (total x 50 %) / (60 x 2) x 5:")
  expect(requests).toContain('20,833 requests a minute at the peak (its 60 x 2 are minutes), which is 347 a second')
  expect(purchases).toContain('20 % of them buy: 69 purchases a second')
  expect(measured).toMatch(/^From what was measured \(\d+ cores /)
  expect(out).toContain('500,000 people by WebSocket')
})

test('PLAN-6 a price is for all machines and hours, and as JSON everything is one object', async () => {
  const words = ['--peak-users', '20000', '--stock', '500', '--node-hour', '0.1', '--hours', '3', '--json']
  const schema = z.object({ crowd: z.object({ users: z.number() }), plan: z.object({ nodes: z.number(), price: z.number() }) })
  const { crowd, plan: made } = schema.parse(JSON.parse((await plan(...words)).out))
  expect(crowd.users).toBe(20_000)
  expect(made.price).toBeCloseTo(made.nodes * 3 * 0.1)
  expect((await plan(...words.slice(0, -1))).out).toContain(
    `${made.nodes} machines of 4 cores, used to 50 %: ${made.price.toFixed(2)} for 3 h`,
  )
})

test('PLAN-6 where one product is wanted by more than its owner decides, it is said, and what to let in', async () => {
  const { out } = await plan('--peak-users', '10000000', '--stock', '10000', '--rush-seconds', '1')
  expect(out).toContain('  what breaks:\n')
  expect(out).toMatch(/of the owner of the most wanted product: 10,000,000 of [\d,]+ buys\/s\n/)
  expect(out).toMatch(/--admit-per-second \d+ lets in/)
})

test.each([
  [['--stock', '5'], 'sluice: say how many come: --daily-visits, or --peak-users\n'],
  [['--peak-users', '5'], "sluice: required option '--stock <count>' not specified\n"],
  [['--peak-users', '-5', '--stock', '5'], 'sluice: --peak-users: '],
  [['--peak-users', '1e400', '--stock', '5'], 'sluice: --peak-users: '],
  [['--peak-users', '5', '--stock', '5', '--rush-seconds', '0'], 'sluice: --rush-seconds: '],
  [['--peak-users', '5', '--stock', '5', '--share', '101'], 'sluice: --share: '],
  [['--peak-users', '5', '--stock', '5', '--transport', 'smoke'], 'sluice: --transport: '],
  [['--peak-users', '5', '--stock', '5', '--node-hour', 'free'], 'sluice: --node-hour: '],
])('PLAN-7 plan %j is refused in one line', async (words, err) => {
  const run = await plan(...words)
  expect(run.code).toBe(2)
  expect(run.out).toBe('')
  expect(run.err).toContain(err)
  expect(run.err.trim().split('\n')).toHaveLength(1)
})
