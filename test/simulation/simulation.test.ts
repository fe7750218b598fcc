import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { codeSeed } from './code-seed.ts'
import { catchingSeeds, keptSeeds } from './kept-seeds.ts'
import { runSeed } from './run-seed.ts'
import { SabotageHunt } from './runner/sabotage-search.ts'
import { SeedCrew } from './runner/seed-crew.ts'
import { repeatEvery, SeedSweep } from './runner/seed-sweep.ts'
import { linesOf } from './runner/violation.ts'
import { sabotageNames, sabotageOf } from './sabotage.ts'

const command = fileURLToPath(new URL('./main.js', import.meta.url))
const program = fileURLToPath(new URL('./seed-worker.js', import.meta.url))
const jobs = availableParallelism()
const seedMsMax = 120_000
const sweptSeeds = 100
/** On a machine that does not come through them in so long, fewer fresh ones have to do: every change of the code brings others. */
const sweepMs = 150_000
const sweptMin = 40
/** Fresh ones for every change of the code. */
const sweptFrom = Number(process.env['SLUICE_TEST_SEED'] ?? codeSeed(fileURLToPath(new URL('../..', import.meta.url))))
const sweepMsMax = 900_000

/** Runs the first `least` of these seeds, and as many more as there is time for. */
async function sweep(seeds: readonly number[], least: number): Promise<SeedSweep> {
  const from = performance.now()
  const isEnough = (begun: number): boolean => begun >= least && performance.now() - from > sweepMs
  const run = new SeedSweep({ seeds, repeats: true, traces: false, isEnough }, () => {})
  await new SeedCrew({ program, jobs, seedMsMax }).run(run, new AbortController().signal)
  return run
}

describe('seeds', () => {
  const swept = Array.from({ length: sweptSeeds }, (_, index) => sweptFrom + index)
  let run: SeedSweep

  beforeAll(async () => {
    process.stdout.write(`${sweptSeeds} seeds from ${sweptFrom}: SLUICE_TEST_SEED sets another start\n`)
    const recorded = new Set([...keptSeeds.map(({ seed }) => seed), ...Object.values(catchingSeeds)])
    const seeds = [...new Set([...recorded, ...swept])]
    run = await sweep(seeds, recorded.size + sweptMin)
    if (run.leftOut > 0) process.stdout.write(`the last ${run.leftOut} were left out: there was no time\n`)
  }, sweepMsMax)

  const failuresOf = (seeds: readonly number[]): readonly string[] =>
    run.violations.filter(({ seed }) => seeds.includes(seed)).map((violation) => linesOf(violation).join('\n'))

  test.each(keptSeeds)('SIM-R40 seed $seed is clean: $name', ({ seed }) => {
    expect(failuresOf([seed])).toEqual([])
  })

  // If the code has changed so much that another seed has to be recorded: npm run simulate -- --sabotage NAME --search
  test.concurrent.each(Object.entries(catchingSeeds))(
    'SIM-R41 %s is caught by seed %i, which is clean without it',
    async (name, seed) => {
      expect(failuresOf([seed])).toEqual([])
      const hunt = new SabotageHunt(sabotageOf(name), [seed])
      await new SeedCrew({ program, sabotage: name, jobs: 1, seedMsMax }).run(hunt, new AbortController().signal)
      expect(hunt.catches).toMatchObject([{ seed }])
    },
    2 * seedMsMax,
  )

  test('SIM-R42 fresh seeds break no promise', () => {
    expect(swept.length - run.leftOut).toBeGreaterThanOrEqual(sweptMin)
    expect(failuresOf(swept)).toEqual([])
  })

  test('SIM-R47 those that run twice come to the same trace', () => {
    expect(run.repeated.checked).toBeGreaterThanOrEqual(sweptSeeds / repeatEvery)
    expect(run.repeated.differing).toBe(0)
  })

  test('SIM-R43 they come to every rare situation', (context) => {
    context.skip(run.leftOut > 0, 'too few have run')
    expect(run.tally.missing).toEqual([])
  })
})

test('SIM-R46 a recorded seed is of a sabotage that there is', () => {
  expect(Object.keys(catchingSeeds).filter((name) => !sabotageNames.includes(name))).toEqual([])
  expect(Object.keys(catchingSeeds).length).toBeGreaterThanOrEqual(16)
})

test('SIM-R44 a seed says what happens to the byte, and another seed says something else', async () => {
  const hashes: string[] = []
  for (const seed of [1, 1, 2]) hashes.push((await runSeed({ seed, keepTraceLines: 0 })).traceHash)
  const [first, again, other] = hashes
  expect(again).toBe(first)
  expect(other).not.toBe(first)
})

test(
  'SIM-R45 Ctrl-C ends a run with a summary of what was done, and leaves no process behind',
  async () => {
    const child = spawn(process.execPath, [command, '--seeds', '100000', '--start', '1'], { detached: true })
    let out = ''
    let told = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => {
      told += chunk.toString()
      // As a terminal does: to everyone in the foreground.
      if (child.pid !== undefined && /100000 seeds/.test(told)) process.kill(-child.pid, 'SIGINT')
    })
    // Not before everyone has gone who could write to the pipes.
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect(code).toBe(130)
    expect(out).toMatch(/^\d+ seeds? from 1, interrupted: 0 violations/)
    expect(() => process.kill(-(child.pid ?? 0), 0)).toThrow('ESRCH')
  },
  seedMsMax,
)
