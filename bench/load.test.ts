import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'

const program = fileURLToPath(new URL('./load.js', import.meta.url))
const processMs = 60_000

const reportSchema = z.object({
  callsPerSecond: z.number().positive(),
  p50Ms: z.number().positive(),
  p99Ms: z.number().positive(),
  errors: z.number(),
  calls: z.number(),
  server: z.object({ durability: z.string(), recordsPerSecond: z.number().positive(), batchMean: z.number().positive() }),
})

const reportOfMany = z.object({
  transport: z.string(),
  errors: z.number(),
  server: z.object({ durability: z.string(), coresOf: z.record(z.string(), z.number()) }),
})
const comparisonSchema = z.object({
  ours: z.array(z.object({ report: reportOfMany, ratio: z.object({ median: z.number() }) })),
  rival: reportOfMany.extend({ peer: z.string() }),
})

let folder = ''

const counted = z.object({ peer: z.string(), errors: z.number(), callsPerSecond: z.number().positive() })
const soldOutSchema = z.object({ ours: z.array(z.object({ report: counted.extend({ isSoldOut: z.boolean() }) })), rival: counted })

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-load-test-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

interface Ended {
  readonly status: number | null
  readonly lines: readonly string[]
  readonly errors: string
}

/** Runs the program, its temporary files in this test's folder; `interruptAt` sends it Ctrl-C as soon as that folder has an entry like it. */
function run(words: readonly string[], interruptAt?: string): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...words], { env: { ...process.env, TMPDIR: folder } })
  let out = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const watch = setInterval(() => {
    if (interruptAt === undefined || !readdirSync(folder).some((name) => name.startsWith(interruptAt))) return
    clearInterval(watch)
    child.kill('SIGINT')
  }, 10)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => {
      clearInterval(watch)
      resolve({ status, lines: out.trim().split('\n'), errors })
    })
  })
}

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
      '0.5',
      '--warmup',
      '0.2',
      '--json',
    ]
    const { status, lines, errors } = await run(words)
    expect({ status, errors }).toEqual({ status: 0, errors: '' })
    const report = reportSchema.parse(JSON.parse(lines.at(-1) ?? ''))
    expect(report.errors).toBe(0)
    expect(report.server.durability).toBe('fsync')
    expect(readdirSync(folder)).toEqual([])
  },
  processMs,
)

test(
  'BEN-11 a cluster is put under load by every transport, in turns with Fastify before a Redis that is synced alike, and nothing is left behind',
  async () => {
    const words = ['--cluster', '--compare', '1', '--transport', 'all', '--durability', 'everysec', '--seconds', '1', '--warmup', '0.5']
    const { status, lines, errors } = await run([...words, '--json'])
    expect({ status, errors }).toEqual({ status: 0, errors: '' })
    const { ours, rival } = comparisonSchema.parse(JSON.parse(lines.at(-1) ?? ''))
    expect(ours.map(({ report }) => report.transport)).toEqual(['rpc', 'ws', 'http'])
    for (const { report } of ours) {
      expect(report.errors).toBe(0)
      expect(report.server.durability).toBe('everysec')
      expect(Object.keys(report.server.coresOf).toSorted()).toEqual(['actors-1', 'gateway-1', 'nats-1', 'redis-1'])
    }
    expect(rival).toMatchObject({ peer: 'fastify', errors: 0, server: { durability: 'appendfsync everysec' } })
    expect(readdirSync(folder)).toEqual([])
  },
  processMs,
)

test(
  'BEN-14 of what is sold out refusals are counted, and compared with full buys under the same load',
  async () => {
    const { status, lines, errors } = await run(['--sold-out', '--compare', '1', '--seconds', '0.5', '--warmup', '0.2', '--json'])
    expect({ status, errors }).toEqual({ status: 0, errors: '' })
    const { ours, rival } = soldOutSchema.parse(JSON.parse(lines.at(-1) ?? ''))
    expect(ours.map(({ report }) => [report.isSoldOut, report.errors])).toEqual([[true, 0]])
    expect(rival).toMatchObject({ peer: 'sluice', errors: 0 })
    expect(lines.at(-2)).toContain('Refusals from the stock view by rpc came')
    expect(readdirSync(folder)).toEqual([])
  },
  processMs,
)

test(
  'BEN-5 an open loop keeps its rate',
  async () => {
    const { lines } = await run(['--rate', '500', '--connections', '4', '--seconds', '1', '--warmup', '0.2', '--json'])
    const { calls, errors } = reportSchema.parse(JSON.parse(lines.at(-1) ?? ''))
    expect(errors).toBe(0)
    // Answers to the last calls may come after the measured time, on a slow machine many of them; never more than were sent.
    expect(calls).toBeLessThanOrEqual(610)
  },
  processMs,
)

test(
  'BEN-6 Ctrl-C ends the load and the node, and takes the data away',
  async () => {
    const { status } = await run(['--seconds', '600'], 'sluice-bench-')
    expect(status).toBe(130)
    expect(readdirSync(folder)).toEqual([])
  },
  processMs,
)

test.each([
  [['--connections', '0'], "option '--connections <count>' argument '0' is invalid"],
  [['--seconds', 'ten'], "option '--seconds <s>' argument 'ten' is invalid"],
  [['--transport', 'smoke'], "option '--transport <name>' argument 'smoke' is invalid"],
  [['--transport', 'http', '--depth', '2'], '--depth is 1 for http'],
  [['--transport', 'ws', '--port', '1'], 'give --key'],
  [['--compare', '2', '--transport', 'ws'], '--transport rpc'],
  [['--transport', 'all'], '--cluster --compare'],
  [['--cluster', '--compare', '2', '--transport', 'all', '--depth', '2'], 'leave --connections and --depth out'],
  [['--sold-out', '--port', '1'], 'leave --peer, --port'],
  [['--cluster', '--port', '1'], 'leave --peer and --port out'],
  [['--port', '1', '--connections', '1'], 'ECONNREFUSED'],
])('BEN-7 %j is refused with one line that says why', async (words, reason) => {
  const { status, errors } = await run(words)
  expect(status).toBeGreaterThan(0)
  expect(errors).toContain(reason)
  expect(errors.trim().split('\n').length).toBe(1)
  expect(readdirSync(folder)).toEqual([])
})
