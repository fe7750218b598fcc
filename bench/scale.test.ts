import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import type { LoadReport } from './load/load-report.ts'
import { ProgramRuns } from './program-runs.ts'
import { curveNames, curves } from './scale/curves.ts'
import { save, savedRuns, scaleResult, type ScaleTerms } from './scale/scale-result.ts'
import { orderOf, type PointSettings, runRound, type ScaleRun } from './scale/scale-run.ts'
import { tableOf } from './scale/scale-table.ts'

const processMs = 120_000
const spread = z.object({ median: z.number(), least: z.number(), most: z.number() })
const standing = z.object({
  x: z.number(),
  callsPerSecond: spread,
  p99Ms: spread,
  loopDelayP99Ms: spread,
  memoryMb: spread,
  errors: z.number(),
})
const resultSchema = z.object({
  what: z.string().startsWith('npm run bench:scale'),
  commit: z.string(),
  machine: z.object({ cores: z.number() }),
  curves: z.record(z.string(), z.object({ lines: z.record(z.string(), z.array(standing)) })),
  runs: z.array(z.object({ curve: z.string(), line: z.string(), x: z.number(), round: z.number() })),
})

let scale: ProgramRuns

beforeEach(() => {
  scale = new ProgramRuns('scale')
})
afterEach(() => scale.remove())

test(
  'BEN-84 a curve is measured in rounds on servers of its own, ends with one JSON object and leaves nothing behind but its result',
  async () => {
    const into = join(scale.folder, 'result.json')
    const words = ['--curve', 'payload', '--rounds', '1', '--seconds', '1', '--warmup', '0', '--into', into, '--json']
    const printed = await scale.result(words)
    const result = resultSchema.parse(printed)
    expect(JSON.parse(readFileSync(into, 'utf8'))).toEqual(printed)
    const standings = result.curves['payload']?.lines['embedded'] ?? []
    expect(standings.map(({ x }) => x)).toEqual(curves.payload.lines.embedded?.map(({ x }) => x))
    // Calls that were not served are the business of the machine: a slow one finds its shards overloaded.
    for (const { callsPerSecond, memoryMb } of standings) {
      expect(callsPerSecond.median).toBeGreaterThan(0)
      expect(memoryMb.median).toBeGreaterThan(0)
    }
    expect(scale.left).toEqual([])
  },
  processMs,
)

test.each([
  [['--curve', 'prices'], '--curve'],
  [['--curve', ''], '--curve'],
  [['--rounds', '0'], '--rounds'],
])('BEN-84 %j is refused with one line that says why', async (words, option) => {
  const { status, errors } = await scale.run(words)
  expect(status).toBe(2)
  expect(errors).toContain(option)
  expect(errors.trim().split('\n')).toHaveLength(1)
})

test('BEN-84 every other round goes backwards, and what a share is a share of comes first', () => {
  const [there, back] = [0, 1].map((round) => orderOf(curves.shards, round).map(({ line, point }) => `${line} ${point.x}`))
  expect(back).toEqual(there?.toReversed())
  for (const round of [0, 1]) {
    const shares = orderOf(curves.load, round).map(({ point }) => point.share)
    expect(shares.slice(0, 2)).toEqual([undefined, undefined])
    expect(shares.slice(2)).not.toContain(undefined)
  }
})

/** What a server would have come to that serves 1,000 calls a second of an open loop, 2,000 of a closed one, and takes a millisecond for each 100. */
async function served(_: unknown, { rate = 2_000 }: PointSettings): Promise<LoadReport> {
  return {
    ...{ peer: 'sluice', transport: 'rpc', connections: 1, depth: 1, rate, seconds: 1, calls: rate, callsPerSecond: rate },
    ...{ p50Ms: rate / 200, p90Ms: 1, p99Ms: rate / 100, p999Ms: 1, maxMs: 1, errors: 0, codes: {}, generatorCores: 0.1, bytesPerCall: 90 },
    server: { server: 'nobody', loopDelayP99Ms: 3, memoryMb: 100, batchMean: 7, cores: 1 },
  }
}

const terms: ScaleTerms = { what: 'npm run bench:scale', commit: 'abcdefg', machine: { cores: 2 }, rounds: 2, seconds: 1, warmupSeconds: 0 }

async function rounds(curve: (typeof curveNames)[number]): Promise<readonly ScaleRun[]> {
  return [...(await runRound(curve, 0, 1, served)), ...(await runRound(curve, 1, 1, served))]
}

test('BEN-85 loads on schedule are shares of what the closed loop did in their round, and half of it is held against what is promised', async () => {
  const runs = await rounds('load')
  expect(runs.filter(({ round, line }) => round === 0 && line === 'embedded').map(({ x, rate }) => [x, rate])).toEqual([
    [100, 2_000],
    [10, 200],
    [30, 600],
    [50, 1_000],
    [70, 1_400],
    [90, 1_800],
  ])
  const result = scaleResult(terms, runs)
  // 10 ms are not under 10, but under 20.
  expect(result.halfOfPeak.embedded).toMatchObject({ p99Ms: 10, p99MsMax: 10, loopDelayP99Ms: 3, holds: false })
  expect(result.halfOfPeak.cluster).toMatchObject({ p99Ms: 10, p99MsMax: 20, holds: true })
  expect(result.curves.load?.lines.embedded?.map(({ x }) => x)).toEqual([10, 30, 50, 70, 90, 100])
  expect(tableOf(result).filter((line) => line.includes('DOES NOT HOLD'))).toHaveLength(1)
})

test('BEN-85 a curve takes its place among those that were measured on the same terms', async () => {
  const into = join(scale.folder, 'result.json')
  const [actors, users] = [await rounds('actors'), await rounds('users')]
  save(into, scaleResult(terms, [...actors, ...users]))
  expect(savedRuns(into, terms, ['users'])).toEqual(actors)
  expect(savedRuns(into, terms, curveNames)).toEqual([])
  expect(savedRuns(join(scale.folder, 'none.json'), terms, ['users'])).toEqual([])
  expect(() => savedRuns(into, { ...terms, commit: 'another' }, ['users'])).toThrow('another commit')
})
