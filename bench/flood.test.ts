import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { recordOffset } from '../actors/record.ts'
import { openLmdbStore } from '../cluster/lmdb-store.ts'
import { realWorld } from '../ops/world.ts'
import { type FloodFigures, type PhaseFigures, verdictOf } from './flood/flood-report.ts'
import { slowedStore } from './links/slowed-store.ts'
import { ProgramRuns } from './program-runs.ts'

const processMs = 90_000
const phaseSchema = z.object({ servedPerSecond: z.number().positive(), checkouts: z.object({ done: z.number().positive() }) })
const reportSchema = z.object({
  cases: z.array(
    z.object({
      transport: z.string(),
      addresses: z.string(),
      capPerSecond: z.number().positive(),
      half: phaseSchema,
      flood: phaseSchema.extend({ servedPerSecond: z.number() }),
      verdict: z.object({ goodputShare: z.number(), holds: z.boolean() }),
    }),
  ),
})

let program: ProgramRuns

beforeEach(() => {
  program = new ProgramRuns('flood')
})
afterEach(() => program.remove())

test(
  'BEN-15 a flood comes to a node of its own, ends with one JSON object and leaves nothing behind',
  async () => {
    const words = ['--cap', '2000', '--seconds', '1', '--warmup', '1', '--transport', 'ws', '--addresses', 'many', '--json']
    const { cases } = reportSchema.parse(await program.result(words))
    expect(cases.map(({ transport, addresses }) => [transport, addresses])).toEqual([['ws', 'many']])
    expect(program.left).toEqual([])
  },
  processMs,
)

test('BEN-15 a slowed store takes no more than so many events a second, and is a store in all else', async () => {
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const world = realWorld(log)
  const store = await openLmdbStore({
    ...{ folder: program.folder, durability: 'everysec', archiveDays: 1, shards: { inv: 1, ses: 1 }, reserveBytes: 0 },
    world,
  })
  const slowed = slowedStore(store, { perSecond: 1_000 }, world.timers)
  const lease = await slowed.claim('inv.0', 'somebody')
  if (lease === 'taken') throw new Error('nobody has it')
  const { epoch } = lease
  await slowed.open('inv.0', epoch)
  const record = new Uint8Array(64)
  new DataView(record.buffer).setUint32(recordOffset.events, 100, true)
  const from = performance.now()
  for (const seq of [1, 2]) expect(await slowed.append('inv.0', { epoch, seq }, record)).toBe('stored')
  expect(performance.now() - from).toBeGreaterThan(180)
  expect(await slowed.append('inv.0', { epoch, seq: 5 }, record)).toBe('fenced')
  expect(await slowed.confirm('inv.0', { epoch, seq: 2 })).toBe('stands')
  await slowed.close()
})

const phase: PhaseFigures = {
  offeredPerSecond: 5_000,
  servedPerSecond: 5_000,
  refusedPerSecond: {},
  p50Ms: 2,
  p99Ms: 10,
  refusedP99Ms: 0,
  checkouts: { done: 500, codes: {}, p50Ms: 2, p99Ms: 10 },
  generatorCores: 0.2,
  memory: { fromMb: 150, toMb: 160, mostMb: 160, bytesPerServed: 200 },
}
const flood: PhaseFigures = {
  ...phase,
  servedPerSecond: 9_500,
  refusedPerSecond: { BUSY: 20_500 },
  p99Ms: 25,
  checkouts: { ...phase.checkouts, p99Ms: 29 },
  memory: { fromMb: 160, toMb: 180, mostMb: 181, bytesPerServed: 220 },
}
const figures: FloodFigures = { transport: 'ws', addresses: 'one', times: 3, capPerSecond: 10_000, half: phase, flood, layers: {} }

test('BEN-16 a flood is held against what is promised', () => {
  expect(verdictOf(figures, 10)).toEqual({
    goodputShare: 0.95,
    p99Times: 2.5,
    checkoutsRefused: 0,
    checkoutP99Times: 2.9,
    growthMb: 2,
    holds: true,
  })
  const worse: readonly Partial<PhaseFigures>[] = [
    { servedPerSecond: 7_900 },
    { p99Ms: 30 },
    { checkouts: { ...flood.checkouts, codes: { BUSY: 1 } } },
    { checkouts: { ...flood.checkouts, p99Ms: 31 } },
    { memory: { ...flood.memory, toMb: 260 } },
  ]
  for (const one of worse) expect(verdictOf({ ...figures, flood: { ...flood, ...one } }, 10).holds).toBe(false)
})
