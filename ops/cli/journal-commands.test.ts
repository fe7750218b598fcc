import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { InventoryRig } from '../../actors/testing/inventory-rig.ts'
import { openLmdbStore } from '../../cluster/lmdb-store.ts'
import { realWorld } from '../world.ts'
import { runProgram } from './program.ts'
import { RecordingTerminal } from './recording-terminal.ts'

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
let folder = ''
let data = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-journal-'))
  data = join(folder, 'data')
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

test('AUD-7 a journal in order is shown SKU by SKU, and its claims can be written to a file', async () => {
  await keep(shoppedJournal())
  const run = await verify('--claims', 'claims')
  expect(run).toMatchObject({ code: 0, err: '' })
  expect(run.out).toMatch(/data: 4 records with \d+ events in 1 shards, 1 epochs$/m)
  expect(run.out).toMatch(/^shoe +open +3 +1 +1 +0 +1 +0 +2 +2$/m)
  expect(run.out).toContain('No gap, every checksum right')
  const claims = (await readFile(join(folder, 'claims'), 'utf8')).trimEnd().split('\n')
  expect(claims.map((line): unknown => JSON.parse(line))).toEqual([
    { sku: 'shoe', user: 'ann', claim: 1, qty: 1, state: 'paid' },
    { sku: 'shoe', user: 'bob', claim: 2, qty: 1, state: 'held' },
  ])
})

test('AUD-8 a damaged journal is a failure that names shard, record and problem', async () => {
  const records = shoppedJournal()
  const damaged = records.map((bytes, i) => (i === 1 ? Uint8Array.from(bytes, (byte, at) => (at === 40 ? byte ^ 1 : byte)) : bytes))
  await keep(damaged)
  const run = await verify()
  expect(run.code).toBe(1)
  expect(run.out).toMatch(/^inv\.0 +1-2 +does not match its checksum$/m)
  expect(run.err).toMatch(/^sluice: the journal in .*data has \d+ problems\n$/)
})

test('AUD-9 as JSON it is one object, damaged or not', async () => {
  await keep([...shoppedJournal(), new Uint8Array(5)])
  const run = await verify('--json')
  expect(run.code).toBe(1)
  expect(JSON.parse(run.out)).toMatchObject({
    skus: [{ sku: 'shoe', units: 3, available: 1, held: 1, sold: 1 }],
    problemCount: 1,
    problems: [{ shard: 'inv.0', at: '1-5', problem: 'has 5 bytes, less than its head' }],
  })
})

test('AUD-10 a folder without a journal is one line', async () => {
  expect(await verify()).toEqual({ code: 1, out: '', err: `sluice: there is no data in the folder ${data}\n` })
  await writeFile(join(folder, 'claims'), '')
  await keep([])
  const blocked = await verify('--claims', 'claims/below')
  expect(blocked).toMatchObject({ code: 2, out: '' })
  expect(blocked.err).toMatch(/^sluice: .*claims\/below cannot be written: ENOTDIR.*\n$/)
})

/** Ann has bought one of three, Bob holds one. */
function shoppedJournal(): readonly Uint8Array[] {
  const rig = new InventoryRig()
  rig.configure()
  rig.batch([
    { op: 'buy', sku: 'shoe', user: 'ann' },
    { op: 'buy', sku: 'shoe', user: 'bob' },
  ])
  rig.checkout('ann')
  rig.settle(1, 'paid')
  return rig.journal
}

/** Puts records into a data folder as shard inv.0, in its first epoch. */
async function keep(records: readonly Uint8Array[]): Promise<void> {
  const store = await openLmdbStore({
    folder: data,
    durability: 'fsync',
    archiveDays: 30,
    shards: { inv: 1, ses: 1 },
    world: realWorld(silent),
    reserveBytes: 0,
  })
  try {
    const lease = await store.claim('inv.0', 'test')
    if (lease === 'taken') throw new Error('the shard is taken')
    await store.open('inv.0', lease.epoch)
    for (const [i, bytes] of records.entries()) {
      expect(await store.append('inv.0', { epoch: lease.epoch, seq: i + 1 }, bytes)).toBe('stored')
    }
  } finally {
    await store.close()
  }
}

async function verify(...words: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const terminal = new RecordingTerminal(folder)
  const code = await runProgram(['journal', 'verify', '--data', data, ...words], terminal, () =>
    Promise.reject(new Error('no node is started here')),
  )
  return { code, out: terminal.printed, err: terminal.complained }
}
