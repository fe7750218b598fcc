import { beforeEach, describe, expect, it } from 'vitest'
import type { ShardBroadcast } from '../../protocol/broadcast.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import { publicSubject, replySubject, shardSubject } from '../../protocol/subject.ts'
import { LimitedShop } from '../testing/limited-shop.ts'
import { rollCallMs } from './absence-watch.ts'

const absenceMs = 20_000
/** After the time is over, until the roll has been called twice and the shard has decided. */
const endsWithinMs = 2 * rollCallMs + 1_000
const gone = { state: 'expired', reason: 'absent' }
const waits = { state: 'queued' }

let shop: LimitedShop

/** Ann holds the only unit, and the others wait in the order of their names, connected. */
beforeEach(async () => {
  shop = await open({})
})

async function open(wish: { readonly absenceMs?: number }): Promise<LimitedShop> {
  const made = await LimitedShop.open(['shoe'], 1, { stock: 1, holdTtlMs: 3_600_000, absenceMs, ...wish })
  for (const user of ['ann', 'bob', 'cat', 'dan']) {
    await made.attach(user)
    await made.buy(user, 'shoe', 'r1')
  }
  await made.world.pass(1_000)
  return made
}

const claimOf = (user: string): Promise<Plain> => shop.claim(user, 'shoe')

describe('a place whose user is away', () => {
  it('ABS-1 survives for the time that the sale allows, and no longer', async () => {
    await shop.detach('bob')
    await shop.world.pass(absenceMs - 100)
    expect(await claimOf('bob')).toMatchObject(waits)
    expect(await claimOf('cat')).toMatchObject({ ahead: 1 })
    await shop.world.pass(endsWithinMs)
    expect(await claimOf('bob')).toEqual(gone)
    expect(await claimOf('cat')).toMatchObject({ ahead: 0 })
    expect(await claimOf('dan')).toMatchObject({ ahead: 1 })
    expect(shop.absence.ended).toBe(1)
  })

  it('ABS-1 ends at the same time whenever its user left, however long the ticket had waited before', async () => {
    for (const [user, waitedMs] of [
      ['bob', 3_300],
      ['cat', 7_700],
      ['dan', 31_000],
    ] as const) {
      await shop.world.pass(waitedMs)
      await shop.detach(user)
      await shop.world.pass(absenceMs - 200)
      expect(await claimOf(user)).toMatchObject(waits)
      await shop.world.pass(endsWithinMs + 200)
      expect(await claimOf(user)).toEqual(gone)
    }
  })

  it('ABS-3 keeps its place to the last if its user comes back in time, and counts anew from the next departure', async () => {
    await shop.detach('bob')
    await shop.world.pass(absenceMs - 1_000)
    await shop.attach('bob')
    await shop.world.pass(3 * absenceMs)
    expect(await claimOf('bob')).toMatchObject({ ...waits, ahead: 0 })
    await shop.detach('bob')
    await shop.world.pass(absenceMs - 1_000)
    expect(await claimOf('bob')).toMatchObject(waits)
    await shop.world.pass(1_000 + endsWithinMs)
    expect(await claimOf('bob')).toEqual(gone)
  })

  it('ABS-3 who is back after the time may buy again, at the end of the line, and the same request still has its outcome', async () => {
    await shop.detach('bob')
    await shop.world.pass(absenceMs + endsWithinMs)
    await shop.attach('bob')
    expect(await shop.buy('bob', 'shoe', 'r1')).toEqual(gone)
    await shop.world.pass(500)
    // What its sale's limit had set aside has come back.
    expect(await shop.counts('bob')).toEqual({ shoe: 0 })
    expect(await shop.buy('bob', 'shoe', 'r2')).toMatchObject({ ...waits, ahead: 2 })
  })

  it('ABS-4 several devices are one place: it counts from the last of them, in whatever order words come', async () => {
    await shop.attach('bob', 'laptop')
    await shop.detach('bob', 'phone')
    await shop.detach('bob', 'phone')
    await shop.world.pass(2 * absenceMs)
    expect(await claimOf('bob')).toMatchObject(waits)
    await shop.detach('bob', 'laptop')
    await shop.detach('bob', 'phone')
    await shop.world.pass(absenceMs + endsWithinMs)
    expect(await claimOf('bob')).toEqual(gone)
  })

  it('ABS-6 who was never connected, or had left before a service bought, is never away', async () => {
    await shop.attach('eve')
    await shop.detach('eve')
    await shop.world.pass(30_000)
    await shop.buy('eve', 'shoe', 'r1')
    await shop.buy('fay', 'shoe', 'r1')
    await shop.world.pass(5 * absenceMs)
    expect(await claimOf('eve')).toMatchObject(waits)
    expect(await claimOf('fay')).toMatchObject(waits)
  })

  it('ABS-6 who closes the page while the call is on its way is away all the same, and counts from the place', async () => {
    await shop.attach('eve')
    await shop.detach('eve')
    await shop.world.pass(500)
    await shop.buy('eve', 'shoe', 'r1')
    await shop.world.pass(absenceMs - 200)
    expect(await claimOf('eve')).toMatchObject(waits)
    await shop.world.pass(absenceMs / 2 + endsWithinMs)
    expect(await claimOf('eve')).toEqual(gone)
  })

  it('ABS-7 is called up before it ends, and kept if a gateway has its user', async () => {
    const called: string[] = []
    shop.bus.serve(publicSubject(0), (frame) => {
      for (const { rollCall } of unpackInner<ShardBroadcast>(frame.slice(2)).skus) if (rollCall !== undefined) called.push(rollCall.join())
    })
    // A copy of an older word arrives, and the user is there.
    await shop.detach('cat')
    await shop.world.pass(absenceMs - 1_000)
    expect(called).toEqual([])
    await shop.world.pass(1_200)
    expect(called).toEqual(['3,1'])
    await shop.attach('cat')
    await shop.world.pass(2 * absenceMs)
    expect(called).toEqual(['3,1'])
    expect(await claimOf('cat')).toMatchObject(waits)
  })

  it('ABS-8 the head of the line is not blocked: an absent user is served, and the hold goes on at its deadline', async () => {
    await shop.detach('bob')
    await shop.leave('ann', 'shoe')
    await shop.world.pass(200)
    expect(await claimOf('bob')).toMatchObject({ state: 'held' })
    await shop.world.pass(absenceMs + endsWithinMs)
    expect(await claimOf('bob')).toMatchObject({ state: 'held' })
  })

  it('ABS-1 never ends in a sale that says so', async () => {
    shop = await open({ absenceMs: 0 })
    await shop.detach('bob')
    await shop.world.pass(600_000)
    expect(await claimOf('bob')).toMatchObject(waits)
  })
})

describe('what stops the time', () => {
  it('ABS-5 a pause does not count', async () => {
    await shop.detach('bob')
    await shop.world.pass(absenceMs / 2)
    await shop.setPhase('shoe', 'paused')
    await shop.world.pass(2 * absenceMs)
    expect(await claimOf('bob')).toMatchObject(waits)
    await shop.setPhase('shoe', 'open')
    await shop.world.pass(absenceMs / 2 - 200)
    expect(await claimOf('bob')).toMatchObject(waits)
    await shop.world.pass(absenceMs / 2 + endsWithinMs)
    expect(await claimOf('bob')).toEqual(gone)
  })

  it.each(['ses', 'inv'] as const)('ABS-5 nor does a time in which nobody owned the shard: %s', async (kind) => {
    await shop.detach('bob')
    await shop.world.pass(absenceMs / 2)
    await shop.lose(kind)
    await shop.world.pass(2 * absenceMs)
    await shop.takeOver(kind)
    await shop.world.pass(absenceMs / 2 - 6_000)
    expect(await claimOf('bob')).toMatchObject(waits)
    await shop.world.pass(6_000 + absenceMs / 2 + endsWithinMs)
    expect(await claimOf('bob')).toEqual(gone)
  })

  it('ABS-5 changes of owner do not begin the time anew', async () => {
    shop = await open({ absenceMs: 5 * absenceMs })
    await shop.detach('bob')
    for (let i = 0; i < 4; i++) {
      await shop.world.pass(absenceMs)
      await shop.takeOver('ses')
      await shop.takeOver('inv')
    }
    await shop.world.pass(absenceMs - 200)
    expect(await claimOf('bob')).toMatchObject(waits)
    // For so long a shard may have had an owner that wrote nothing, each time; and a new one goes once through the line.
    await shop.world.pass(4 * 5_000 + 2.5 * absenceMs + endsWithinMs)
    expect(await claimOf('bob')).toEqual(gone)
  })

  it('ABS-2 while a session cannot be asked nobody is taken for away', async () => {
    await shop.detach('bob')
    shop.bus.lose(shardSubject('ses', 0), true)
    await shop.world.pass(5 * absenceMs)
    expect(await claimOf('bob')).toMatchObject(waits)
    shop.bus.lose(shardSubject('ses', 0), false)
    await shop.world.pass(5_000 + endsWithinMs)
    expect(await claimOf('bob')).toEqual(gone)
  })

  it('ABS-2 a gateway that says nothing more may still have its users', async () => {
    shop.bus.lose(replySubject('phone'), true)
    await shop.world.pass(10 * absenceMs)
    expect(await claimOf('bob')).toMatchObject(waits)
  })
})
