import { rmSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test, type TestContext } from 'vitest'
import { openLmdbStore } from '../cluster/lmdb-store.ts'
import { ManualWorld } from '../cluster/manual-world.ts'
import { journalStart, type ShardName, type Store, StoreFault } from '../cluster/store.ts'
import type { Timers } from '../cluster/world.ts'
import { realWorld } from '../ops/world.ts'
import { SmallDisk } from './small-disk.ts'
import { cannotTrace, TracedProcess } from './traced-process.ts'

const worker = fileURLToPath(new URL('store-worker.js', import.meta.url))
const shard: ShardName = 'inv.0'
const untraceable = cannotTrace()
const cleanups: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

function traced(context: TestContext, durability: string, count: number, inject: string[] = []): TracedProcess {
  if (untraceable !== undefined) context.skip(untraceable)
  const folder = mkdtempSync(join(tmpdir(), 'sluice-disk-'))
  const child = new TracedProcess([process.execPath, worker, folder, durability, '3000', '0', `${count}`], inject)
  cleanups.push(async () => {
    await child.kill()
    child.remove()
    rmSync(folder, { recursive: true })
  })
  return child
}

/** The records that a store finds in a folder. */
async function seqsIn(folder: string): Promise<number[]> {
  const { log } = new ManualWorld()
  const store = await openLmdbStore({ folder, durability: 'fsync', archiveDays: 30, shards: { inv: 2, ses: 2 }, world: realWorld(log) })
  const seqs: number[] = []
  for await (const { position } of store.readTail(shard, journalStart)) seqs.push(position.seq)
  await store.close()
  return seqs
}

function storedIn(lines: readonly string[]): number[] {
  return lines.flatMap((line) => (line.startsWith('stored ') ? [Number(line.slice(7))] : []))
}

test('STO-31 with fsync every acknowledged record outlives a power cut', async (context) => {
  const child = traced(context, 'fsync', 25)
  await child.line((line) => line === 'stored 25')
  await child.kill()
  expect(storedIn(child.lines)).toHaveLength(25)
  expect(await seqsIn(await child.powerCutFolder())).toEqual(storedIn(child.lines))
})

test('STO-32 with fsync nothing is acknowledged while something it wrote waits for a sync', async (context) => {
  const child = traced(context, 'fsync', 25)
  await child.line((line) => line === 'stored 25')
  await child.kill()
  let acknowledged = 0
  await child.image('/data.mdb', (call, image) => {
    // To the output, that is: `stored <seq>`.
    if (call.name !== 'write' || !call.args.startsWith('1, ')) return
    acknowledged++
    expect(image.unsyncedWrites).toBe(0)
  })
  expect(acknowledged).toBeGreaterThanOrEqual(25)
})

test('STO-33 with everysec a power cut takes back the last records, and nothing else', async (context) => {
  // The sync of every second can fall between the last record and the kill, hardly three times.
  for (let attempt = 0; attempt < 3; attempt++) {
    const child = traced(context, 'everysec', 25)
    await child.line((line) => line === 'stored 25')
    await child.kill()
    const kept = await seqsIn(await child.powerCutFolder())
    expect(kept).toEqual(storedIn(child.lines).slice(0, kept.length))
    if (kept.length < 25) return
  }
  throw new Error('nothing was lost: the trace does not show what a power cut does')
})

test('STO-34 with everysec a record is on disk a second or two later', async (context) => {
  const child = traced(context, 'everysec', 5)
  await child.line((line) => line === 'stored 5')
  const deadline = Date.now() + 20_000
  while ((await child.image('/data.mdb')).unsyncedWrites > 0) {
    if (Date.now() > deadline) throw new Error('never synced')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await child.kill()
  expect(await seqsIn(await child.powerCutFolder())).toEqual([1, 2, 3, 4, 5])
})

test('STO-35 a failing sync is a fault, acknowledges nothing, and the same record can be stored later', async (context) => {
  const child = traced(context, 'fsync', 10, ['fdatasync:error=EIO:when=9..10'])
  await child.line((line) => line.startsWith('fault'))
  for (let tries = 0; tries < 3; tries++) child.say('append')
  await child.line((line) => line === 'stored 10')
  await child.kill()
  expect(child.lines.filter((line) => line.startsWith('fault'))[0]).toMatch(
    /^fault STORE_FAILED a write to the data folder .* failed: Input\/output error$/,
  )
  expect(storedIn(child.lines)).toEqual(Array.from({ length: storedIn(child.lines).length }, (_, index) => index + 1))
  expect(await seqsIn(await child.powerCutFolder())).toEqual(storedIn(child.lines))
})

test('STO-36 a root page that cannot be written ends all writing until a restart, which finds all that was acknowledged', async (context) => {
  // To open a new folder takes 13 writes. Which of a commit’s writes is the root’s depends on what the commit before left: one of six in a row surely is.
  for (let when = 14; when < 20; when++) {
    const child = traced(context, 'fsync', 10, [`pwrite64:error=EIO:when=${when}`])
    await child.line((line) => line === 'stored 10' || line.endsWith('restart to use it again'))
    if (child.lines.includes('stored 10')) continue
    await child.kill()
    const stored = storedIn(child.lines)
    for (const folder of [await child.powerCutFolder(), child.command[2] ?? '']) {
      const kept = await seqsIn(folder)
      expect(kept.slice(0, stored.length)).toEqual(stored)
      expect(kept.length).toBeLessThanOrEqual(stored.length + 1)
    }
    return
  }
  throw new Error('no root page was hit')
})

test('STO-37 a full disk refuses records, acknowledges nothing, and goes on where it stopped once there is room', async (context) => {
  const disk = SmallDisk.mount(16 * 1024 * 1024)
  if (typeof disk === 'string') return context.skip(disk)
  cleanups.push(() => disk.unmount())
  const folder = join(disk.folder, 'data')
  const { log } = new ManualWorld()
  const world = realWorld(log)
  const options = {
    folder,
    durability: 'fsync',
    archiveDays: 30,
    shards: { inv: 2, ses: 2 },
    world,
    reserveBytes: 2 * 1024 * 1024,
  } as const
  const store: Store = await openLmdbStore(options)
  cleanups.push(() => store.close())
  const lease = await store.claim(shard, 'a')
  const epoch = lease === 'taken' ? 0 : lease.epoch
  await store.open(shard, epoch)
  const append = (seq: number): Promise<string> => store.append(shard, { epoch, seq }, Buffer.alloc(100_000, seq))
  let seq = 1
  disk.fill(6 * 1024 * 1024)
  const fault = await filled()
  expect(fault).toMatchObject({ code: 'STORE_FULL', message: `the disk under the data folder ${folder} is full` })
  await expect(append(seq)).rejects.toMatchObject({ code: 'STORE_FULL' })
  await expect(store.putRecord(shard, epoch, 'ses.u', Buffer.from('x'), 1000)).rejects.toMatchObject({ code: 'STORE_FULL' })
  // What is there can be read, and the epoch still stands.
  expect(await store.confirm(shard, { epoch, seq: seq - 1 })).toBe('stands')
  expect(await seqsOf(store)).toEqual(Array.from({ length: seq - 1 }, (_, index) => index + 1))
  disk.empty()
  expect(await append(seq + 1)).toBe('fenced')
  expect(await append(seq)).toBe('stored')
  expect(await append(seq)).toBe('stored')
  expect(await append(seq + 1)).toBe('stored')
  expect(await seqsOf(store)).toEqual(Array.from({ length: seq + 1 }, (_, index) => index + 1))

  async function filled(): Promise<unknown> {
    for (; seq < 200; seq++) {
      const outcome = await append(seq).catch((error: unknown) => error)
      if (outcome !== 'stored') return outcome
    }
    return undefined
  }
})

test('STO-38 a disk that is full before the first record leaves a clear message', async (context) => {
  const disk = SmallDisk.mount(4 * 1024 * 1024)
  if (typeof disk === 'string') return context.skip(disk)
  cleanups.push(() => disk.unmount())
  const { log } = new ManualWorld()
  const folder = join(disk.folder, 'data')
  const opening = openLmdbStore({ folder, durability: 'fsync', archiveDays: 30, shards: { inv: 2, ses: 2 }, world: realWorld(log) })
  await expect(opening).rejects.toThrow(StoreFault)
  await expect(opening).rejects.toMatchObject({ code: 'STORE_FULL' })
})

test('STO-39 on a full disk old data is still cleared away', async (context) => {
  const disk = SmallDisk.mount(16 * 1024 * 1024)
  if (typeof disk === 'string') return context.skip(disk)
  cleanups.push(() => disk.unmount())
  const manual = new ManualWorld()
  const real = realWorld(manual.log)
  const { timers } = real
  const everyByHand: Timers = {
    after: (ms, run) => timers.after(ms, run),
    every: (ms, run) => manual.timers.every(ms, run),
    soon: (run) => timers.soon(run),
    catchUp: () => timers.catchUp(),
  }
  const world = { ...real, clock: manual.clock, timers: everyByHand }
  const folder = join(disk.folder, 'data')
  const reserveBytes = 4 * 1024 * 1024
  const store = await openLmdbStore({ folder, durability: 'fsync', archiveDays: 0, shards: { inv: 2, ses: 2 }, world, reserveBytes })
  cleanups.push(() => store.close())
  const lease = await store.claim(shard, 'a')
  const epoch = lease === 'taken' ? 0 : lease.epoch
  await store.open(shard, epoch)
  for (let seq = 1; seq <= 60; seq++) await store.append(shard, { epoch, seq }, Buffer.alloc(50_000, seq))
  await store.putRecord(shard, epoch, 'ses.u', Buffer.from('x'), 60_000)
  await store.writeSnapshot(shard, { position: { epoch, seq: 59 }, now: 1, chunks: [] })
  disk.fill(3 * 1024 * 1024)
  await expect(store.append(shard, { epoch, seq: 61 }, Buffer.of(1))).rejects.toMatchObject({ code: 'STORE_FULL' })
  await manual.pass(60_000)
  const deadline = Date.now() + 20_000
  while ((await archived(store)).length > 1) {
    if (Date.now() > deadline) throw new Error('not cleared')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect(await archived(store)).toEqual([60])
  await store.deleteRecord(shard, epoch, 'ses.u')
})

async function archived(store: Store): Promise<number[]> {
  const seqs: number[] = []
  for await (const { position } of store.readArchive(shard)) seqs.push(position.seq)
  return seqs
}

async function seqsOf(store: Store): Promise<number[]> {
  const seqs: number[] = []
  for await (const { position } of store.readTail(shard, journalStart)) seqs.push(position.seq)
  return seqs
}
