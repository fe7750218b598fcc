import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { onlyBusy, ProgramRuns } from './program-runs.ts'
import { missingPackages } from './servers/needed-packages.ts'

const processMs = 60_000

const reportSchema = z.object({
  callsPerSecond: z.number().positive(),
  p50Ms: z.number().positive(),
  p99Ms: z.number().positive(),
  codes: onlyBusy,
  calls: z.number(),
  server: z.object({ durability: z.string(), recordsPerSecond: z.number().positive(), batchMean: z.number().positive() }),
})

const countedSchema = z.object({
  peer: z.string(),
  transport: z.string(),
  isSoldOut: z.boolean().optional(),
  calls: z.number().positive(),
  errors: z.number(),
  codes: z.record(z.string(), z.number()),
  server: z.object({ durability: z.string() }),
})

const linkSchema = countedSchema.extend({
  link: z.string(),
  connections: z.number(),
  depth: z.number(),
  server: z.object({ server: z.string() }),
})

let load: ProgramRuns

beforeEach(() => {
  load = new ProgramRuns('load')
})
afterEach(() => load.remove())

test.each([
  ['rpc', 4, 8],
  ['ws', 4, 8],
  ['http', 8, 1],
] as const)(
  'BEN-5 a load by %s starts a node of its own, ends with one JSON object and leaves nothing behind',
  async (transport, connections, depth) => {
    const words = [
      '--transport',
      transport,
      '--connections',
      `${connections}`,
      '--depth',
      `${depth}`,
      '--seconds',
      '2',
      '--warmup',
      '0.2',
      '--json',
    ]
    const result = await load.result(words)
    const report = reportSchema.parse(result)
    expect(report.server.durability).toBe('fsync')
    expect(load.left).toEqual([])
  },
  processMs,
)

test.each(['gateway', 'bus', 'actor', 'store'] as const)(
  'BEN-74 the link %s alone is put under the same load',
  async (link) => {
    const words = ['--target', link, '--connections', '4', '--depth', '8', '--seconds', '1', '--warmup', '0.2', '--json']
    const result = await load.result(words)
    expect(linkSchema.parse(result)).toMatchObject({ link, errors: 0, codes: {}, connections: 4, depth: 8 })
    expect(load.left).toEqual([])
  },
  processMs,
)

test.each(['bus', 'actor', 'store'] as const)(
  'BEN-74 the link %s alone takes more calls than one of its frames or records holds',
  async (link) => {
    const words = ['--target', link, '--connections', '1024', '--depth', '32', '--seconds', '1', '--warmup', '0.2', '--json']
    const result = await load.result(words)
    expect(linkSchema.parse(result)).toMatchObject({ link, errors: 0, codes: {} })
  },
  processMs,
)

test.each(['gateway', 'bus', 'store'] as const)(
  'BEN-74 the link %s of a cluster alone is put under the same load',
  async (link) => {
    const words = [
      '--peer',
      'cluster',
      '--target',
      link,
      '--connections',
      '4',
      '--depth',
      '8',
      '--seconds',
      '1',
      '--warmup',
      '0.2',
      '--json',
    ]
    const result = await load.result(words)
    const report = linkSchema.parse(result)
    expect(report).toMatchObject({ peer: 'cluster', link, errors: 0, codes: {} })
    expect(load.left).toEqual([])
  },
  processMs,
)

test(
  'BEN-77 a load is spread over threads, of which each has its part of the connections and users of its own',
  async () => {
    const result = await load.result(['--threads', '3', '--connections', '8', '--seconds', '1', '--warmup', '0.2', '--json'])
    const report = reportSchema.extend({ threads: z.number(), connections: z.number(), codes: z.record(z.string(), z.number()) })
    // Every call is a record's event: a user whom two threads had would get the answer of before.
    const { calls, server, ...others } = report.parse(result)
    expect(others).toMatchObject({ threads: 3, connections: 8, codes: {} })
    expect(server.recordsPerSecond * server.batchMean).toBeGreaterThan(calls / 2)
    expect(load.left).toEqual([])
  },
  processMs,
)

test(
  'BEN-14 of what is sold out refusals are counted',
  async () => {
    const result = await load.result(['--sold-out', '--seconds', '2', '--warmup', '0.2', '--json'])
    expect(countedSchema.parse(result)).toMatchObject({ isSoldOut: true, errors: 0, codes: {} })
    expect(load.left).toEqual([])
  },
  processMs,
)

// Programs that nothing else here needs: whoever measures against them has them, `npm test` does not install them.
test.skipIf(missingPackages(['nginx', 'postgres-update']).length > 0).each([
  ['nginx', 'http', 'appendfsync always'],
  ['postgres-update', 'postgres', 'synchronous_commit = on'],
  ['postgres-skip-locked', 'postgres', 'synchronous_commit = on'],
] as const)(
  'BEN-60 %s does the same work for the same calls, as durably, and leaves nothing behind',
  async (peer, transport, durability) => {
    const words = ['--peer', peer, '--connections', '4', '--seconds', '2', '--warmup', '0.2', '--json']
    const result = await load.result(words)
    const report = countedSchema.parse(result)
    expect(report).toMatchObject({ peer, transport, errors: 0, codes: {}, server: { durability } })
    expect(load.left).toEqual([])
  },
  processMs,
)

test(
  'BEN-5 an open loop keeps its rate',
  async () => {
    const words = ['--rate', '500', '--connections', '4', '--seconds', '1', '--warmup', '0.2', '--json']
    const { calls } = reportSchema.parse(await load.result(words))
    // Answers to the last calls may come after the measured time, on a slow machine many of them; never more than were sent.
    expect(calls).toBeLessThanOrEqual(610)
  },
  processMs,
)

test(
  'BEN-6 Ctrl-C ends the load and the node, and takes the data away',
  async () => {
    const { status } = await load.run(['--seconds', '600'], { interruptAt: 'sluice-bench-' })
    expect(status).toBe(130)
    expect(load.left).toEqual([])
  },
  processMs,
)

test.each([
  [['--connections', '0'], "option '--connections <count>' argument '0' is invalid"],
  [['--seconds', 'ten'], "option '--seconds <s>' argument 'ten' is invalid"],
  [['--transport', 'smoke'], "option '--transport <name>' argument 'smoke' is invalid"],
  [['--transport', 'http', '--depth', '2'], '--depth is 1 for http'],
  [['--transport', 'ws', '--port', '1'], 'give --key'],
  [['--peer', 'redis', '--transport', 'ws'], 'is called by rpc only'],
  [['--sold-out', '--port', '1'], 'leave --port out'],
  [['--sold-out', '--peer', 'redis'], 'every --peer but sluice and cluster'],
  [['--peer', 'cluster', '--port', '1'], 'leave --port out'],
  [['--port', '1', '--connections', '1'], 'ECONNREFUSED'],
  [['--port', '1', '--connections', '2', '--threads', '2'], 'ECONNREFUSED'],
  [['--threads', '4', '--connections', '2'], 'there are not as many --connections'],
  [['--target', 'actor', '--threads', '2'], 'leave --threads out'],
  [['--target', 'bus', '--peer', 'redis'], 'is a link of Sluice'],
  [['--target', 'store', '--port', '1'], '--port has no meaning there'],
  [['--target', 'gateway', '--durability', 'fsync'], '--durability has no meaning there'],
  [['--target', 'actor', '--profile-server', 'x'], '--profile-server has no meaning there'],
])('BEN-7 %j is refused with one line that says why', async (words, reason) => {
  const { status, errors } = await load.run(words)
  // Whoever is called says so, and not the command line.
  expect(status).toBe(reason === 'ECONNREFUSED' || reason === 'give --key' ? 1 : 2)
  expect(errors).toContain(reason)
  expect(errors.trim().split('\n').length).toBe(1)
  expect(load.left).toEqual([])
})
