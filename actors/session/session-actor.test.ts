import { beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { CallResult } from '../../cluster/call-codec.ts'
import type { Snapshot } from '../../cluster/store.ts'
import { op } from '../../protocol/entry.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import { replySubject } from '../../protocol/subject.ts'
import { began, laptop, limits, name, news, phone, SessionBed, sku } from '../testing/session-bed.ts'
import { snapshotSessions } from './session-snapshot.ts'
import { attachedMax, ordersMax } from './user-session.ts'

/** Asking takes some time itself. */
const about = (ms: number): unknown => expect.closeTo(ms, -3)

describe('a session', () => {
  let bed: SessionBed
  beforeEach(async () => {
    bed = await SessionBed.open()
  })

  test('SES-1 knows the gateways a user is attached to, and since when the user is known', async () => {
    expect(await bed.user('ann')).toEqual({
      user: 'ann',
      displayName: null,
      tier: null,
      attachedTo: [],
      firstSeenAt: null,
      lastSeenAt: null,
      orders: [],
      counted: [],
    })
    const arrived = bed.world.clock.now()
    await bed.ask(op.attach, 'ann', { gateway: phone })
    await bed.ask(op.attach, 'ann', { gateway: laptop })
    await bed.ask(op.attach, 'ann', { gateway: phone })
    await bed.world.pass(10_000)
    const attached = await bed.user('ann')
    expect(attached.attachedTo).toEqual([phone, laptop])
    expect(attached.firstSeenAt).toBeGreaterThanOrEqual(arrived)
    expect(attached.lastSeenAt).toBeGreaterThanOrEqual(arrived + 10_000)

    await bed.ask(op.detach, 'ann', { gateway: laptop })
    await bed.ask(op.detach, 'ann', { gateway: phone })
    const left = bed.world.clock.now()
    await bed.ask(op.detach, 'ann', { gateway: phone })
    await bed.world.pass(10_000)
    const gone = await bed.user('ann')
    expect(gone.attachedTo).toEqual([])
    expect(gone.lastSeenAt).toBeLessThanOrEqual(left)
  })

  test('SES-2 keeps a bounded number of gateways and drops the oldest', async () => {
    for (let i = 0; i <= attachedMax; i++) await bed.ask(op.attach, 'ann', { gateway: `sluice.gw.g${i}` })
    const { attachedTo } = await bed.user('ann')
    expect(attachedTo).toHaveLength(attachedMax)
    expect(attachedTo[0]).toBe('sluice.gw.g1')
  })

  test('SES-3 tells the other gateways of the user, and nobody else, that a claim appeared', async () => {
    await bed.ask(op.attach, 'ann', { gateway: phone })
    await bed.ask(op.attach, 'ann', { gateway: laptop })
    await bed.ask(op.attach, 'bob', { gateway: replySubject('tablet') })
    const { records } = bed.shard.counters
    expect(await bed.ask(op.claimed, 'ann', { sku, claim: 7, from: phone })).toEqual({ error: null, result: null })
    expect(bed.notices(laptop)).toEqual([{ user: 'ann', sku, claim: 7 }])
    expect(bed.notices(phone)).toEqual([])
    expect(bed.notices(replySubject('tablet'))).toEqual([])
    expect(bed.shard.counters.records).toBe(records)
  })

  test('SES-3 lets no notice out once another owner has the shard', async () => {
    await bed.ask(op.attach, 'ann', { gateway: laptop })
    await bed.store.claim(name)
    const { error } = await bed.ask(op.claimed, 'ann', { sku, claim: 7, from: phone })
    expect(error?.code).toBe('TIMEOUT')
    expect(bed.losses).toHaveLength(1)
    expect(bed.notices(laptop)).toEqual([])
  })

  test('SES-4 takes news of an order once, in any order, and never goes back', async () => {
    await bed.ask(op.orderNews, 'ann', news('ann', 1, 'overdue', 2_000))
    await bed.ask(op.orderNews, 'ann', news('ann', 1, 'refunded', 3_000))
    const { records } = bed.shard.counters
    for (const late of ['refunding', 'overdue', 'paid'] as const) await bed.ask(op.orderNews, 'ann', news('ann', 1, late, 3_000))
    await bed.ask(op.orderNews, 'ann', news('ann', 1, 'pending', 1_000))
    await bed.ask(op.orderNews, 'ann', news('ann', 1, 'refunded', 4_000))
    expect(bed.shard.counters.records).toBe(records)
    expect(await bed.orders('ann')).toEqual([
      { order: 'shoe:x1:1', sku, qty: 1, amountMinor: 5_000, currency: 'EUR', state: 'refunded', updatedAt: began + 3_000 },
    ])
  })

  test('SES-20 takes news of what went back of an order, and tells the user’s gateways, for no other word of it may come', async () => {
    await bed.ask(op.attach, 'ann', { gateway: phone })
    await bed.ask(op.orderNews, 'ann', news('ann', 1, 'paid', 2_000))
    await bed.ask(op.orderNews, 'ann', { ...news('ann', 1, 'paid', 3_000), refundedMinor: 1_000 })
    for (const refundedMinor of [1_000, 500]) await bed.ask(op.orderNews, 'ann', { ...news('ann', 1, 'paid', 4_000), refundedMinor })
    expect(await bed.orders('ann')).toMatchObject([{ state: 'paid', refundedMinor: 1_000, updatedAt: began + 3_000 }])
    await bed.ask(op.orderNews, 'ann', { ...news('ann', 1, 'refunded', 5_000), refundedMinor: 5_000 })
    expect(await bed.orders('ann')).toMatchObject([{ state: 'refunded', refundedMinor: 5_000 }])
    expect(bed.refundsTold(phone)).toBe(2)
  })

  test('SES-17 what an order became after its store had lost its end takes the place of that end', async () => {
    await bed.ask(op.orderNews, 'ann', news('ann', 1, 'refunded', 3_000))
    await bed.ask(op.orderNews, 'ann', news('ann', 1, 'declined', 4_000))
    expect((await bed.orders('ann')).map(({ state }) => state)).toEqual(['declined'])
  })

  test('SES-5 keeps a bounded history, latest first, whatever comes again', async () => {
    for (let claim = 0; claim < ordersMax + 5; claim++) await bed.ask(op.orderNews, 'ann', news('ann', claim, 'paid'))
    await bed.ask(op.orderNews, 'ann', news('ann', 0, 'paid'))
    const orders = await bed.orders('ann')
    expect(orders).toHaveLength(ordersMax)
    expect(orders.map((order) => order.updatedAt - began)).toEqual(Array.from({ length: ordersMax }, (_, i) => 1_000 + ordersMax + 4 - i))
  })

  test('SES-6 remembers everything it answered after a crash, without reading a user nobody asks for', async () => {
    await bed.ask(op.attach, 'ann', { gateway: phone })
    await bed.ask(op.orderNews, 'ann', news('ann', 1, 'paid'))
    await bed.ask(op.attach, 'bob', { gateway: laptop })
    const before = await bed.user('ann')
    bed.store.reads.length = 0

    bed = await bed.crash()
    expect(bed.store.reads).toEqual([])
    const after = await bed.user('ann')
    expect({ ...after, lastSeenAt: 0 }).toEqual({ ...before, lastSeenAt: 0 })
    expect(bed.store.reads).toEqual(['user/ann'])
  })

  test('SES-7 applies to a cold record only what it does not include yet', async () => {
    await bed.ask(op.attach, 'ann', { gateway: phone })
    await bed.ask(op.attach, 'bob', { gateway: phone })
    await bed.world.until('the records are written', () => bed.store.records.size === 2)
    await bed.ask(op.attach, 'bob', { gateway: laptop })

    bed = await bed.crash()
    bed.store.writes.length = 0
    expect((await bed.user('ann')).attachedTo).toEqual([phone])
    expect((await bed.user('bob')).attachedTo).toEqual([phone, laptop])
    await bed.world.pass(10 * limits.writeAfterMs)
    expect(bed.store.writes).toEqual(['user/bob'])
  })

  test('SES-8 holds few users in memory and loses none of them', async () => {
    const users = Array.from({ length: 40 }, (_, i) => `user-${i}`)
    for (const user of users) {
      await bed.ask(op.attach, user, { gateway: phone })
      await bed.world.until(`${user} has room`, () => bed.store.records.has(`user/${user}`))
    }
    await bed.world.pass(200)
    expect(bed.actor.usersInMemory).toBeLessThanOrEqual(limits.usersMax)
    for (const user of users) expect((await bed.user(user)).attachedTo).toEqual([phone])
  })

  test('SES-9 answers BUSY instead of growing while records cannot be written, and recovers', async () => {
    bed.store.writesFail = true
    const users = Array.from({ length: limits.usersMax }, (_, i) => `user-${i}`)
    for (const user of users) expect((await bed.ask(op.attach, user, { gateway: phone })).error).toBeNull()
    const more = ['ann', 'bob', 'cyd'].map((user) =>
      bed.calls.request('ses', 0, { op: op.attach, user, payload: packInner({ gateway: phone }) }),
    )
    expect((await bed.world.settled(Promise.all(more))).map(({ error }) => error?.code)).toEqual(['BUSY', 'BUSY', 'BUSY'])
    expect((await bed.ask(op.attach, 'user-0', { gateway: laptop })).error).toBeNull()
    for (const asks of [op.userGet, op.orderList]) expect((await bed.ask(asks, 'user-1')).error).toBeNull()
    await bed.world.pass(10_000)
    expect(bed.actor.usersInMemory).toBe(limits.usersMax)
    expect(bed.losses).toEqual([])

    bed.store.writesFail = false
    await bed.world.pass(10_000)
    expect((await bed.ask(op.attach, 'ann', { gateway: phone })).error).toBeNull()
    expect((await bed.user('user-0')).attachedTo).toEqual([phone, laptop])
  })

  test('SES-9 answers BUSY when a record cannot be read', async () => {
    bed.store.readsFail = true
    expect((await bed.ask(op.attach, 'ann', { gateway: phone })).error?.code).toBe('BUSY')
    bed.store.readsFail = false
    expect((await bed.ask(op.attach, 'ann', { gateway: phone })).error).toBeNull()
  })

  test('SIM-S2 gives the shard up when the store fences a record: the epoch is over', async () => {
    await bed.ask(op.attach, 'ann', { gateway: phone })
    bed.store.writing.shut()
    await bed.world.until('the record is being written', () => bed.store.writing.held === 1)
    await bed.store.claim(name)
    // Nothing else tells the shard.
    bed.store.confirm = () => Promise.resolve('stands')
    bed.store.writing.open()
    await bed.world.until('the shard is given up', () => bed.losses.length > 0)
    expect(bed.losses.map(String)).toEqual(['Error: ses.0 belongs to another owner now'])
    expect(bed.store.records.size).toBe(0)
  })

  test('SES-10 runs commands that waited for a record in their order, and before what came later', async () => {
    const send = (kind: 'attach' | 'detach', user: string): Promise<CallResult<unknown>> =>
      bed.calls.request('ses', 0, { op: op[kind], user, payload: packInner({ gateway: phone }) })
    await bed.ask(op.attach, 'bob', { gateway: phone })

    bed.store.reading.shut()
    bed.store.appending.shut()
    const asked = [send('attach', 'ann'), send('attach', 'ann')]
    await bed.world.until('ann is being read', () => bed.store.reading.held === 1)
    asked.push(send('detach', 'bob'))
    await bed.world.until('a batch is being stored', () => bed.store.appending.held === 1)
    asked.push(send('detach', 'ann'))
    await bed.world.pass(10)
    bed.store.reading.open()
    await bed.world.pass(10)
    bed.store.appending.open()

    await bed.world.settled(Promise.all(asked))
    expect((await bed.user('ann')).attachedTo).toEqual([])
    expect(bed.store.reads).toEqual(['user/bob', 'user/ann'])
  })

  test('SES-11 a snapshot trims the journal only when the records have everything', async () => {
    for (const user of ['ann', 'bob', 'cyd']) await bed.ask(op.attach, user, { gateway: phone })
    bed = await bed.crash()
    await bed.ask(op.detach, 'cyd', { gateway: phone })
    bed.store.writing.shut()
    let taken: Snapshot | undefined
    const taking = snapshotSessions(bed.shard, bed.actor).then((snapshot) => {
      taken = snapshot
      return snapshot
    })
    await bed.world.until('three records are being written', () => bed.store.writing.held === 3)
    await bed.world.pass(4_000)
    expect(taken).toBeUndefined()
    // The owner goes on meanwhile; what it changes now is behind the snapshot.
    await bed.ask(op.attach, 'ann', { gateway: laptop })
    bed.store.writing.open()
    await bed.store.writeSnapshot(name, await bed.world.settled(taking))
    expect([...bed.store.records.keys()].toSorted()).toEqual(['user/ann', 'user/bob', 'user/cyd'])
    expect(bed.store.journalLength(name)).toBe(1)

    bed = await bed.crash()
    expect((await bed.user('ann')).attachedTo).toEqual([phone, laptop])
    expect((await bed.user('bob')).attachedTo).toEqual([phone])
    expect((await bed.user('cyd')).attachedTo).toEqual([])
  })

  test('SES-11 a snapshot reads users in slices', async () => {
    const users = Array.from({ length: 300 }, (_, i) => `user-${i}`)
    for (const user of users) await bed.ask(op.attach, user, { gateway: phone })
    bed = await bed.crash()
    const snapshot = await bed.world.settled(snapshotSessions(bed.shard, bed.actor))
    await bed.store.writeSnapshot(name, snapshot)
    expect(bed.store.journalLength(name)).toBe(0)
    expect(bed.store.records.size).toBe(users.length)
    expect(bed.losses).toEqual([])
    await bed.world.pass(1_000)
    expect(bed.actor.usersInMemory).toBeLessThanOrEqual(limits.usersMax)
  })

  test('ABS-2 says since when a user is known to be gone, and nothing of one who is there or never was', async () => {
    await bed.ask(op.attach, 'ann', { gateway: phone })
    expect((await bed.ask(op.whereabouts, 'ann')).result).toEqual({ goneMs: null, unownedMs: [] })
    expect((await bed.ask(op.whereabouts, 'bob')).result).toEqual({ goneMs: null, unownedMs: [] })
    await bed.ask(op.attach, 'ann', { gateway: laptop })
    await bed.ask(op.detach, 'ann', { gateway: phone })
    expect((await bed.ask(op.whereabouts, 'ann')).result).toEqual({ goneMs: null, unownedMs: [] })
    await bed.ask(op.detach, 'ann', { gateway: laptop })
    await bed.world.pass(3_000)
    expect((await bed.ask(op.whereabouts, 'ann')).result).toEqual({ goneMs: about(3_000), unownedMs: [] })
  })

  test('ABS-5 tells of times without an owner, also when snapshots have trimmed them from the journal', async () => {
    await bed.ask(op.attach, 'ann', { gateway: phone })
    await bed.ask(op.detach, 'ann', { gateway: phone })
    await bed.world.settled(bed.shard.close())
    await bed.world.pass(60_000)
    bed = await bed.crash()
    await bed.world.pass(2_000)
    const said = { goneMs: about(62_000), unownedMs: [about(62_000), about(2_000)] }
    expect((await bed.ask(op.whereabouts, 'ann')).result).toEqual(said)
    await bed.store.writeSnapshot(name, await bed.world.settled(snapshotSessions(bed.shard, bed.actor)))
    bed = await bed.crash()
    const { result } = await bed.ask(op.whereabouts, 'ann')
    const { goneMs, unownedMs } = z.object({ goneMs: z.number(), unownedMs: z.array(z.number()) }).parse(result)
    expect(unownedMs.slice(0, 2).map((ago) => goneMs - ago)).toEqual([about(0), about(60_000)])
  })

  test('ABS-9 of gateways of a former run of the same process the users are gone', async () => {
    const over = new Set<string>()
    bed = await SessionBed.open(bed.world, bed.store, (gateway) => over.has(gateway))
    await bed.ask(op.attach, 'ann', { gateway: phone })
    over.add(phone)
    await bed.ask(op.attach, 'ann', { gateway: laptop })
    expect((await bed.user('ann')).attachedTo).toEqual([laptop])
    over.add(laptop)
    expect((await bed.ask(op.whereabouts, 'ann')).result).toEqual({ goneMs: 0, unownedMs: [] })
  })

  test('SES-12 refuses what names no user or no known command', async () => {
    expect((await bed.ask(op.attach, '', { gateway: phone })).error?.code).toBe('MALFORMED')
    expect((await bed.ask(op.buy, 'ann')).error?.code).toBe('UNKNOWN_METHOD')
  })
})
