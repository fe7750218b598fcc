import { beforeEach, expect, test } from 'vitest'
import { type JournalRecord, journalStart } from '../../cluster/store.ts'
import { op } from '../../protocol/entry.ts'
import { pseudonymOf } from '../pseudonym.ts'
import { replay } from '../recovery.ts'
import { laptop, limits, name, news, phone, SessionBed } from '../testing/session-bed.ts'
import { SessionActor } from './session-actor.ts'
import { snapshotSessions } from './session-snapshot.ts'

const ann = 'ann@shop.example'
let bed: SessionBed

beforeEach(async () => {
  bed = await SessionBed.open()
})

const erase = (check = false) => bed.ask(op.userErase, ann, { check })
const reserve = (sku: string, qty: number) => bed.ask(op.reserve, ann, { sku, sale: 'sale', qty, limit: 3 })

/** All that is known of a user: orders, visits, a name, and units that count. */
async function shopAround(): Promise<void> {
  await bed.ask(op.attach, ann, { gateway: phone })
  await bed.ask(op.userSet, ann, { displayName: 'Ann', tier: 'gold' })
  await bed.ask(op.orderNews, ann, news(ann, 1, 'paid'))
  await reserve('shoe', 2)
  await report(1, 0, 2)
  await bed.ask(op.detach, ann, { gateway: phone })
}

async function report(number: number, live: number, bought: number): Promise<void> {
  await bed.ask(op.reservationNews, ann, { user: ann, sku: 'shoe', sale: 'sale', number, live, bought, at: { epoch: 1, seq: number } })
}

async function expectNothing(): Promise<void> {
  expect(await bed.user(ann)).toEqual({
    ...{ user: ann, displayName: null, tier: null, attachedTo: [], firstSeenAt: null, lastSeenAt: null, orders: [] },
    counted: [{ sku: 'shoe', sale: 'sale', open: 0, bought: 2 }],
  })
  expect(await bed.history(ann)).toEqual({ entries: [], next: null })
}

/** Where the user's id is, anywhere in the store. */
async function places(): Promise<string[]> {
  const found: string[] = []
  for (const [key, bytes] of bed.store.records) if (key.includes(ann) || Buffer.from(bytes).includes(ann)) found.push(`record ${key}`)
  for await (const { position, bytes } of bed.store.readArchive(name))
    if (Buffer.from(bytes).includes(ann)) found.push(`journal ${position.seq}`)
  for (const chunk of (await bed.store.readSnapshot(name))?.chunks ?? []) if (Buffer.from(chunk).includes(ann)) found.push('snapshot')
  return found
}

/** What compaction does some time after an erasure. */
async function compact(): Promise<number> {
  await bed.world.pass(100)
  const names = bed.actor.names.toStrike()
  const snapshot = await bed.world.settled(snapshotSessions(bed.shard, bed.actor))
  await bed.store.writeSnapshot(name, snapshot)
  if (names === undefined || !names.isTrimmedBy(snapshot.position)) throw new Error('there is nothing to strike')
  const rewritten = await bed.store.rewriteArchive(name, names.rewrite)
  names.done()
  return rewritten
}

test('ERA-5 a session forgets everything but what counts against the limits of sales, and gateways are told', async () => {
  await shopAround()
  expect((await erase(true)).result).toEqual({ pseudonym: pseudonymOf(ann), isConnected: false })
  expect((await bed.user(ann)).orders).toHaveLength(1)
  bed.bus.sent.length = 0
  expect((await erase()).result).toEqual({ pseudonym: pseudonymOf(ann), isConnected: false })
  await expectNothing()
  expect(bed.changed).toEqual([ann])
  expect((await reserve('hat', 2)).result).toEqual({ number: 0, qty: 0 })
  expect((await reserve('hat', 1)).result).toEqual({ number: 2, qty: 1 })
})

test('ERA-5 is refused while units are set aside that may still become something', async () => {
  await reserve('shoe', 1)
  expect((await erase(true)).error?.code).toBe('USER_ACTIVE')
  expect((await erase()).error?.code).toBe('USER_ACTIVE')
})

test('ERA-5 survives owners that die, before the record is gone and after', async () => {
  await shopAround()
  await bed.world.until('the record is written', () => bed.store.records.size === 1)
  await erase()
  bed = await bed.crash()
  expect(bed.store.records.size).toBe(1)
  await bed.world.settled(snapshotSessions(bed.shard, bed.actor))
  expect(bed.store.records.size).toBe(0)
  bed = await bed.crash()
  await expectNothing()
  await compact()
  bed = await bed.crash()
  await expectNothing()
  expect((await reserve('hat', 2)).result).toEqual({ number: 0, qty: 0 })
})

test('ERA-10 a record stays for a while after its erasure is stored, however much hurry there is, so that a store which loses the erasure still has what counts', async () => {
  await shopAround()
  // From here on her record alone has what counts.
  await bed.store.writeSnapshot(name, await bed.world.settled(snapshotSessions(bed.shard, bed.actor)))
  // A change that is due before the erasure is makes no difference.
  await bed.ask(op.userSet, ann, { displayName: 'Anna' })
  await bed.world.pass(limits.writeAfterMs - 200)
  const before = bed.shard.position
  await erase()
  let isFlushed = false
  void bed.actor.flush().then(() => (isFlushed = true))
  await bed.world.pass(limits.writeAfterMs / 2)
  expect(isFlushed).toBe(false)
  bed.store.loseFrom(name, { ...before, seq: before.seq + 1 })
  const lossy = await bed.crash()
  expect((await lossy.user(ann)).counted).toEqual([{ sku: 'shoe', sale: 'sale', open: 0, bought: 2 }])
  expect((await lossy.ask(op.userErase, ann, { check: false })).error).toBeNull()
  await lossy.world.until('the record is gone', () => lossy.store.records.size === 0)
})

test('ERA-6 leaves the id nowhere in records, snapshot and archive once those are compacted, and what is left replays to the same digest', async () => {
  await shopAround()
  await bed.ask(op.attach, 'bob', { gateway: laptop })
  await bed.world.until('the records are written', () => bed.store.records.size === 2)
  await erase()
  expect((await places()).length).toBeGreaterThan(3)
  expect(await compact()).toBeGreaterThan(3)
  expect(await places()).toEqual([])
  expect(bed.actor.names.toStrike()).toBeUndefined()
  expect((await bed.user('bob')).attachedTo).toEqual([laptop])

  const whole = new SessionActor(limits)
  const replayed = await bed.world.settled(replay(whole, undefined, recordsOf(bed)))
  expect(replayed.position).not.toEqual(journalStart)
  expect(whole.digest()).toBe(bed.actor.digest())
})

test('ERA-6 a next owner strikes out what the one before had not', async () => {
  await shopAround()
  await erase()
  bed = await bed.crash()
  await bed.world.pass(1_000)
  expect(await compact()).toBeGreaterThan(3)
  expect(await places()).toEqual([])
})

test('ERA-6 what they do after that is remembered, and stays', async () => {
  await shopAround()
  await erase()
  await bed.ask(op.attach, ann, { gateway: laptop })
  await compact()
  expect((await bed.user(ann)).attachedTo).toEqual([laptop])
  expect((await bed.user(ann)).counted).toHaveLength(1)
  bed = await bed.crash()
  expect((await bed.user(ann)).attachedTo).toEqual([laptop])
  expect((await bed.history(ann)).entries.map(({ kind }) => kind)).toEqual(['visit'])
})

async function* recordsOf({ store }: SessionBed): AsyncIterable<JournalRecord> {
  for await (const { position, bytes } of store.readArchive(name)) if (position.seq > 0) yield { position, bytes }
}
