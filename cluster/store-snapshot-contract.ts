import { expect, test } from 'vitest'
import { all, appended, bytesOf, claimed, mustOpen, opened, otherShard, shard, textOf, textsOf, type StoreFixture } from './store-bench.ts'
import { type ArchiveRecord, chunkBytesMax, type Position, type Snapshot, StoreFault } from './store.ts'

/** Snapshots, the archive behind them, and cold records. */
export function snapshotContract(at: StoreFixture): void {
  test('STO-11 a snapshot replaces an older one: and none of the same or an older position is taken', async () => {
    const epoch = await opened(at.store)
    await appended(at.store, epoch, ['one', 'two', 'three'])
    const snapshotAt = (seq: number, state: string): Snapshot => ({
      position: { epoch, seq },
      now: seq,
      chunks: [bytesOf(state)],
    })
    expect(await at.store.readSnapshot(shard)).toBeUndefined()
    expect(await at.store.writeSnapshot(shard, snapshotAt(2, 'second'))).toBe('stored')
    expect(await at.store.writeSnapshot(shard, snapshotAt(2, 'again'))).toBe('older')
    expect(await at.store.writeSnapshot(shard, snapshotAt(1, 'first'))).toBe('older')
    expect((await at.store.readSnapshot(shard))?.chunks.map(textOf)).toEqual(['second'])
    expect(await at.store.writeSnapshot(shard, snapshotAt(3, 'third'))).toBe('stored')
    expect(await at.store.readSnapshot(shard)).toMatchObject({ position: { epoch, seq: 3 }, now: 3 })
    expect((await at.store.readSnapshot(shard))?.chunks.map(textOf)).toEqual(['third'])
  })

  test('STO-11 a snapshot replaces an older one: the newest of several that come at once is kept', async () => {
    const epoch = await opened(at.store)
    await appended(at.store, epoch, ['one', 'two', 'three'])
    await Promise.all(
      [1, 3, 2].map((seq) => at.store.writeSnapshot(shard, { position: { epoch, seq }, now: seq, chunks: [bytesOf(`${seq}`)] })),
    )
    expect((await at.store.readSnapshot(shard))?.chunks.map(textOf)).toEqual(['3'])
  })

  test.each([0, 1, 5])('STO-11 a snapshot replaces an older one: with %i chunks, each as it was', async (count) => {
    const epoch = await opened(at.store)
    await appended(at.store, epoch, ['one'])
    const chunks = Array.from({ length: count }, (_, index) => new Uint8Array(index === 1 ? chunkBytesMax : 1000 + index).fill(index))
    expect(await at.store.writeSnapshot(shard, { position: { epoch, seq: 1 }, now: 1, chunks })).toBe('stored')
    const kept = await at.store.readSnapshot(shard)
    expect(kept?.chunks.length).toBe(count)
    for (const [index, chunk] of chunks.entries()) expect(Buffer.compare(kept?.chunks[index] ?? bytesOf(''), chunk)).toBe(0)
  })

  test('STO-11 a snapshot replaces an older one: a chunk that is too large is refused, with nothing changed', async () => {
    const epoch = await opened(at.store)
    await appended(at.store, epoch, ['one'])
    const chunks = [new Uint8Array(chunkBytesMax + 1)]
    await expect(at.store.writeSnapshot(shard, { position: { epoch, seq: 1 }, now: 1, chunks })).rejects.toThrow('chunk')
    expect(await at.store.readSnapshot(shard)).toBeUndefined()
  })

  test('STO-11 a snapshot replaces an older one: one that is ahead of its journal is refused', async () => {
    const epoch = await opened(at.store)
    await appended(at.store, epoch, ['one'])
    const ahead = { position: { epoch, seq: 2 }, now: 1, chunks: [bytesOf('future')] }
    await expect(at.store.writeSnapshot(shard, ahead)).rejects.toThrow('ahead')
    expect(await at.store.readSnapshot(shard)).toBeUndefined()
  })

  test('STO-12 trimmed records stay in the archive: everything is there, oldest first, openings too, and says whether it is trimmed', async () => {
    const first = await opened(at.store)
    await appended(at.store, first, ['one', 'two'])
    const second = await opened(at.store)
    await appended(at.store, second, ['three', 'four'])
    const flags = async (): Promise<string[]> => {
      const records = await all<ArchiveRecord>(at.store.readArchive(shard))
      return records.map(({ position, trimmed }) => `${position.epoch - first}-${position.seq}${trimmed ? ' trimmed' : ''}`)
    }
    const later = second - first
    expect(await flags()).toEqual(['0-0', '0-1', '0-2', `${later}-0`, `${later}-1`, `${later}-2`])
    await at.store.writeSnapshot(shard, { position: { epoch: second, seq: 1 }, now: 1, chunks: [] })
    expect(await flags()).toEqual(['0-0 trimmed', '0-1 trimmed', '0-2 trimmed', `${later}-0 trimmed`, `${later}-1 trimmed`, `${later}-2`])
    const texts = textsOf(await all(at.store.readArchive(shard)))
    expect(texts).toEqual(['', 'one', 'two', '', 'three', 'four'])
  })

  test('STO-12 trimmed records stay in the archive: and the chain goes on after the trim', async () => {
    const epoch = await opened(at.store)
    await appended(at.store, epoch, ['one'])
    await at.store.writeSnapshot(shard, { position: { epoch, seq: 1 }, now: 1, chunks: [] })
    expect(await at.store.append(shard, { epoch, seq: 1 }, bytesOf('one'))).toBe('stored')
    expect(await at.store.append(shard, { epoch, seq: 2 }, bytesOf('two'))).toBe('stored')
    const next = await at.rival()
    const { tail } = mustOpen(await next.open(shard, await claimed(next, 'b')))
    expect(textsOf(await all(tail))).toEqual(['two'])
  })

  test('STO-48 what is trimmed can be rewritten: each record once, oldest first, but for openings, what is not trimmed, and the snapshot’s own', async () => {
    const first = await opened(at.store)
    await appended(at.store, first, ['one', 'two'])
    const second = await opened(at.store)
    await appended(at.store, second, ['three', 'four', 'five'])
    const told: string[] = []
    const rewrite = (_: Position, record: Uint8Array): Uint8Array | undefined => {
      told.push(textOf(record))
      const text = textOf(record).replace('o', 'ooo')
      return text === textOf(record) ? undefined : bytesOf(text)
    }
    expect(await at.store.rewriteArchive(shard, rewrite)).toBe(0)
    expect(told).toEqual([])
    await at.store.writeSnapshot(shard, { position: { epoch: first, seq: 1 }, now: 1, chunks: [] })
    await at.store.writeSnapshot(shard, { position: { epoch: second, seq: 2 }, now: 1, chunks: [] })
    expect(await at.store.rewriteArchive(shard, rewrite)).toBe(2)
    expect(told).toEqual(['one', 'two', 'three'])
    const records = await all<ArchiveRecord>(at.store.readArchive(shard))
    expect(textsOf(records)).toEqual(['', 'ooone', 'twooo', '', 'three', 'four', 'five'])
    expect(records.map(({ position, trimmed }) => `${position.epoch === first ? 1 : 2}-${position.seq}${trimmed ? '' : ' live'}`)).toEqual([
      ...['1-0', '1-1', '1-2', '2-0', '2-1', '2-2', '2-3 live'],
    ])
    expect(await at.store.append(shard, { epoch: second, seq: 4 }, bytesOf('six'))).toBe('stored')
    const next = await at.rival()
    const { tail } = mustOpen(await next.open(shard, await claimed(next, 'b')))
    expect(textsOf(await all(tail))).toEqual(['five', 'six'])
  })

  test('STO-14 a cold record is kept until it expires: put, read, replaced, deleted', async () => {
    const epoch = await opened(at.store)
    expect(await at.store.getRecord(shard, 'ses.u1')).toBeUndefined()
    await at.store.putRecord(shard, epoch, 'ses.u1', bytesOf('first'), 60_000)
    await at.store.putRecord(shard, epoch, 'ses.u2', bytesOf(''), 60_000)
    await at.store.putRecord(shard, epoch, 'ses.u1', bytesOf('second, longer'), 60_000)
    expect(textOf(await at.store.getRecord(shard, 'ses.u1'))).toBe('second, longer')
    expect((await at.store.getRecord(shard, 'ses.u2'))?.length).toBe(0)
    await at.store.deleteRecord(shard, epoch, 'ses.u1')
    await at.store.deleteRecord(shard, epoch, 'ses.never')
    expect(await at.store.getRecord(shard, 'ses.u1')).toBeUndefined()
    expect(await at.store.getRecord(shard, 'ses.u2')).toBeDefined()
  })

  test('STO-14 a cold record is kept until it expires: gone after its time, which a new put starts again', async () => {
    const epoch = await opened(at.store)
    await at.store.putRecord(shard, epoch, 'short', bytesOf('x'), 200)
    await at.store.putRecord(shard, epoch, 'renewed', bytesOf('x'), 200)
    await at.store.putRecord(shard, epoch, 'renewed', bytesOf('y'), 60_000)
    await at.bench.pass(201)
    expect(await at.store.getRecord(shard, 'short')).toBeUndefined()
    expect(textOf(await at.store.getRecord(shard, 'renewed'))).toBe('y')
  })

  test('STO-14 a cold record is kept until it expires: any key of up to 512 bytes', async () => {
    const epoch = await opened(at.store)
    const keys = ['a', 'ä'.repeat(200), 'x'.repeat(512), 'a b\tc', '0']
    for (const key of keys) await at.store.putRecord(shard, epoch, key, bytesOf(key), 60_000)
    for (const key of keys) expect(textOf(await at.store.getRecord(shard, key))).toBe(key)
  })

  test('STO-18 a cold record is fenced like the journal: before the opening, and under an epoch that was never given out', async () => {
    const epoch = await claimed(at.store)
    expect(await at.store.putRecord(shard, epoch, 'u', bytesOf('x'), 60_000)).toBe('fenced')
    mustOpen(await at.store.open(shard, epoch))
    expect(await at.store.putRecord(shard, epoch + 1, 'u', bytesOf('x'), 60_000)).toBe('fenced')
    expect(await at.store.putRecord(otherShard, epoch, 'u', bytesOf('x'), 60_000)).toBe('fenced')
    expect(await at.store.getRecord(shard, 'u')).toBeUndefined()
    expect(await at.store.putRecord(shard, epoch, 'u', bytesOf('x'), 60_000)).toBe('stored')
  })

  test('STO-18 a cold record is fenced like the journal: once a newer epoch has opened, whoever opened it', async () => {
    const old = await opened(at.store)
    expect(await at.store.putRecord(shard, old, 'u', bytesOf('old'), 60_000)).toBe('stored')
    const own = await opened(at.store)
    expect(await at.store.putRecord(shard, old, 'u', bytesOf('late'), 60_000)).toBe('fenced')
    expect(await at.store.deleteRecord(shard, old, 'u')).toBe('fenced')
    const next = await at.rival()
    await opened(next, 'b')
    for (const epoch of [old, own]) {
      expect(await at.store.putRecord(shard, epoch, 'u', bytesOf('late'), 60_000)).toBe('fenced')
      expect(await at.store.deleteRecord(shard, epoch, 'u')).toBe('fenced')
    }
    expect(textOf(await next.getRecord(shard, 'u'))).toBe('old')
  })

  test('STO-18 a cold record is fenced like the journal: what was asked for before an opening is there, or never will be', async () => {
    const old = await opened(at.store)
    const next = await at.rival()
    const late = at.store.putRecord(shard, old, 'u', bytesOf('late'), 60_000)
    await opened(next, 'b')
    const seen = textOf(await next.getRecord(shard, 'u'))
    expect(seen).toBe((await late) === 'stored' ? 'late' : '(none)')
    expect(textOf(await next.getRecord(shard, 'u'))).toBe(seen)
  })

  test.each([
    ['in the middle of an epoch', 1, 2],
    ['at the end of an epoch', 1, 3],
    ['at the end of the journal', 2, 1],
  ])('STO-19 a tail that a snapshot overtook is whole, or says that it is not: %s', async (_, nth, seq) => {
    const epochs = [await opened(at.store)]
    await appended(at.store, epochs[0] ?? 0, ['one', 'two', 'three'])
    await at.store.writeSnapshot(shard, { position: { epoch: epochs[0] ?? 0, seq: 1 }, now: 1, chunks: [] })
    epochs.push(await opened(at.store))
    await appended(at.store, epochs[1] ?? 0, ['four'])
    const { tail } = mustOpen(await at.store.open(shard, await claimed(at.store)))
    await at.store.writeSnapshot(shard, { position: { epoch: epochs[nth - 1] ?? 0, seq }, now: 2, chunks: [] })
    const read = await all(tail).then(textsOf, (error: unknown) => (error instanceof StoreFault ? error.code : String(error)))
    expect([['two', 'three', 'four'], 'STORE_GAP']).toContainEqual(read)
  })
}
