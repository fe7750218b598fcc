import { expect, test } from 'vitest'
import { all, appended, bytesOf, claimed, mustOpen, opened, shard, textOf, textsOf, type StoreFixture } from './store-bench.ts'
import { type ArchiveRecord, chunkBytesMax, type Snapshot } from './store.ts'

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

  test('STO-14 a cold record is kept until it expires: put, read, replaced, deleted', async () => {
    expect(await at.store.getRecord('ses.u1')).toBeUndefined()
    await at.store.putRecord('ses.u1', bytesOf('first'), 60_000)
    await at.store.putRecord('ses.u2', bytesOf(''), 60_000)
    await at.store.putRecord('ses.u1', bytesOf('second, longer'), 60_000)
    expect(textOf(await at.store.getRecord('ses.u1'))).toBe('second, longer')
    expect((await at.store.getRecord('ses.u2'))?.length).toBe(0)
    await at.store.deleteRecord('ses.u1')
    await at.store.deleteRecord('ses.never')
    expect(await at.store.getRecord('ses.u1')).toBeUndefined()
    expect(await at.store.getRecord('ses.u2')).toBeDefined()
  })

  test('STO-14 a cold record is kept until it expires: gone after its time, which a new put starts again', async () => {
    await at.store.putRecord('short', bytesOf('x'), 200)
    await at.store.putRecord('renewed', bytesOf('x'), 200)
    await at.store.putRecord('renewed', bytesOf('y'), 60_000)
    await at.bench.pass(201)
    expect(await at.store.getRecord('short')).toBeUndefined()
    expect(textOf(await at.store.getRecord('renewed'))).toBe('y')
  })

  test('STO-14 a cold record is kept until it expires: any key of up to 512 bytes', async () => {
    const keys = ['a', 'ä'.repeat(200), 'x'.repeat(512), 'a b\tc', '0']
    for (const key of keys) await at.store.putRecord(key, bytesOf(key), 60_000)
    for (const key of keys) expect(textOf(await at.store.getRecord(key))).toBe(key)
  })
}
