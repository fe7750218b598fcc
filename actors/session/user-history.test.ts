import { beforeEach, expect, test } from 'vitest'
import { op } from '../../protocol/entry.ts'
import { began, laptop, limits, name, news, phone, SessionBed } from '../testing/session-bed.ts'
import { packSession, unpackSession } from './session-record.ts'
import { snapshotSessions } from './session-snapshot.ts'
import { historyMs, UserSession, visitGapMs, visitsMax } from './user-session.ts'

let bed: SessionBed

beforeEach(async () => {
  bed = await SessionBed.open()
})

const attach = (user: string, gateway = phone) => bed.ask(op.attach, user, { gateway })

test('USR-1 what the shop calls a user is kept, a part at a time, and every gateway is told when it changes', async () => {
  expect((await bed.ask(op.userInfo, 'ann')).result).toEqual({ displayName: null, tier: null })
  expect((await bed.ask(op.userSet, 'ann', { displayName: 'Ann', tier: 'gold' })).result).toEqual({
    user: 'ann',
    displayName: 'Ann',
    tier: 'gold',
  })
  await bed.ask(op.userSet, 'ann', { tier: 'gold' })
  await bed.ask(op.userSet, 'ann', { tier: null })
  await bed.world.pass(200)
  expect(bed.changed).toEqual(['ann', 'ann'])

  bed = await bed.crash()
  expect((await bed.ask(op.userInfo, 'ann')).result).toEqual({ displayName: 'Ann', tier: null })
  await bed.store.writeSnapshot(name, await bed.world.settled(snapshotSessions(bed.shard, bed.actor)))
  expect(bed.store.journalLength(name)).toBe(0)
  bed = await bed.crash()
  expect((await bed.ask(op.userInfo, 'ann')).result).toEqual({ displayName: 'Ann', tier: null })
})

test('USR-2 to connect after half an hour without coming or going is a visit; to reload, to reconnect or to come on a second device is not', () => {
  const session = new UserSession('ann')
  const go = (kind: 'attached' | 'detached', gateway: string, atMs: number): void =>
    session.apply({ kind, user: 'ann', position: { epoch: 1, seq: 1 }, gateway }, began + atMs)
  go('attached', phone, 0)
  go('detached', phone, 1_000)
  go('attached', phone, 2_000)
  go('attached', laptop, visitGapMs)
  go('detached', laptop, 2 * visitGapMs)
  go('detached', phone, 2 * visitGapMs)
  go('attached', phone, 3 * visitGapMs)
  expect(session.visits.map((at) => at - began)).toEqual([0])
  go('detached', phone, 4 * visitGapMs)
  go('attached', phone, 5 * visitGapMs + 1)
  expect(session.visits.map((at) => at - began)).toEqual([5 * visitGapMs + 1, 0])
})

test('USR-3 history is told latest first, a page at a time, and nothing twice when something new comes in between', async () => {
  await attach('ann')
  const seen = 60_000
  for (let claim = 1; claim <= 5; claim++) await bed.ask(op.orderNews, 'ann', news('ann', claim, 'paid', seen + claim))
  const all = await bed.history('ann')
  expect(all.next).toBeNull()
  expect(all.entries.map((entry) => (entry.kind === 'visit' ? 'visit' : entry.order))).toEqual([
    ...[5, 4, 3, 2, 1].map((claim) => news('ann', claim, 'paid').order),
    'visit',
  ])

  const first = await bed.history('ann', null, 2)
  await bed.ask(op.orderNews, 'ann', news('ann', 6, 'paid', seen + 6))
  await bed.ask(op.orderNews, 'ann', { ...news('ann', 2, 'refunded', seen + 7), refundedMinor: 5_000 })
  const second = await bed.history('ann', first.next, 2)
  const third = await bed.history('ann', second.next, 2)
  expect([...first.entries, ...second.entries, ...third.entries].map(({ at }) => at - began - seen)).toEqual([5, 4, 3, 1, -seen])
  expect(third.next).toBeNull()
})

test('USR-4 what is a month old is not told any more, and one more visit than there is room for drops the oldest', () => {
  const session = new UserSession('ann')
  const position = { epoch: 1, seq: 1 }
  const attached = { kind: 'attached', user: 'ann', position, gateway: phone } as const
  const { user: _user, claim: _claim, ...order } = news('ann', 1, 'paid')
  session.apply(attached, began)
  session.apply({ kind: 'ordered', user: 'ann', position, order }, order.updatedAt)
  expect(session.history(began + historyMs - 1).map(({ kind }) => kind)).toEqual(['order', 'visit'])
  expect(session.history(began + historyMs).map(({ kind }) => kind)).toEqual(['order'])
  expect(session.history(order.updatedAt + historyMs)).toEqual([])

  const perVisitMs = visitGapMs + 1
  for (let visit = 1; visit <= visitsMax + 5; visit++) session.apply(attached, began + visit * perVisitMs)
  const now = began + (visitsMax + 5) * perVisitMs
  expect(
    session
      .history(now)
      .filter(({ kind }) => kind === 'visit')
      .map(({ at }) => (now - at) / perVisitMs),
  ).toEqual(Array.from({ length: visitsMax }, (_, i) => i))
  session.apply(attached, now + historyMs)
  expect(unpackSession('ann', packSession(session)).visits).toEqual([now + historyMs])
})

test('USR-5 several changes of a user are one write, and one that was answered is not lost with its owner', async () => {
  bed.store.writes.length = 0
  await attach('ann')
  await bed.ask(op.userSet, 'ann', { displayName: 'Ann' })
  await bed.ask(op.orderNews, 'ann', news('ann', 1, 'paid'))
  const told = await bed.history('ann')
  expect(told.entries).toHaveLength(2)
  expect(bed.store.writes).toEqual([])
  const written = await bed.crash()
  expect(await written.history('ann')).toEqual(told)
  await written.world.pass(2 * limits.writeAfterMs)
  expect(written.store.writes).toEqual(['user/ann'])
})
