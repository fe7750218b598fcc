import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { RunningNode } from './running-node.ts'
import { type Finished, runSluice, SluiceProcess } from './sluice-process.ts'

// `sluice rush` against a real node, and what the journal says of it afterwards.

// A machine that is busy with something else makes a rush long; only an end that never comes is a failure.
vi.setConfig({ testTimeout: 300_000 })
const farFuture = Date.UTC(2100, 0, 1)

let folder = ''
let node: RunningNode

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-rush-'))
  node = await RunningNode.start({ settings: { simulatedDelayMs: 50 } })
})

afterAll(async () => {
  await node.stop()
  await rm(folder, { recursive: true, force: true })
})

test('RUSH-27 what cannot be done is said in one line', async () => {
  const said = async (...words: readonly string[]) => {
    const { code, err } = await runSluice(rushWords(words))
    return [code, err]
  }
  expect(await said('--users', '5')).toEqual([1, 'sluice: there is no sale that is not over; sluice sale create makes one\n'])
  expect(await said('--users', '5', '--sale', 'none')).toEqual([1, 'sluice: there is no sale none; sluice sale list names all\n'])
  await node.createSku('shoe')
  expect(await said('--users', '5', '--sku', 'hat')).toEqual([1, 'sluice: sku.status: UNKNOWN_SKU: There is no such SKU.\n'])
  expect(await said('--users', '5', '--url', 'ws://127.0.0.1:1')).toEqual([
    1,
    'sluice: no web server answers on http://127.0.0.1:1; is it running? --url names another\n',
  ])
  const strange = await said('--users', '5', '--data-folder', folder)
  expect(strange[0]).toBe(1)
  expect(strange[1]).toMatch(
    /^sluice: the shoppers cannot say who they are: the data folder .* has no secret, and .* is no demo; --data-folder names the server's\n$/,
  )
})

test('RUSH-20 of 5,000 shoppers for 500 units exactly 500 buy, every other is told so, and clients and journal agree on each of them', async () => {
  const [users, units] = [5_000, 500]
  await node.createSku('drop', { stock: units, holdTtlMs: 5_000 })
  const run = await rush(['--users', String(users), '--sku', 'drop', '--think-ms', '500', '--told', join(folder, 'told')])
  expect(run).toMatchObject({ code: 0, err: '' })

  const { outcomes, stock, problems, addresses } = run.summary
  expect(problems).toEqual([])
  expect(stock).toMatchObject([{ sku: 'drop', units, broken: [], after: { available: 0, held: 0, ordered: 0, sold: units, waiting: 0 } }])
  expect(stock[0]?.samples).toBeGreaterThan(10)
  expect(addresses).toBeGreaterThan(1)
  const ended = ['bought', 'soldout', 'declined', 'left', 'lapsed']
  expect(Object.keys(outcomes).filter((outcome) => (outcomes[outcome] ?? 0) > 0 && !ended.includes(outcome))).toEqual([])
  expect(outcomes['bought']).toBe(units)

  // Once beside the running node, once when it is gone.
  for (const isRunning of [true, false]) {
    if (!isRunning) expect(await node.terminate()).toMatchObject({ code: 0 })
    const { books, claims } = await verified('drop')
    expect(books).toMatchObject([{ sku: 'drop', units, available: 0, held: 0, ordered: 0, sold: units, waiting: 0 }])
    const told = await linesOf(join(folder, 'told'), visitSchema)
    expect(new Set(told.map(({ user }) => user)).size).toBe(users)
    const byJournal = new Map(claims.map(({ user, state }) => [user, state]))
    expect(byJournal.size).toBe(claims.length)
    const disagreeing = told.filter(({ user, outcome }) => journalState[outcome] !== (byJournal.get(user) ?? 'soldout'))
    expect(disagreeing).toEqual([])
    // Whoever came when all was sold was refused without a claim; nobody else is in the books.
    const known = new Set(told.map(({ user }) => user))
    expect(claims.filter(({ user }) => !known.has(user))).toEqual([])
  }
  await node.restart()
})

test('RUSH-21 units that shoppers do not take are free again at the end, whatever they did with their holds', async () => {
  for (const [habit, outcome] of [
    ['--lapse-share', 'lapsed'],
    ['--leave-share', 'left'],
    ['--decline-share', 'declined'],
  ] as const) {
    await node.createSku(outcome, { stock: 2, holdTtlMs: outcome === 'lapsed' ? 1_000 : 60_000 })
    const shares = ['--leave-share', '0', '--lapse-share', '0', '--decline-share', '0', habit, '1']
    const run = await rush(['--users', '6', '--sku', outcome, '--think-ms', '20', ...shares])
    expect(run).toMatchObject({ code: 0, summary: { outcomes: { [outcome]: 6 } } })
    expect(run.summary.stock).toMatchObject([{ after: { available: 2, held: 0, ordered: 0, sold: 0, waiting: 0 } }])
  }
})

test('RUSH-22 shoppers of a sale that is not open wait for it, and are sent home by Ctrl-C with a summary', async () => {
  await node.createSku('later', { stock: 5 }, farFuture)
  const words = rushWords(['--users', '30', '--sale', 'later'])
  const run = new SluiceProcess(words, { workingFolder: folder })
  await run.waitFor((out) => (out.includes('"early":30') ? true : undefined), 'waiting for the opening', 60_000)
  run.signal('SIGINT')
  const { code, out, err } = await run.finished
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(summaryOf(out)).toMatchObject({ outcomes: { unfinished: 30, unanswered: 0 }, codes: { NOT_OPEN: 30 } })
})

test('RUSH-23 a rush ends by itself when its time is over', async () => {
  await node.createSku('later', { stock: 5 }, farFuture)
  const run = await rush(['--users', '5', '--sale', 'later', '--max-seconds', '1'])
  expect(run).toMatchObject({ code: 0, summary: { outcomes: { unfinished: 5 } } })
})

test('RUSH-25 people see tables, and that units add up', async () => {
  await node.createSku('few', { stock: 1 })
  const { code, out } = await runSluice(
    rushWords(
      ['--users', '3', '--sku', 'few', '--think-ms', '1', '--leave-share', '0', '--lapse-share', '0', '--decline-share', '0'],
      false,
    ),
  )
  expect(code).toBe(0)
  expect(out).toMatch(/^3 of 3 done: 1 bought, 2 sold out$/m)
  expect(out).toMatch(/^3 shoppers from 1 address in \d+\.\d s$/m)
  expect(out).toMatch(/^told that it is sold out +2$/m)
  expect(out).toMatch(/^buy, to its answer +3 /m)
  expect(out).toMatch(/^few +1 +0 +0 +0 +1 +\d+ +yes$/m)
  expect(out).toMatch(/Units add up in all \d+ samples, and every shopper has an answer\.\n$/)
})

test('RUSH-26 what is asked for wrongly is said in a line each', async () => {
  const said = async (...words: readonly string[]) => {
    const { code, out, err } = await runSluice(['rush', ...words])
    expect([code, out]).toEqual([2, ''])
    return err
  }
  expect(await said('--users', '0')).toBe('sluice: --users must be a whole number from 1 to 20000\n')
  expect(await said('--users', '5', '--url', 'http://127.0.0.1:1')).toBe(
    'sluice: --url must be an address that begins with ws:// or wss://\n',
  )
  expect(await said('--users', '5', '--leave-share', '0.6', '--lapse-share', '0.6')).toBe('sluice: the shares are more than 1 together\n')
  expect(await said('--users', '5', '--think-ms', 'long', '--lapse-share', '2')).toBe(
    'sluice: --think-ms must be a whole number from 0 to 3600000\nsluice: --lapse-share must be from 0 to 1\n',
  )
})

test('RUSH-24 a rush whose node dies ends with a failure', async () => {
  await node.createSku('later', { stock: 5 }, farFuture)
  const run = new SluiceProcess(rushWords(['--users', '10', '--sale', 'later']), { workingFolder: folder })
  await run.waitFor((out) => (out.includes('"early":10') ? true : undefined), 'waiting for the opening', 60_000)
  await node.kill()
  const { code, err } = await run.finished
  await node.restart()
  expect(code).toBe(1)
  expect(err).toMatch(/^sluice: sku\.status: (UNAVAILABLE|TIMEOUT): .*\n$/)
})

/** What the journal has to say of a shopper with this outcome. */
const journalState: Readonly<Record<string, string>> = {
  bought: 'paid',
  soldout: 'soldout',
  declined: 'declined',
  left: 'left',
  lapsed: 'expired',
}

const summarySchema = z.object({
  kind: z.literal('summary'),
  addresses: z.number(),
  outcomes: z.record(z.string(), z.number()),
  codes: z.record(z.string(), z.number()),
  stock: z.array(z.object({ samples: z.number() }).loose()),
  problems: z.array(z.string()),
})
const visitSchema = z.object({ user: z.string(), outcome: z.string() })
const claimSchema = z.object({ sku: z.string(), user: z.string(), state: z.string() })
const reportSchema = z.object({ problemCount: z.literal(0), skus: z.array(z.looseObject({ sku: z.string() })) })

function rushWords(words: readonly string[], asJson = true): readonly string[] {
  const where = ['--url', `ws://127.0.0.1:${node.ports.web}`, '--rpc', `127.0.0.1:${node.ports.rpc}`, '--data-folder', node.dataFolder]
  return ['rush', ...where, ...(asJson ? ['--json'] : []), ...words]
}

async function rush(words: readonly string[]): Promise<Finished & { readonly summary: z.output<typeof summarySchema> }> {
  const finished = await new SluiceProcess(rushWords(words), { workingFolder: folder }).finished
  return { ...finished, summary: summaryOf(finished.out) }
}

function summaryOf(out: string): z.output<typeof summarySchema> {
  return summarySchema.parse(JSON.parse(out.trimEnd().split('\n').at(-1) ?? ''))
}

/** The journal's own account, by the reader that shares no code with its writer. */
async function verified(sku: string) {
  const path = join(folder, 'claims')
  const { code, out, err } = await runSluice(['journal', 'verify', '--data-folder', node.dataFolder, '--json', '--claims', path])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const claims = await linesOf(path, claimSchema)
  return {
    books: reportSchema.parse(JSON.parse(out)).skus.filter((one) => one.sku === sku),
    claims: claims.filter((one) => one.sku === sku),
  }
}

async function linesOf<T>(path: string, schema: z.ZodType<T>): Promise<readonly T[]> {
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
  return lines.map((line) => schema.parse(JSON.parse(line)))
}
