import { describe, expect, test } from 'vitest'
import { type JournalRecord, journalStart, shardName } from '../cluster/store.ts'
import type { World } from '../cluster/world.ts'
import type { ShardBroadcast, ShardView } from '../protocol/broadcast.ts'
import { entryHeadBytes, entryOffset } from '../protocol/entry.ts'
import { frameKind, kindOfFrame } from '../protocol/frame.ts'
import { unpackInner } from '../protocol/inner-codec.ts'
import { publicSubject, shardSubject } from '../protocol/subject.ts'
import type { Actor, Batch } from './actor.ts'
import { InventoryActor } from './inventory/inventory-actor.ts'
import { Outbox } from './inventory/outbox.ts'
import { readRecordHead } from './record.ts'
import { Shard, type ShardLimits } from './shard.ts'
import { type Answer, answersOf, type Ask, commandsOf, innerResultsOf } from './testing/asks.ts'
import { incarnation, settingsOf, short } from './testing/inventory-rig.ts'
import { ManualWorld } from './testing/manual-world.ts'
import { MemoryBus } from './testing/memory-bus.ts'
import { TroubledStore } from './testing/troubled-store.ts'
import type { Work } from './work.ts'

const name = shardName('inv', 0)
const subject = shardSubject('inv', 0)
const limits: ShardLimits = { mailboxBytesMax: 20_000, batchEntriesMax: 1_000, tickMs: 100, storeRetryMs: 50 }

function noLoss(reason: Error): void {
  expect.fail(reason.message)
}

interface BedParts {
  readonly world?: ManualWorld
  readonly store?: TroubledStore
  readonly actor?: Actor
  readonly limits?: Partial<ShardLimits>
  /** Without a public subject nothing is broadcast. */
  readonly silent?: boolean
  /** Added to the wall clock that the shard sees. */
  readonly skew?: { ms: number }
}

/** One shard with everything around it under the test's hand. */
class Bed {
  readonly world: ManualWorld
  readonly store: TroubledStore
  readonly bus: MemoryBus
  readonly shard: Shard
  readonly losses: readonly Error[]

  private constructor(parts: Pick<Bed, 'world' | 'store' | 'bus' | 'shard' | 'losses'>) {
    this.world = parts.world
    this.store = parts.store
    this.bus = parts.bus
    this.shard = parts.shard
    this.losses = parts.losses
  }

  static async open(parts: BedParts = {}): Promise<Bed> {
    const { world = new ManualWorld(), store = new TroubledStore(), actor = new InventoryActor(0), skew = { ms: 0 } } = parts
    const bus = new MemoryBus()
    const losses: Error[] = []
    const { epoch } = await store.claim(name)
    const { timers, random, log, clock } = world
    const skewed: World = { timers, random, log, clock: { now: () => clock.now() + skew.ms, monotonic: () => clock.monotonic() } }
    const opening = Shard.open(
      {
        ...{ name, subject, actor, store, bus, world: skewed },
        ...(parts.silent === true ? {} : { publicSubject: publicSubject(0) }),
        limits: { ...limits, ...parts.limits },
        onLost: (reason) => losses.push(reason),
      },
      epoch,
    )
    const shard = await world.settled(opening)
    const bed = new Bed({ world, store, bus, shard, losses })
    await bed.rest()
    return bed
  }

  /** A shard with one SKU that is open, and nothing else to do. */
  static async selling(stock: number, parts: BedParts = {}): Promise<Bed> {
    const bed = await Bed.open(parts)
    bed.send({ op: 'configure', payload: { settings: settingsOf({ stock }), incarnation } })
    await bed.world.pass(300)
    bed.bus.sent.length = 0
    bed.store.appends.length = 0
    bed.store.confirms = 0
    return bed
  }

  send(...asks: readonly Ask[]): void {
    this.bus.send(subject, commandsOf('gw', asks))
  }

  buy(...users: readonly string[]): void {
    this.send(...users.map((user, i) => ({ op: 'buy' as const, sku: 'shoe', user, msgid: i })))
  }

  /** Lets everything run that needs no time. */
  rest(): Promise<void> {
    return this.world.pass(0)
  }

  get answers(): Answer[] {
    return this.bus.sent.filter((one) => one.subject === 'gw').flatMap((one) => answersOf(one.frame))
  }

  get broadcasts(): ShardBroadcast[] {
    return this.bus.sent
      .filter((one) => one.subject === publicSubject(0) && kindOfFrame(one.frame) === frameKind.broadcast)
      .map((one) => unpackInner<ShardBroadcast>(one.frame.slice(2)))
  }

  async journal(): Promise<JournalRecord[]> {
    const records: JournalRecord[] = []
    const snapshot = await this.store.readSnapshot(name)
    for await (const record of this.store.readTail(name, snapshot?.position ?? journalStart)) records.push(record)
    return records
  }
}

describe('group commit', () => {
  test('SHD-1 what arrives while a record is being stored becomes one next record, and every call is answered', async () => {
    const bed = await Bed.selling(10)
    bed.store.hold()
    bed.buy('ann')
    await bed.rest()
    bed.buy('bob', 'cat')
    bed.buy('dan')
    await bed.rest()
    expect(bed.store.appends.length).toBe(1)
    bed.store.letGo()
    await bed.rest()
    expect(bed.store.appends.map((one) => [one.position.seq, readRecordHead(one.bytes).events])).toEqual([
      [2, 1],
      [3, 3],
    ])
    expect(bed.answers.map((one) => one.claim)).toEqual([1, 2, 3, 4])
    expect(bed.shard.position).toMatchObject({ seq: 3 })
  })

  test('SHD-2 nothing leaves before the record is stored: no answer, no broadcast', async () => {
    const bed = await Bed.selling(1)
    bed.store.hold()
    bed.buy('ann', 'bob')
    await bed.world.pass(1_000)
    expect(bed.bus.sent.filter((one) => one.subject !== subject)).toEqual([])
    bed.store.letGo()
    await bed.world.pass(200)
    expect(bed.answers.map(short)).toMatchObject([{ state: 'held' }, { state: 'queued' }])
    expect(bed.broadcasts.flatMap((one) => one.skus)).toMatchObject([{ available: 0, held: 1, waiting: 1, joined: [2, 1] }])
  })

  test('SHD-2 no broadcast leaves while the store has not taken what it tells, nor while it has not confirmed the epoch', async () => {
    const bed = await Bed.selling(1)
    bed.buy('ann')
    await bed.rest()
    // Until the hold has ended by time alone: the broadcast of that tick and its record come from one batch.
    for (let ms = 0; ms < 10_500; ms += limits.tickMs) {
      const said = bed.broadcasts.length
      bed.store.hold()
      await bed.world.pass(limits.tickMs)
      expect(bed.broadcasts.length).toBe(said)
      bed.store.letGo()
      await bed.rest()
    }
    expect(bed.broadcasts.flatMap((one) => one.skus)).toMatchObject([{ held: 1 }, { available: 1, held: 0 }])
  })

  test('SHD-3 a batch that changed nothing stores nothing, but answers only once its epoch is confirmed', async () => {
    const bed = await Bed.selling(1)
    bed.store.hold()
    bed.send(
      { op: 'claim', sku: 'shoe', user: 'ann' },
      { op: 'buy', sku: 'shoe', user: 'ann', qty: 2 },
      { op: 'buy', sku: 'sock', user: 'ann' },
    )
    await bed.rest()
    expect([bed.store.confirms, bed.answers.length]).toEqual([1, 0])
    bed.store.letGo()
    await bed.rest()
    expect(bed.answers.map(short)).toEqual([{ state: 'none' }, 'SOLD_OUT', 'UNKNOWN_SKU'])
    expect(bed.store.appends).toEqual([])
  })

  test('SHD-4 a mailbox that is larger than a batch is worked off in several, in order', async () => {
    const bed = await Bed.selling(100, { limits: { batchEntriesMax: 10 } })
    bed.store.hold()
    bed.buy('first')
    await bed.rest()
    for (let i = 0; i < 12; i++) bed.buy(`a${i}`, `b${i}`, `c${i}`)
    bed.store.letGo()
    await bed.rest()
    expect(bed.store.appends.map((one) => readRecordHead(one.bytes).events)).toEqual([1, 12, 12, 12])
    expect(bed.answers.map((one) => one.claim)).toEqual(Array.from({ length: 37 }, (_, i) => i + 1))
  })

  test('SHD-5 time alone makes records: a hold ends without anybody asking', async () => {
    const bed = await Bed.selling(1)
    bed.buy('ann', 'bob')
    await bed.world.pass(10_500)
    bed.send({ op: 'claim', sku: 'shoe', user: 'ann' }, { op: 'claim', sku: 'shoe', user: 'bob' })
    await bed.rest()
    expect(bed.answers.slice(2).map(short)).toMatchObject([{ state: 'expired' }, { state: 'held' }])
    expect(bed.store.appends.map((one) => readRecordHead(one.bytes).events).filter((events) => events > 0)).toEqual([2, 2])
  })
})

describe('a lost epoch', () => {
  test.each(['append', 'confirm'] as const)('SHD-6 at %s: everything that was held is dropped, and the loss is told once', async (at) => {
    const bed = await Bed.selling(1)
    bed.store.hold()
    if (at === 'append') bed.buy('ann', 'bob')
    else bed.send({ op: 'claim', sku: 'shoe', user: 'ann' })
    await bed.rest()
    bed.buy('cat')
    bed.store.troubles.push('fenced')
    bed.store.letGo()
    await bed.world.pass(1_000)
    expect(bed.losses.map((one) => one.message)).toEqual(['inv.0 belongs to another owner now'])
    expect(bed.bus.sent.filter((one) => one.subject !== subject)).toEqual([])
    bed.buy('dan')
    await bed.world.pass(1_000)
    expect(bed.bus.sent.filter((one) => one.subject !== subject)).toEqual([])
    await bed.world.settled(bed.shard.close())
    expect(bed.losses.length).toBe(1)
  })

  test('SHD-7 a newer owner ends the older one at its next record, and knows all that the older one answered', async () => {
    const bed = await Bed.selling(3)
    bed.buy('ann')
    await bed.rest()
    const next = await Bed.open({ world: bed.world, store: bed.store })
    bed.buy('bob')
    await bed.rest()
    expect(bed.answers.length).toBe(1)
    expect(bed.losses.length).toBe(1)
    next.send({ op: 'claim', sku: 'shoe', user: 'ann' }, { op: 'claim', sku: 'shoe', user: 'bob' })
    await next.rest()
    expect(next.answers.map(short)).toMatchObject([{ state: 'held', hold: 1 }, { state: 'none' }])
  })

  test('SHD-8 a bug while deciding stops the shard before anything of the batch leaves', async () => {
    const bed = await Bed.selling(3)
    bed.send({ op: 'buy', sku: 'shoe', user: 'ann' }, { op: 'restock', sku: 'shoe', payload: new Uint8Array(0) })
    await bed.world.pass(500)
    expect(bed.losses.length).toBe(1)
    expect([bed.answers, bed.store.appends]).toEqual([[], []])
  })
})

describe('a store that fails', () => {
  test('SHD-9 gets the same record again until it takes it, and answers wait', async () => {
    const bed = await Bed.selling(3)
    bed.store.troubles.push('fails', 'fails', 'applies and fails')
    bed.buy('ann')
    await bed.rest()
    bed.buy('bob')
    await bed.world.pass(120)
    expect(bed.answers).toEqual([])
    await bed.world.pass(200)
    expect(bed.answers.map((one) => one.claim)).toEqual([1, 2])
    const [first, ...again] = bed.store.appends
    expect(again.slice(0, 3)).toEqual([first, first, first])
    expect((await bed.journal()).map((one) => one.position.seq)).toEqual([1, 2, 3])
    expect(bed.shard.counters.storeFaults).toBe(3)
    expect(bed.losses).toEqual([])
  })

  test('SHD-10 is asked again for a confirmation, and answers wait', async () => {
    const bed = await Bed.selling(3)
    bed.store.troubles.push('fails', 'fails')
    bed.send({ op: 'claim', sku: 'shoe', user: 'ann' })
    await bed.world.pass(60)
    expect(bed.answers).toEqual([])
    await bed.world.pass(200)
    expect(bed.answers.length).toBe(1)
  })

  test('SHD-56 is short of copies: what is not decided yet is told BUSY, what is waits, and all goes on when there are enough', async () => {
    const bed = await Bed.selling(1_000, { silent: true })
    bed.store.troubles.push('applies and is short', 'applies and is short')
    bed.store.hold()
    bed.buy('first')
    await bed.world.pass(60)
    bed.send({ op: 'buy', sku: 'shoe', user: 'waits', msgid: 1 })
    expect(bed.answers).toEqual([])
    bed.store.letGo()
    await bed.rest()
    bed.send({ op: 'buy', sku: 'shoe', user: 'comes', msgid: 2 })
    await bed.rest()
    expect(bed.answers.map(({ msgid, code }) => [msgid, code])).toEqual([
      [1, 'BUSY'],
      [2, 'BUSY'],
    ])
    expect(bed.answers[0]?.error?.retryAfterMs).toBeGreaterThan(0)
    await bed.world.pass(200)
    bed.send({ op: 'buy', sku: 'shoe', user: 'comes', msgid: 3 })
    await bed.rest()
    expect(bed.answers.slice(2).map(({ msgid, claim }) => [msgid, claim])).toEqual([
      [0, 1],
      [3, 2],
    ])
    expect((await bed.journal()).map((one) => one.position.seq)).toEqual([1, 2, 3])
  })

  test('SHD-11 fills the mailbox up to its limit; whoever comes then is told BUSY at once, and the rest is answered later', async () => {
    const bed = await Bed.selling(1_000, { limits: { mailboxBytesMax: 2_000 } })
    bed.store.hold()
    bed.buy('first')
    await bed.rest()
    for (let i = 0; i < 50; i++) bed.send({ op: 'buy', sku: 'shoe', user: `u${i}`, slot: i, turn: 7, msgid: 100 + i })
    const refused = bed.answers
    expect(refused.length).toBeGreaterThan(10)
    expect(refused.every((one) => one.code === 'BUSY' && one.turn === 7 && one.msgid === 100 + one.slot)).toBe(true)
    expect(refused[0]?.error?.retryAfterMs).toBeGreaterThan(0)
    bed.store.letGo()
    await bed.world.pass(100)
    expect(bed.answers.filter((one) => one.code === undefined).length).toBe(51 - refused.length)
    expect(bed.shard.counters.busyFrames).toBe(refused.length)
    bed.buy('later')
    await bed.rest()
    expect(bed.answers.at(-1)?.code).toBeUndefined()
  })
})

describe('time', () => {
  test('SHD-12 a call whose deadline has passed is dropped without an answer; one with time left is decided', async () => {
    const bed = await Bed.selling(3)
    const now = bed.world.clock.now()
    bed.send(
      { op: 'buy', sku: 'shoe', user: 'ann', deadlineAt: now - 1, msgid: 1 },
      { op: 'buy', sku: 'shoe', user: 'bob', deadlineAt: now, msgid: 2 },
      { op: 'buy', sku: 'shoe', user: 'cat', deadlineAt: now + 1_000, msgid: 3 },
    )
    await bed.rest()
    expect(bed.answers.map((one) => [one.msgid, one.claim])).toEqual([
      [2, 1],
      [3, 2],
    ])
    expect(bed.shard.counters.late).toBe(1)
  })

  test('SHD-13 a shard’s time never goes back, whatever the wall clock does', async () => {
    const skew = { ms: 0 }
    const bed = await Bed.selling(9, { skew })
    bed.buy('ann')
    await bed.rest()
    skew.ms = -3_600_000
    bed.buy('bob')
    await bed.world.pass(500)
    const next = await Bed.open({ world: bed.world, store: bed.store, skew })
    next.buy('cat')
    await next.world.pass(500)
    const times = (await next.journal()).map((one) => readRecordHead(one.bytes).now)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(times.length).toBe(5)
  })
})

describe('opening', () => {
  test('SHD-14 a new owner extends running deadlines by the time since the last record', async () => {
    const bed = await Bed.selling(1)
    bed.buy('ann')
    await bed.rest()
    await bed.shard.close()
    await bed.world.pass(60_000)
    const next = await Bed.open({ world: bed.world, store: bed.store })
    await next.world.pass(9_900)
    next.send({ op: 'claim', sku: 'shoe', user: 'ann' })
    await next.rest()
    expect(next.answers.map(short)).toMatchObject([{ state: 'held' }])
    await next.world.pass(300)
    next.send({ op: 'claim', sku: 'shoe', user: 'ann' })
    await next.rest()
    expect(short(next.answers.at(-1) ?? expect.fail('no answer'))).toEqual({ state: 'expired' })
  })

  test('SHD-37 does not take a quiet time for one without an owner', async () => {
    const bed = await Bed.selling(1)
    bed.buy('ann')
    await bed.world.pass(9_500)
    await bed.shard.close()
    await bed.world.pass(60_000)
    const next = await Bed.open({ world: bed.world, store: bed.store })
    await next.world.pass(6_500)
    next.send({ op: 'claim', sku: 'shoe', user: 'ann' })
    await next.rest()
    expect(next.answers.map(short)).toEqual([{ state: 'expired' }])
    const withoutEvents = async (): Promise<number> => (await next.journal()).filter((one) => readRecordHead(one.bytes).events === 0).length
    const before = await withoutEvents()
    await next.world.pass(600_000)
    expect(await withoutEvents(), 'nothing runs any more').toBe(before)
  })

  test('SHD-15 is refused if the epoch no longer stands, at once or with the first record', async () => {
    const bed = await Bed.selling(1)
    const parts = { name, subject, actor: new InventoryActor(0), store: bed.store, bus: bed.bus, world: bed.world, limits, onLost: noLoss }
    await expect(Shard.open(parts, 0)).rejects.toThrow('taken by another owner')
    bed.store.troubles.push('fenced')
    const { epoch } = await bed.store.claim(name)
    await expect(Shard.open({ ...parts, actor: new InventoryActor(0) }, epoch)).rejects.toThrow('taken by another owner')
  })

  test('SHD-16 is refused if a record is damaged, missing, or replays to another state than its owner had', async () => {
    const bed = await Bed.selling(9)
    for (const user of ['ann', 'bob', 'cat']) {
      bed.buy(user)
      await bed.rest()
    }
    const records = await bed.journal()
    const reopen = async (tail: readonly JournalRecord[]): Promise<string> => {
      const store = new TroubledStore()
      const { epoch } = await store.claim(name)
      await store.kept.open(name, epoch)
      store.kept.seedJournal(name, tail)
      const next = await store.claim(name)
      const parts = {
        name,
        subject,
        actor: new InventoryActor(0),
        store,
        bus: new MemoryBus(),
        world: new ManualWorld(),
        limits,
        onLost: noLoss,
      }
      return Shard.open(parts, next.epoch).then(
        () => 'opened',
        (error: unknown) => String(error),
      )
    }
    expect(await reopen(records)).toBe('opened')
    expect(await reopen(records.filter((_, i) => i !== 2))).toContain('does not follow')
    expect(await reopen(records.slice(1))).toContain('does not follow')
    const damaged = records.map((one, i) => (i === 2 ? { ...one, bytes: one.bytes.map((byte, at) => (at === 30 ? byte ^ 1 : byte)) } : one))
    expect(await reopen(damaged)).toContain('does not match its checksum')
    // A sound record in the place of another: the numbers of claims no longer rise, or the digest differs.
    const swapped = records.map((one, i) => ({ ...one, bytes: records[i === 2 ? 3 : i]?.bytes ?? one.bytes }))
    expect(await reopen(swapped)).toContain('gave another state than its owner had')
  })

  test('SHD-17 begins with a snapshot and the records after it', async () => {
    const bed = await Bed.selling(9)
    bed.buy('ann')
    await bed.rest()
    const actor = new InventoryActor(0)
    const { position } = bed.shard
    for (const record of await bed.journal()) {
      const { now } = readRecordHead(record.bytes)
      replay(actor, record.bytes, now)
    }
    await bed.store.writeSnapshot(name, { position, now: bed.world.clock.now(), chunks: actor.save() })
    bed.buy('bob')
    await bed.rest()
    const next = await Bed.open({ world: bed.world, store: bed.store })
    next.send({ op: 'claim', sku: 'shoe', user: 'ann' }, { op: 'claim', sku: 'shoe', user: 'bob' })
    await next.rest()
    expect(next.answers.map(short)).toMatchObject([
      { state: 'held', hold: 1 },
      { state: 'held', hold: 2 },
    ])
    expect((await next.journal()).length).toBeLessThan(4)
  })
})

describe('closing', () => {
  test('SHD-18 stores and answers what was taken, and takes no more', async () => {
    const bed = await Bed.selling(9)
    bed.store.hold()
    bed.buy('ann')
    await bed.rest()
    bed.buy('bob')
    const closing = bed.shard.close()
    const second = bed.shard.close()
    bed.buy('cat')
    await bed.rest()
    bed.store.letGo()
    await bed.world.settled(Promise.all([closing, second]))
    expect(bed.answers.map((one) => one.claim)).toEqual([1, 2])
    await bed.world.pass(1_000)
    expect(bed.store.appends.length).toBe(2)
    expect(bed.losses).toEqual([])
  })

  test('SHD-19 does not wait for a store that fails: what is not stored stays unanswered', async () => {
    const bed = await Bed.selling(9)
    bed.store.troubles.push('fails', 'fails', 'fails', 'fails')
    bed.buy('ann')
    await bed.rest()
    await bed.world.settled(bed.shard.close())
    expect(bed.answers).toEqual([])
    expect(bed.losses.length).toBe(1)
  })
})

describe('broadcasts', () => {
  test('SHD-24 come every tick, each from where the last ended, with what was stored up to then', async () => {
    const bed = await Bed.selling(1)
    for (const user of ['ann', 'bob', 'cat']) {
      bed.buy(user)
      await bed.world.pass(250)
    }
    await bed.world.pass(500)
    const { broadcasts } = bed
    expect(broadcasts.length).toBeGreaterThanOrEqual(11)
    for (const [i, one] of broadcasts.entries()) if (i > 0) expect(one.fromSeq).toBe(broadcasts[i - 1]?.toSeq)
    expect(broadcasts.at(-1)?.toSeq).toBe(bed.shard.position.seq)
    expect(broadcasts.flatMap((one) => one.skus.flatMap((sku) => sku.joined))).toEqual([2, 1, 3, 1])
    expect(new Set(broadcasts.map((one) => one.epoch))).toEqual(new Set([bed.shard.position.epoch]))
  })

  test('SHD-25 show a gap when more changed than they can say, and go on from there', async () => {
    const bed = await Bed.selling(1, { limits: { mailboxBytesMax: 100_000_000, batchEntriesMax: 1_000_000 } })
    bed.buy('holder', ...Array.from({ length: 45_000 }, (_, i) => `u${i}`))
    await bed.world.pass(200)
    bed.bus.sent.length = 0
    bed.send(...Array.from({ length: 22_500 }, (_, i) => ({ op: 'leave' as const, sku: 'shoe', user: `u${i * 2}` })))
    await bed.world.pass(300)
    const left = bed.shard.position.seq
    expect(bed.broadcasts.find((one) => one.toSeq === left)).toMatchObject({ fromSeq: left, skus: [] })
    bed.send({ op: 'leave', sku: 'shoe', user: 'u1' })
    await bed.world.pass(200)
    expect(bed.broadcasts.find((one) => one.toSeq === left + 1)).toMatchObject({ fromSeq: left, skus: [{ left: [3, 1] }] })
  })

  test('SHD-26 are not sent, and nothing is asked of the store, while a shard has nothing to say', async () => {
    const bed = await Bed.open()
    await bed.world.pass(5_000)
    expect([bed.bus.sent, bed.store.confirms, bed.store.appends]).toEqual([[], 0, []])
  })
})

describe('cold records', () => {
  test('SHD-27 commands that need one come back in their order, before what came later, and others do not wait', async () => {
    const actor = new ColdActor()
    const bed = await Bed.open({ actor })
    bed.store.holdRecords()
    bed.send({ op: 'attach', user: 'ann', msgid: 1 }, { op: 'attach', user: 'warm', msgid: 2 }, { op: 'attach', user: 'ann', msgid: 3 })
    await bed.rest()
    bed.send({ op: 'attach', user: 'ann', msgid: 4 }, { op: 'attach', user: 'bob', msgid: 5 })
    await bed.rest()
    expect(actor.decided).toEqual([2])
    // One more stands in the mailbox when the record arrives.
    bed.store.hold()
    bed.send({ op: 'attach', user: 'warm', msgid: 6 })
    await bed.rest()
    bed.send({ op: 'attach', user: 'ann', msgid: 7 })
    bed.store.letRecordsGo()
    await bed.rest()
    bed.store.letGo()
    await bed.rest()
    expect(actor.decided).toEqual([2, 6, 1, 3, 4, 5, 7])
    expect(actor.reads).toEqual(['ses:ann', 'ses:bob'])
    expect(bed.answers.map((one) => one.msgid).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  test('SHD-36 are read once, however many ask for them', async () => {
    const actor = new ColdActor()
    const bed = await Bed.open({ actor })
    bed.store.holdRecords()
    bed.send({ op: 'attach', user: 'ann', msgid: 1 })
    await bed.rest()
    const loading = bed.shard.load('ses:ann')
    bed.store.letRecordsGo()
    await bed.world.settled(loading)
    await bed.rest()
    expect([actor.reads, actor.decided]).toEqual([['ses:ann'], [1]])
  })

  test('SHD-28 that cannot be read leave their commands BUSY, and the next one tries again', async () => {
    const actor = new ColdActor()
    const bed = await Bed.open({ actor })
    bed.store.kept.readsFail = true
    bed.send({ op: 'attach', user: 'ann', msgid: 1 }, { op: 'attach', user: 'ann', msgid: 2 })
    await bed.rest()
    expect(bed.answers.map((one) => [one.msgid, one.code])).toEqual([
      [1, 'BUSY'],
      [2, 'BUSY'],
    ])
    bed.store.kept.readsFail = false
    bed.send({ op: 'attach', user: 'ann', msgid: 3 })
    await bed.rest()
    expect(actor.decided).toEqual([3])
  })

  test('SHD-29 a closing shard waits for the reads under way and answers what waited for them', async () => {
    const actor = new ColdActor()
    const bed = await Bed.open({ actor })
    bed.store.holdRecords()
    bed.send({ op: 'attach', user: 'ann', msgid: 1 })
    await bed.rest()
    const closing = bed.shard.close()
    await bed.rest()
    bed.store.letRecordsGo()
    await bed.world.settled(closing)
    expect(bed.answers.map((one) => one.msgid)).toEqual([1])
  })
})

describe('handing on', () => {
  test('SHD-35 begins only when the state is stored, and goes on only while the epoch is confirmed', async () => {
    const actor = new InventoryActor(0)
    const put: string[] = []
    actor.useOutbox(
      (state) =>
        new Outbox(
          state,
          {
            putOrder: async (id) => {
              put.push(id)
            },
            tellSession: async () => {},
            delivered: () => {},
            log: new ManualWorld().log,
          },
          1,
        ),
    )
    const bed = await Bed.selling(2, { actor, silent: true })
    bed.buy('ann')
    await bed.rest()
    bed.store.hold()
    bed.send({ op: 'checkout', sku: 'shoe', user: 'ann', payload: new TextEncoder().encode('tok') })
    await bed.world.pass(500)
    expect(put).toEqual([])
    bed.store.letGo()
    await bed.world.pass(200)
    expect(put).toEqual(['shoe:inc1:1/pending/1.1'])
    await bed.world.pass(20_000)
    expect(put.length).toBeGreaterThan(1)
    const before = put.length
    bed.store.troubles.push('fenced')
    await bed.world.pass(500)
    expect(bed.losses.length, 'asked for though nobody is answered').toBe(1)
    await bed.world.pass(60_000)
    expect(put.length).toBe(before)
  })
})

describe('while a record is being stored', () => {
  test('SHD-53 what comes in is decided, and its answers wait for their own record', async () => {
    const bed = await Bed.selling(10)
    const before = bed.shard.counters.commands
    bed.store.hold()
    bed.buy('ann')
    await bed.rest()
    bed.buy('bob')
    await bed.rest()
    expect([bed.shard.counters.commands - before, bed.store.appends.length, bed.answers.length]).toEqual([2, 1, 0])
    bed.store.letGo()
    await bed.rest()
    expect(bed.answers.map((one) => one.claim)).toEqual([1, 2])
    expect(bed.store.appends.length).toBe(2)
  })

  test('SHD-53 a view that is decided then stands behind that record', async () => {
    const bed = await Bed.selling(10, { silent: true })
    bed.store.hold()
    bed.buy('ann')
    await bed.rest()
    bed.send({ op: 'view' })
    await bed.rest()
    bed.store.letGo()
    await bed.rest()
    const [, views] = bed.bus.sent.filter((one) => kindOfFrame(one.frame) === frameKind.answers)
    if (views === undefined) expect.fail('no view came')
    const [view] = innerResultsOf<ShardView>(views.frame)
    expect(view).toMatchObject({ seq: bed.store.appends[0]?.position.seq, skus: [{ held: 1 }] })
  })

  test('SHD-53 what was decided is dropped with the shard when the record before it is refused', async () => {
    const bed = await Bed.selling(10)
    bed.store.hold()
    bed.store.troubles.push('fenced')
    bed.buy('ann')
    await bed.rest()
    bed.buy('bob')
    await bed.rest()
    bed.store.letGo()
    await bed.world.pass(1_000)
    expect([bed.answers.length, bed.store.appends.length, bed.losses.length]).toEqual([0, 1, 1])
  })

  test('SHD-54 but nothing is, while the state waits to be handed on: what is handed on is stored', async () => {
    const actor = new InventoryActor(0)
    const seqWhenPut: number[] = []
    const putOrder = async (): Promise<void> => {
      seqWhenPut.push(bed.shard.position.seq)
    }
    const targets = { putOrder, tellSession: async () => {}, delivered: () => {}, log: new ManualWorld().log }
    actor.useOutbox((state) => new Outbox(state, targets, 1))
    const bed: Bed = await Bed.selling(2, { actor, silent: true })
    bed.buy('ann')
    await bed.rest()
    bed.store.hold()
    const before = bed.store.confirms
    await bed.world.until('a tick asks whether it may hand on', () => bed.store.confirms > before)
    bed.send({ op: 'checkout', sku: 'shoe', user: 'ann', payload: new TextEncoder().encode('tok') })
    await bed.world.pass(30)
    bed.store.letGo()
    await bed.world.pass(1_000)
    expect(seqWhenPut[0]).toBe(bed.store.appends.at(-1)?.position.seq)
  })

  test('SHD-55 nor while the store takes unusually long: the time of what is decided would be old when it is told', async () => {
    const bed = await Bed.selling(10, { silent: true })
    const before = bed.shard.counters.commands
    bed.store.hold()
    bed.buy('ann')
    await bed.world.pass(60)
    bed.buy('bob')
    await bed.rest()
    expect(bed.shard.counters.commands - before).toBe(1)
    bed.store.letGo()
    await bed.world.pass(100)
    expect(bed.answers.map((one) => one.claim)).toEqual([1, 2])
  })
})

test('SHD-34 frames of another kind or version are counted and left alone', async () => {
  const bed = await Bed.selling(1)
  const frame = commandsOf('gw', [{ op: 'buy', sku: 'shoe', user: 'ann' }])
  frame[0] = 9
  bed.bus.send(subject, frame)
  bed.bus.send(subject, Uint8Array.of(1, 2, 0, 0))
  bed.bus.send(subject, new Uint8Array(0))
  await bed.rest()
  expect([bed.shard.counters.foreignFrames, bed.answers]).toEqual([3, []])
})

function replay(actor: Actor, record: Uint8Array, now: number): void {
  const view = new DataView(record.buffer, record.byteOffset, record.length)
  for (let at = 24; at < record.length; at += view.getUint16(at, true)) actor.evolve(record, view, at, now)
}

/** Users are cold until their record was read, all but `warm`; it decides nothing and notes the order of what reaches it. */
class ColdActor implements Actor {
  readonly decided: number[] = []
  readonly reads: string[] = []
  private readonly warm = new Set(['ses:warm'])

  command(batch: Batch, _bytes: Uint8Array, view: DataView, at: number): void {
    this.decided.push(view.getUint32(at + entryOffset.msgid, true))
    batch.replies.result(view, at, null)
  }

  missing(bytes: Uint8Array, at: number): string | undefined {
    const user = new TextDecoder().decode(
      bytes.subarray(at + entryHeadBytes, at + entryHeadBytes + (bytes[at + entryOffset.userBytes] as number)),
    )
    return this.warm.has(`ses:${user}`) ? undefined : `ses:${user}`
  }

  loaded(key: string): void {
    this.reads.push(key)
    this.warm.add(key)
  }

  tick(): boolean {
    return false
  }

  opened(): void {}
  evolve(): void {}
  released(): void {}

  broadcast(): undefined {
    return undefined
  }

  digest(): number {
    return 0
  }

  save(): Uint8Array[] {
    return []
  }

  *restore(): Work<void> {
    yield 1
  }

  clear(): void {}
}
