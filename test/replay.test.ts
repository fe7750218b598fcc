import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { saveInventory } from '../actors/inventory/snapshot.ts'
import { InventoryRig, settingsOf, start } from '../actors/testing/inventory-rig.ts'
import { runProgram } from '../ops/cli/program.ts'
import { RecordingTerminal } from '../ops/cli/recording-terminal.ts'
import { openJournal } from '../ops/journal/open-journal.ts'
import { pastSku } from '../ops/journal/past-sku.ts'
import { replayShard } from '../ops/journal/replay-shard.ts'
import { keepJournal } from './kept-journal.ts'

let folder = ''
let data = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-replay-'))
  data = join(folder, 'data')
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

test('RPL-1 the state behind every record of a journal is, byte for byte, the snapshot that its owner would have taken there', async () => {
  const { rig, snapshots } = busyRig()
  const archive = rig.archive()
  const source = { readArchive: () => each(archive), readSnapshot: () => Promise.resolve(undefined) }
  let compared = 0
  for (const { position, bytes } of archive) {
    const snapshot = snapshots[compared]
    if (position.seq === 0 || snapshot === undefined) continue
    compared++
    const past = await replayShard(source, 'inv.0', { kind: 'record', position })
    expect(past).toMatchObject({ position, now: new DataView(bytes.buffer, bytes.byteOffset).getFloat64(8, true) })
    expect(Buffer.concat(saveInventory(past.state)).equals(Buffer.concat(snapshot)), `${position.epoch}-${position.seq}`).toBe(true)
  }
  expect(compared).toBe(rig.journal.length)
  expect(compared).toBeGreaterThan(25)
})

test('RPL-2 at the place of a snapshot in a data folder it is that snapshot, though the records before it are in the archive', async () => {
  const { rig } = busyRig()
  await keepJournal(data, rig.journal, { snapshot: { actor: rig.actor, now: rig.now } })
  const journal = openJournal(data)
  try {
    const snapshot = await journal.readSnapshot('inv.0')
    if (snapshot === undefined) throw new Error('no snapshot')
    const past = await replayShard(journal, 'inv.0', { kind: 'time', at: rig.now })
    expect(past.position).toEqual({ epoch: 1, seq: rig.journal.length })
    expect(Buffer.concat(saveInventory(past.state)).equals(Buffer.concat(snapshot.chunks))).toBe(true)
    // And further back, where only the archive reaches.
    expect((await replayShard(journal, 'inv.0', { kind: 'record', position: { epoch: 1, seq: 3 } })).position.seq).toBe(3)
  } finally {
    await journal.close()
  }
})

test('RPL-3 where the first records are past the archive it goes on from the snapshot, and says from where on it can', async () => {
  const { rig } = busyRig()
  const trimmed = rig.journal.length
  const chunks = rig.actor.save()
  const snapshot = { position: { epoch: 1, seq: trimmed }, now: rig.now, chunks }
  rig.buy('late')
  const archive = rig.archive().slice(trimmed - 2)
  const source = { readArchive: () => each(archive), readSnapshot: () => Promise.resolve(snapshot) }
  const past = await replayShard(source, 'inv.0', undefined)
  expect(past.state.digest()).toBe(rig.actor.digest())
  await expect(replayShard(source, 'inv.0', { kind: 'record', position: { epoch: 1, seq: 4 } })).rejects.toThrow(
    `the first records of inv.0 are past the archive's time: it can be rebuilt from record 1-${trimmed} on, of ${new Date(snapshot.now).toISOString()}`,
  )
  await expect(replayShard({ ...source, readSnapshot: () => Promise.resolve(undefined) }, 'inv.0', undefined)).rejects.toThrow(
    'the first records of inv.0 are missing',
  )
})

test('RPL-4 a record that is missing, changed or leads elsewhere than its owner came ends it', async () => {
  const { rig } = busyRig()
  const replayed = (archive: ReturnType<InventoryRig['archive']>) =>
    replayShard({ readArchive: () => each(archive), readSnapshot: () => Promise.resolve(undefined) }, 'inv.0', undefined)
  const archive = rig.archive()
  await expect(replayed(archive.filter((_, i) => i !== 5))).rejects.toThrow('inv.0 lacks what comes between 1-4 and 1-6')
  const flipped = archive.map((record, i) =>
    i === 5 ? { ...record, bytes: record.bytes.map((byte, at) => (at === 30 ? byte ^ 1 : byte)) } : record,
  )
  await expect(replayed(flipped)).rejects.toThrow('a record does not match its checksum')
  const other = archive.flatMap((record, i) => (i === 5 ? [{ ...record, bytes: archive[4]?.bytes ?? record.bytes }] : [record]))
  await expect(replayed(other)).rejects.toThrow('replaying record 1-5 of inv.0 gave another state than its owner had')
})

test('RPL-5 the command tells the state at a record or a time, and what every user had then', async () => {
  const { rig } = busyRig()
  await keepJournal(data, rig.journal)
  const early = await replay('--seq', '1-3', '--claims', 'claims')
  expect(early).toMatchObject({ code: 0, err: '' })
  expect(early.out).toMatch(/^shoe as it was at 2023-11-14T22:13:20\.050Z, with record 1-3 of inv\.0$/m)
  expect(early.out).toMatch(/^open +9 +7 +2 +0 +0 +0$/m)
  const claims = (await readFile(join(folder, 'claims'), 'utf8')).trimEnd().split('\n')
  expect(claims.map((line): unknown => JSON.parse(line))).toEqual([
    { user: 'u0', claim: 1, qty: 1, state: 'held', until: start + 50 + 10_025 },
    { user: 'u1', claim: 2, qty: 1, state: 'held', until: start + 50 + 10_025 },
  ])
  expect((await replay('--seq', '3')).out).toBe(early.out)
  const last: unknown = JSON.parse((await replay('--json')).out)
  expect(last).toEqual(pastSku(...(await lastState(rig))))
  expect(JSON.parse((await replay('--json', '--until', new Date(start).toISOString())).out)).toMatchObject({ at: '1-1', available: 9 })
})

test('RPL-6 what cannot be rebuilt or was asked for wrongly is one line', async () => {
  const { rig } = busyRig()
  await keepJournal(data, rig.journal)
  await keepJournal(data, rig.journal.slice(0, 0))
  const { length } = rig.journal
  expect(await replay('--seq', '1-999')).toEqual({
    code: 1,
    out: '',
    err: `sluice: inv.0 has no record 1-999: the last one up to there is 1-${length}\n`,
  })
  expect(await replay('--seq', '3')).toEqual({
    code: 2,
    out: '',
    err: `sluice: --seq: inv.0 has had 2 epochs, which end with 1-${length}, 2-0: say which, such as 2-3\n`,
  })
  expect((await replay('--seq', '1-3', '--until', '2027-06-01T18:00:00Z')).err).toBe('sluice: --until and --seq: choose one of them\n')
  expect((await replay('--seq', '2027-06-01T18:00:00Z')).err).toBe(
    'sluice: --seq takes a record; --until 2027-06-01T18:00:00Z names a time\n',
  )
  expect((await replay('--until', '1-3')).err).toBe('sluice: --until takes a time; --seq 1-3 names a record\n')
  expect((await replay('--until', '2020-01-01T00:00:00Z')).err).toBe('sluice: there is no SKU shoe in inv.0 up to record 1-0\n')
})

/** People in every state that there is, and the snapshot that the owner would have taken behind every record. */
function busyRig(): { readonly rig: InventoryRig; readonly snapshots: readonly (readonly Uint8Array[])[] } {
  const rig = new InventoryRig()
  const snapshots: (readonly Uint8Array[])[] = []
  const after = (step: () => void): void => {
    const { length } = rig.journal
    step()
    if (rig.journal.length > length + 1) throw new Error('two records in one step')
    if (rig.journal.length > length) snapshots.push(rig.actor.save())
  }
  after(() => rig.configure(settingsOf({ stock: 9, paymentTtlMs: 20_025, absenceMs: 60_000 })))
  for (let i = 0; i < 12; i++) after(() => rig.buy(`u${i}`, { request: `r${i}` }))
  for (const user of ['u0', 'u1', 'u2', 'u3']) after(() => rig.checkout(user))
  after(() => rig.settle(1, 'paid'))
  after(() => rig.settle(2, 'declined'))
  after(() => rig.leave('u4'))
  after(() => rig.leave('u10'))
  after(() => rig.refund(1, 'back'))
  after(() => rig.settleRefund('back', 'refunded'))
  for (let ms = 0; ms < 21_000; ms += 50) {
    rig.now += 50
    after(() => void rig.tick())
  }
  after(() => rig.restock(4, 'more'))
  after(() => rig.buy('u4', { request: 'again' }))
  after(() => rig.setPhase('paused'))
  rig.now += 1_000
  after(() => rig.setPhase('open'))
  return { rig, snapshots }
}

async function lastState(rig: InventoryRig): Promise<Parameters<typeof pastSku>> {
  const source = { readArchive: () => each(rig.archive()), readSnapshot: () => Promise.resolve(undefined) }
  const past = await replayShard(source, 'inv.0', undefined)
  const sku = past.state.find('shoe')
  if (sku === undefined) throw new Error('no SKU')
  return [sku, past, 'inv.0']
}

async function* each<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values
}

async function replay(...words: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const terminal = new RecordingTerminal(folder)
  const code = await runProgram(['replay', '--data', data, '--sku', 'shoe', ...words], terminal, () =>
    Promise.reject(new Error('no node is started here')),
  )
  return { code, out: terminal.printed, err: terminal.complained }
}
