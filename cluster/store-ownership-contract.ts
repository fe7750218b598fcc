import { expect, test } from 'vitest'
import { all, bytesOf, claimed, opened, otherShard, positionsOf, shard, textsOf, type StoreFixture } from './store-bench.ts'
import { journalStart } from './store.ts'

/** Who may write a shard, and under which epoch. */
export function ownershipContract(at: StoreFixture): void {
  test('STO-1 an epoch is larger than every one before: of the same owner', async () => {
    const first = await claimed(at.store)
    const second = await claimed(at.store)
    expect(second).toBeGreaterThan(first)
  })

  test('STO-1 an epoch is larger than every one before: after the shard was given back', async () => {
    const first = await claimed(at.store)
    await at.store.release(shard, first)
    expect(await claimed(at.store, 'b')).toBeGreaterThan(first)
  })

  test('STO-1 an epoch is larger than every one before: when the one before was given out but never opened, by a store that is gone', async () => {
    const first = await claimed(at.store)
    expect(await claimed(await at.rival(), 'b')).toBeGreaterThan(first)
  })

  test('STO-1 an epoch is larger than every one before: when several are asked for at once', async () => {
    const leases = await Promise.all([at.store.claim(shard, 'a'), at.store.claim(shard, 'a'), at.store.claim(shard, 'a')])
    const epochs = leases.flatMap((lease) => (lease === 'taken' ? [] : [lease.epoch]))
    expect(new Set(epochs).size).toBe(epochs.length)
    const last = Math.max(...epochs)
    expect(await at.store.renew(shard, last)).toMatchObject({ epoch: last })
  })

  test('STO-2 a shard has one owner: another is told that it is taken', async () => {
    await claimed(at.store)
    expect(await at.store.claim(shard, 'b')).toBe('taken')
  })

  test('STO-2 a shard has one owner: of two that ask at once one gets it', async () => {
    const leases = await Promise.all([at.store.claim(shard, 'a'), at.store.claim(shard, 'b')])
    expect(leases.filter((lease) => lease === 'taken')).toHaveLength(1)
  })

  test('STO-2 a shard has one owner: another gets it once it is given back', async () => {
    await at.store.release(shard, await claimed(at.store))
    expect(await at.store.claim(shard, 'b')).not.toBe('taken')
  })

  test('STO-2 a shard has one owner: giving back an older epoch changes nothing', async () => {
    const first = await claimed(at.store)
    const second = await claimed(at.store)
    await at.store.release(shard, first)
    expect(await at.store.claim(shard, 'b')).toBe('taken')
    expect(await at.store.renew(shard, second)).toMatchObject({ epoch: second })
  })

  test('STO-2 a shard has one owner: shards are owned one by one', async () => {
    await claimed(at.store)
    expect(await at.store.claim(otherShard, 'b')).not.toBe('taken')
  })

  test('STO-3 an owner keeps its shard by renewing: the lease runs on', async () => {
    const lease = await at.store.claim(shard, 'a')
    if (lease === 'taken') throw new Error('taken')
    const renewed = await at.store.renew(shard, lease.epoch)
    expect(renewed).toMatchObject({ epoch: lease.epoch })
    expect(renewed === 'lost' ? 0 : renewed.until).toBeGreaterThanOrEqual(lease.until)
  })

  test('STO-3 an owner keeps its shard by renewing: it is lost once another epoch was given out', async () => {
    const first = await claimed(at.store)
    await claimed(at.store)
    expect(await at.store.renew(shard, first)).toBe('lost')
  })

  test('STO-3 an owner keeps its shard by renewing: it is lost once another store has it', async () => {
    const first = await opened(at.store)
    await opened(await at.rival(), 'b')
    expect(await at.store.renew(shard, first)).toBe('lost')
  })

  test('STO-4 an opening ends what older epochs may do: an older owner can neither write nor confirm', async () => {
    const old = await opened(at.store)
    expect(await at.store.append(shard, { epoch: old, seq: 1 }, bytesOf('one'))).toBe('stored')
    const next = await at.rival()
    await opened(next, 'b')
    expect(await at.store.append(shard, { epoch: old, seq: 2 }, bytesOf('two'))).toBe('fenced')
    expect(await at.store.append(shard, { epoch: old, seq: 1 }, bytesOf('one'))).toBe('fenced')
    expect(await at.store.confirm(shard, { epoch: old, seq: 1 })).toBe('fenced')
    expect(await at.store.open(shard, old)).toBe('fenced')
    expect(textsOf(await all(next.readTail(shard, journalStart)))).toEqual(['one'])
  })

  test('STO-4 an opening ends what older epochs may do: repeating it is no second one', async () => {
    const epoch = await claimed(at.store)
    expect(await at.store.open(shard, epoch)).not.toBe('fenced')
    expect(await at.store.open(shard, epoch)).not.toBe('fenced')
    expect(positionsOf(await all(at.store.readArchive(shard)))).toEqual([`${epoch}-0`])
  })

  test('STO-4 an opening ends what older epochs may do: it does not come after records of its own epoch', async () => {
    const epoch = await opened(at.store)
    await at.store.append(shard, { epoch, seq: 1 }, bytesOf('one'))
    expect(await at.store.open(shard, epoch)).toBe('fenced')
  })

  test('STO-4 an opening ends what older epochs may do: an epoch that was never given out opens nothing', async () => {
    const epoch = await claimed(at.store)
    expect(await at.store.open(shard, epoch + 1)).toBe('fenced')
    expect(await at.store.open(otherShard, epoch)).toBe('fenced')
    expect(await all(at.store.readArchive(shard))).toEqual([])
  })

  test('STO-9 confirming says whether the epoch stands: of the owner', async () => {
    const epoch = await opened(at.store)
    expect(await at.store.confirm(shard, { epoch, seq: 0 })).toBe('stands')
    expect(await at.store.confirm(otherShard, { epoch, seq: 0 })).toBe('fenced')
  })

  test('STO-9 confirming says whether the epoch stands: not once another was given out', async () => {
    const epoch = await opened(at.store)
    const next = await opened(at.store)
    expect(await at.store.confirm(shard, { epoch, seq: 0 })).toBe('fenced')
    expect(await at.store.confirm(shard, { epoch: next, seq: 0 })).toBe('stands')
  })

  test('STO-9 confirming says whether the epoch stands: with the record that its owner takes for the last', async () => {
    const epoch = await opened(at.store)
    await at.store.append(shard, { epoch, seq: 1 }, bytesOf('one'))
    expect(await at.store.confirm(shard, { epoch, seq: 1 })).toBe('stands')
    expect(await at.store.confirm(shard, { epoch, seq: 0 }), 'there is a newer one').toBe('fenced')
    expect(await at.store.confirm(shard, { epoch, seq: 2 }), 'it is not there').toBe('fenced')
  })
}
