import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { RecordingTerminal } from '../../../ops/cli/recording-terminal.ts'
import { brokenAtMs, sabotagedStep, scripted } from './scripted-seeds.ts'
import { simulate } from './simulate.ts'
import { traceLinesMax } from './trace-excerpt.ts'

const program = fileURLToPath(new URL('./scripted-worker.js', import.meta.url))

const documentSchema = z.object({
  seeds: z.int(),
  start: z.int(),
  violations: z.array(z.object({ seed: z.int(), promise: z.string(), what: z.string(), command: z.string(), trace: z.array(z.string()) })),
  reached: z.record(z.string(), z.int()),
  missing: z.array(z.string()),
  repeated: z.object({ checked: z.int(), differing: z.int() }),
  seedsPerMinute: z.number().positive(),
  simulatedSecondsPerSeed: z.number(),
  eventsPerSeed: z.number(),
})

const searchSchema = z.object({
  sabotages: z.array(
    z.object({
      sabotage: z.string(),
      tried: z.int(),
      caught: z.array(z.object({ seed: z.int(), promise: z.string() })),
      doubtful: z.array(z.int()),
    }),
  ),
})

interface Ended {
  readonly code: number
  /** Standard output. */
  readonly out: string
  /** Standard error. */
  readonly told: string
}

async function run(...words: readonly string[]): Promise<Ended> {
  const terminal = new RecordingTerminal('.')
  const progress = new PassThrough()
  const told = text(progress)
  const code = await simulate(words, { terminal, progress, program })
  progress.end()
  return { code, out: terminal.printed, told: terminal.complained + (await told) }
}

async function runJson(...words: readonly string[]): Promise<z.output<typeof documentSchema> & { readonly code: number }> {
  const { code, out } = await run(...words, '--json')
  return { code, ...documentSchema.parse(JSON.parse(out)) }
}

test('SIM-R1 clean seeds end with 0, one document says what they came to, and one in twenty was run twice', async () => {
  const { code, ...document } = await runJson('--start', '20', '--seeds', '41')
  expect({ code, ...document }).toMatchObject({ code: 0, seeds: 41, start: 20, violations: [], missing: [], eventsPerSeed: 1_000 })
  expect(document.repeated).toEqual({ checked: 3, differing: 0 })
  expect(document.reached['sold out']).toBe(41)
})

test('SIM-R2 a broken promise ends with 1 and tells the seed, the promise, what led to it, and the command that repeats it', async () => {
  const { code, out, told } = await run('--start', '2', '--seeds', '3')
  const lines = told.split('\n')
  const from = lines.findIndex((line) => line.startsWith(`seed ${scripted.breaks}: G1 is broken: two got one (and 1 more)`))
  const led = lines.slice(from + 1, from + 1 + traceLinesMax)
  expect(code).toBe(1)
  expect(led.at(-1)).toContain(`says ${brokenAtMs / 1000}`)
  expect(led[0]).toContain(`says ${brokenAtMs / 1000 - traceLinesMax + 1}`)
  expect(lines[from + 1 + traceLinesMax]).toBe(`  again: npm run simulate -- --seed ${scripted.breaks} --trace`)
  expect(out).toContain('3 seeds from 2: 1 violation (G1 1)')
})

test.each([
  ['hangs', 'did not end', 'was still running after 0.5 s'],
  ['throws', 'crashed', 'threw Error: no such seed'],
  ['dies', 'crashed', 'took its process down, which ended with 3: out of everything'],
] as const)('SIM-R3 a seed that %s is a violation, and the others are run', async (kind, promise, what) => {
  const { code, seeds, violations } = await runJson('--start', `${scripted[kind] - 1}`, '--seeds', '3', '--patience', '0.5')
  expect({ code, seeds }).toEqual({ code: 1, seeds: 2 })
  expect(violations).toMatchObject([{ seed: scripted[kind], promise }])
  expect(violations[0]?.what).toContain(what)
})

test('SIM-R4 a seed whose trace is another in another process is a violation, and is shown where it parts', async () => {
  const { code, violations, repeated } = await runJson('--start', `${scripted.wavers}`, '--seeds', '2', '--jobs', '1')
  expect({ code, repeated }).toEqual({ code: 1, repeated: { checked: 1, differing: 1 } })
  expect(violations).toMatchObject([{ seed: scripted.wavers, promise: 'not repeatable' }])
  expect(violations[0]?.trace.at(-1)).toMatch(/^in one of its own: +0\.000 actors-1 is \d+$/)
})

test('SIM-R5 a hundred seeds have to come to every situation; fewer, or sabotaged ones, need not', async () => {
  const many = await runJson('--start', `${scripted.bare}`, '--seeds', '100')
  expect(many).toMatchObject({ code: 1, violations: [] })
  expect(many.missing).toContain('sold out')
  expect(await runJson('--start', `${scripted.bare}`, '--seeds', '99')).toMatchObject({ code: 0, missing: many.missing })
  // Every fourth seed is broken by it.
  const { out } = await run('--start', `${scripted.bare}`, '--seeds', '100', '--sabotage', 'line-overtake')
  expect(out).toContain('25 violations (G6 25)')
})

test('SIM-R6 one seed with its trace prints everything that happened', async () => {
  const { code, out, told } = await run('--seed', `${scripted.breaks}`, '--trace')
  expect(code).toBe(1)
  expect(out.match(/actors-1 says/g)).toHaveLength(200)
  expect(told).toContain('G1 is broken')
  expect(told).not.toContain('actors-1 says')
})

test('SIM-R7 a start that is not given is drawn and told', async () => {
  const { told, out } = await run('--seeds', '2')
  const [, start] = /^2 seeds from (\d+)$/m.exec(told) ?? []
  expect(start).toBeDefined()
  expect(out).toContain(`2 seeds from ${start}: `)
})

test('SIM-R8 a search finds the first seeds that catch a sabotage and are clean without it', async () => {
  const { code, out } = await run('--sabotage', 'line-overtake', '--search', '--start', '1', '--jobs', '1', '--patience', '0.5', '--json')
  const [found] = searchSchema.parse(JSON.parse(out)).sabotages
  expect(code).toBe(0)
  expect(found).toEqual({
    sabotage: 'line-overtake',
    tried: sabotagedStep * 3,
    caught: [1, 2, 3].map((times) => ({ seed: times * sabotagedStep, promise: 'G6' })),
    // What breaks with the sabotage but is not of its kind, and what takes its process down, has caught nothing.
    doubtful: [scripted.breaks, scripted.hangs, scripted.throws, scripted.dies],
  })
})

test('SIM-R9 a search that finds nothing ends with 1, and what a sabotage should not break is no catch', async () => {
  const { code, out } = await run('--sabotage', 'no-dedupe', '--search', '--start', '40', '--seeds', '10')
  expect(code).toBe(1)
  expect(out).toMatch(/no-dedupe +not caught +G4 +10 +40, 44, 48/)
})

test('SIM-R10 code that cannot be sabotaged as it should fails the run and no seed', async () => {
  const { code, told, out } = await run('--sabotage', 'no-chain', '--seeds', '2')
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(told).toContain('simulate: SABOTAGE_STALE: the store has no such switch')
})

test.each([
  [['--seeds', '0'], "option '--seeds <count>' argument '0' is invalid"],
  [['--sabotage', 'fire'], "option '--sabotage <name>' argument 'fire' is invalid"],
  [['--trace'], 'give --seed'],
  [['--search'], 'give --sabotage'],
  [['--sabotage', 'all'], '--search'],
  [['--start', '4294967295', '--seeds', '2'], 'beyond the last'],
])('SIM-R11 %j is refused', async (words, reason) => {
  const { code, told } = await run(...words)
  expect(code).toBe(2)
  expect(told).toContain(reason)
})
