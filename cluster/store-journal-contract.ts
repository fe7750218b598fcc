import { expect, test } from 'vitest'
import {
  all,
  appended,
  bytesOf,
  claimed,
  mustOpen,
  opened,
  otherShard,
  positionsOf,
  shard,
  textOf,
  textsOf,
  type StoreFixture,
} from './store-bench.ts'
import { journalStart, type Position, StoreFault } from './store.ts'

/** What becomes of records: their order, their bytes, their reading. */
export function journalContract(at: StoreFixture): void {
  test('STO-5 opening reads what is there: nothing in a new shard', async () => {
    const { snapshot, tail } = mustOpen(await at.store.open(shard, await claimed(at.store)))
    expect(snapshot).toBeUndefined()
    expect(await all(tail)).toEqual([])
  })

  test('STO-5 opening reads what is there: all records of all epochs, oldest first, the openings left out', async () => {
    const first = await opened(at.store)
    await appended(at.store, first, ['one', 'two'])
    const next = await at.rival()
    const second = await opened(next, 'b')
    await appended(next, second, ['three'])
    const { tail } = mustOpen(await next.open(shard, await claimed(next, 'b')))
    const records = await all(tail)
    expect(textsOf(records)).toEqual(['one', 'two', 'three'])
    expect(positionsOf(records)).toEqual([`${first}-1`, `${first}-2`, `${second}-1`])
  })

  test('STO-5 opening reads what is there: the snapshot and the records after it', async () => {
    const epoch = await opened(at.store)
    await appended(at.store, epoch, ['one', 'two', 'three'])
    await at.store.writeSnapshot(shard, { position: { epoch, seq: 2 }, now: 77, chunks: [bytesOf('state')] })
    const { snapshot, tail } = mustOpen(await at.store.open(shard, await claimed(at.store)))
    expect(snapshot).toMatchObject({ position: { epoch, seq: 2 }, now: 77 })
    expect(snapshot?.chunks.map(textOf)).toEqual(['state'])
    expect(textsOf(await all(tail))).toEqual(['three'])
  })

  test('STO-26 whoever knows the shard up to a place reads what comes after it when opening, and no snapshot', async () => {
    const epoch = await opened(at.store)
    await appended(at.store, epoch, ['one', 'two', 'three'])
    await at.store.writeSnapshot(shard, { position: { epoch, seq: 1 }, now: 77, chunks: [bytesOf('state')] })
    const second = await claimed(at.store)
    const { snapshot, tail } = mustOpen(await at.store.open(shard, second, { epoch, seq: 2 }))
    expect(snapshot).toBeUndefined()
    expect(textsOf(await all(tail))).toEqual(['three'])
    expect(await at.store.append(shard, { epoch, seq: 4 }, bytesOf('late'))).toBe('fenced')
  })

  test('STO-26 behind a place that is trimmed the journal is whole still, or says that it is not', async () => {
    const epoch = await opened(at.store)
    await appended(at.store, epoch, ['one', 'two', 'three'])
    await at.store.writeSnapshot(shard, { position: { epoch, seq: 3 }, now: 77, chunks: [bytesOf('state')] })
    const { tail } = mustOpen(await at.store.open(shard, await claimed(at.store), { epoch, seq: 1 }))
    const read = await all(tail).then(textsOf, (error: unknown) => (error instanceof StoreFault ? [error.code] : ['another fault']))
    expect([['STORE_GAP'], ['two', 'three']]).toContainEqual(read)
  })

  const misfits: readonly (readonly [string, (epoch: number) => Position])[] = [
    ['one is left out', (epoch) => ({ epoch, seq: 4 })],
    ['it stands where the opening does', (epoch) => ({ epoch, seq: 0 })],
    ['its epoch is older', (epoch) => ({ epoch: epoch - 1, seq: 3 })],
    ['its epoch was never given out', (epoch) => ({ epoch: epoch + 1, seq: 1 })],
  ]
  test.each(misfits)('STO-6 a record comes right after its predecessor: fenced when %s', async (_, positionAt) => {
    await claimed(at.store)
    const epoch = await opened(at.store)
    await appended(at.store, epoch, ['one', 'two'])
    expect(await at.store.append(shard, positionAt(epoch), bytesOf('misfit'))).toBe('fenced')
    expect(textsOf(await all(at.store.readTail(shard, journalStart)))).toEqual(['one', 'two'])
    expect(await at.store.append(shard, { epoch, seq: 3 }, bytesOf('three'))).toBe('stored')
  })

  test('STO-6 a record comes right after its predecessor: fenced before the opening', async () => {
    const epoch = await claimed(at.store)
    expect(await at.store.append(shard, { epoch, seq: 1 }, bytesOf('one'))).toBe('fenced')
    expect(await all(at.store.readArchive(shard))).toEqual([])
  })

  test('STO-6 a record comes right after its predecessor: fenced where another record stands', async () => {
    const epoch = await opened(at.store)
    await appended(at.store, epoch, ['one', 'two'])
    expect(await at.store.append(shard, { epoch, seq: 1 }, bytesOf('eno'))).toBe('fenced')
    expect(await at.store.append(shard, { epoch, seq: 2 }, bytesOf('twoo'))).toBe('fenced')
    expect(textsOf(await all(at.store.readTail(shard, journalStart)))).toEqual(['one', 'two'])
  })

  test('STO-6 a record comes right after its predecessor: several sent at once are stored in their order', async () => {
    const epoch = await opened(at.store)
    const seqs = Array.from({ length: 20 }, (_, index) => index + 1)
    const outcomes = await Promise.all(seqs.map((seq) => at.store.append(shard, { epoch, seq }, bytesOf(`record ${seq}`))))
    expect(new Set(outcomes)).toEqual(new Set(['stored']))
    expect(textsOf(await all(at.store.readTail(shard, journalStart)))).toEqual(seqs.map((seq) => `record ${seq}`))
  })

  test('STO-7 a repeated record is stored once: one after the other', async () => {
    const epoch = await opened(at.store)
    await appended(at.store, epoch, ['one', 'two'])
    expect(await at.store.append(shard, { epoch, seq: 2 }, bytesOf('two'))).toBe('stored')
    expect(await at.store.append(shard, { epoch, seq: 1 }, bytesOf('one'))).toBe('stored')
    expect(textsOf(await all(at.store.readTail(shard, journalStart)))).toEqual(['one', 'two'])
  })

  test('STO-7 a repeated record is stored once: at once', async () => {
    const epoch = await opened(at.store)
    const position = { epoch, seq: 1 }
    const outcomes = await Promise.all([at.store.append(shard, position, bytesOf('one')), at.store.append(shard, position, bytesOf('one'))])
    expect(outcomes).toEqual(['stored', 'stored'])
    expect(textsOf(await all(at.store.readTail(shard, journalStart)))).toEqual(['one'])
  })

  test.each([0, 1, 100, 4095, 4096, 140_001, 1_048_576])('STO-8 records are kept byte for byte: of %i bytes', async (length) => {
    const epoch = await opened(at.store)
    const record = Uint8Array.from({ length }, (_, index) => (index * 31) & 0xff)
    expect(await at.store.append(shard, { epoch, seq: 1 }, record)).toBe('stored')
    const [kept] = await all(at.store.readTail(shard, journalStart))
    expect(kept?.bytes.length).toBe(length)
    expect(Buffer.compare(kept?.bytes ?? bytesOf(''), record)).toBe(0)
  })

  test('STO-8 records are kept byte for byte: though the bytes are reused once it is stored', async () => {
    const epoch = await opened(at.store)
    const pool = new Uint8Array(64)
    for (let seq = 1; seq <= 8; seq++) {
      const record = pool.subarray(8, 8 + seq).fill(seq)
      expect(await at.store.append(shard, { epoch, seq }, record)).toBe('stored')
      pool.fill(0xff)
    }
    for (const { position, bytes: kept } of await all(at.store.readTail(shard, journalStart))) {
      expect([...kept]).toEqual(Array.from({ length: position.seq }, () => position.seq))
    }
  })

  test('STO-10 the tail can be read from anywhere, by anyone: after each position in turn, by a store that owns nothing', async () => {
    const first = await opened(at.store)
    await appended(at.store, first, ['one', 'two'])
    const second = await opened(at.store)
    await appended(at.store, second, ['three'])
    const reader = await at.bench.open()
    const after = async (epoch: number, seq: number): Promise<string[]> => textsOf(await all(reader.readTail(shard, { epoch, seq })))
    expect(await after(0, 0)).toEqual(['one', 'two', 'three'])
    expect(await after(first, 0)).toEqual(['one', 'two', 'three'])
    expect(await after(first, 1)).toEqual(['two', 'three'])
    expect(await after(first, 2)).toEqual(['three'])
    expect(await after(second, 0)).toEqual(['three'])
    expect(await after(second, 1)).toEqual([])
  })

  test('STO-10 the tail can be read from anywhere, by anyone: in many slices', async () => {
    const epoch = await opened(at.store)
    const seqs = Array.from({ length: 1500 }, (_, index) => index + 1)
    await Promise.all(seqs.map((seq) => at.store.append(shard, { epoch, seq }, new Uint8Array(2000).fill(seq & 0xff))))
    let expected = 1
    for await (const { position, bytes: kept } of at.store.readTail(shard, journalStart)) {
      expect(position.seq).toBe(expected)
      expect(kept[1999]).toBe(expected & 0xff)
      expected++
    }
    expect(expected).toBe(1501)
  })

  test('STO-13 shards know nothing of each other', async () => {
    const epoch = await opened(at.store)
    const otherEpoch = await opened(at.store, 'a', otherShard)
    const third = await opened(at.store, 'a', 'inv.1')
    await appended(at.store, epoch, ['one'])
    expect(await at.store.append(otherShard, { epoch: otherEpoch, seq: 1 }, bytesOf('eins'))).toBe('stored')
    expect(await at.store.append('inv.1', { epoch: third, seq: 1 }, bytesOf('uno'))).toBe('stored')
    await at.store.writeSnapshot(shard, { position: { epoch, seq: 1 }, now: 1, chunks: [bytesOf('state')] })
    expect(textsOf(await all(at.store.readTail(otherShard, journalStart)))).toEqual(['eins'])
    expect(textsOf(await all(at.store.readTail('inv.1', journalStart)))).toEqual(['uno'])
    expect(await at.store.readSnapshot(otherShard)).toBeUndefined()
    expect((await all(at.store.readArchive('inv.1'))).map(({ trimmed }) => trimmed)).toEqual([false, false])
  })

  test('STO-15 all of it outlives the store that wrote it', async () => {
    const epoch = await opened(at.store)
    await appended(at.store, epoch, ['one', 'two', 'three'])
    await at.store.writeSnapshot(shard, { position: { epoch, seq: 1 }, now: 5, chunks: [bytesOf('state')] })
    await at.store.putRecord(shard, epoch, 'ses.u1', bytesOf('user'), 60_000)
    await at.store.close()
    const next = await at.rival()
    expect(textOf(await next.getRecord(shard, 'ses.u1'))).toBe('user')
    const { snapshot, tail } = mustOpen(await next.open(shard, await claimed(next, 'b')))
    expect(snapshot).toMatchObject({ position: { epoch, seq: 1 }, now: 5 })
    expect(textsOf(await all(tail))).toEqual(['two', 'three'])
  })

  test('STO-16 a closed store says so', async () => {
    const epoch = await opened(at.store)
    await at.store.close()
    await at.store.close()
    const closed = { code: 'STORE_CLOSED' }
    await expect(at.store.claim(shard, 'a')).rejects.toMatchObject(closed)
    await expect(at.store.renew(shard, epoch)).rejects.toMatchObject(closed)
    await expect(at.store.append(shard, { epoch, seq: 1 }, bytesOf('one'))).rejects.toMatchObject(closed)
    await expect(at.store.confirm(shard, { epoch, seq: 0 })).rejects.toMatchObject(closed)
    await expect(all(at.store.readTail(shard, journalStart))).rejects.toMatchObject(closed)
    await expect(at.store.readSnapshot(shard)).rejects.toMatchObject(closed)
    await expect(at.store.getRecord(shard, 'key')).rejects.toMatchObject(closed)
    await expect(at.store.putRecord(shard, epoch, 'key', bytesOf('x'), 1000)).rejects.toMatchObject(closed)
  })
}
