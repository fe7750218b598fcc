import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { onlyBusy, ProgramRuns } from './program-runs.ts'

const processMs = 120_000

const spread = z.object({ median: z.number().positive(), least: z.number(), most: z.number() })
const report = z.object({
  peer: z.string(),
  codes: onlyBusy,
  server: z.object({ durability: z.string(), coresOf: z.record(z.string(), z.number()) }),
})
const resultSchema = z.object({
  what: z.string(),
  commit: z.string().min(1),
  machine: z.object({ cores: z.number(), node: z.string() }),
  loads: z.array(z.string()),
  ratios: z.record(z.string(), z.record(z.string(), spread)),
  missing: z.record(z.string(), z.array(z.string())),
  rounds: z.array(z.object({ at: z.string(), reports: z.record(z.string(), report) })),
})

let peers: ProgramRuns

beforeEach(() => {
  peers = new ProgramRuns('peers')
})
afterEach(() => peers.remove())

test(
  'BEN-11 a cluster and Fastify before a Redis that is synced alike are put under load in turns; further rounds of the same terms are added, and nothing is left behind',
  async () => {
    const into = join(peers.folder, 'result.json')
    const loads = ['cluster-rpc-32x64', 'cluster-http-64', 'fastify-http-64']
    const words = ['--race', 'cluster', '--only', loads.join(','), '--rounds', '1', '--seconds', '1', '--warmup', '0', '--into', into]
    const first = await peers.run(words)
    expect({ status: first.status, errors: first.errors }).toEqual({ status: 0, errors: '' })
    const printed = await peers.result([...words, '--json'])
    const result = resultSchema.parse(printed)
    expect(JSON.parse(readFileSync(into, 'utf8'))).toEqual(printed)
    expect(result.loads).toEqual(loads)
    expect(Object.keys(result.ratios)).toEqual(loads.slice(0, 2))
    expect(Object.keys(result.missing)).toEqual(loads.slice(2))
    expect(result.rounds.map(({ reports }) => Object.keys(reports))).toEqual([loads, loads])
    for (const { peer, server } of result.rounds.flatMap(({ reports }) => Object.values(reports))) {
      expect(server.durability).toBe(peer === 'cluster' ? 'everysec' : 'appendfsync everysec')
      expect(Object.keys(server.coresOf).toSorted()).toEqual(
        peer === 'cluster' ? ['actors-1', 'gateway-1', 'nats-1', 'redis-1'] : ['fastify', 'redis'],
      )
    }
    const other = await peers.run([...words, '--seconds', '2'])
    expect([other.status, other.errors]).toEqual([1, expect.stringContaining('was taken with another what')])
    expect(peers.left).toEqual([])
    expect(readdirSync(peers.folder)).toEqual(['result.json'])
  },
  processMs,
)

test('BEN-62 what a race needs and is not installed is named before anything runs', async () => {
  const { status, errors } = await peers.run(['--race', 'embedded', '--only', 'redis'], { environment: { PATH: peers.folder } })
  expect([status, errors]).toEqual([1, 'bench:peers: not installed: redis-server; on Debian: apt-get install redis-server\n'])
})

test.each([
  [['--race', 'cluster', '--only', 'foo'], 'the race cluster has no foo, but cluster'],
  [['--race', 'marathon'], "argument 'marathon' is invalid"],
  [['--rounds', '0'], "argument '0' is invalid"],
  [['--only', 'redis', '--into', '/dev/null'], '/dev/null is no result of bench:peers'],
])('BEN-7 bench:peers %j is refused with one line that says why', async (words, reason) => {
  const { status, errors } = await peers.run(words)
  expect(status).toBe(reason.startsWith('/dev/null') ? 1 : 2)
  expect(errors).toContain(reason)
  expect(errors.trim().split('\n').length).toBe(1)
})
