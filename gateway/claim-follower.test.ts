import { beforeEach, expect, test } from 'vitest'
import { decodeInner } from '../cluster/call-codec.ts'
import { Calls } from '../cluster/calls.ts'
import { LocalBus } from '../cluster/local-bus.ts'
import { ManualWorld } from '../cluster/manual-world.ts'
import { type Heard, ScriptedShard } from '../cluster/scripted-shard.ts'
import type { SkuChange } from '../protocol/broadcast.ts'
import { op } from '../protocol/entry.ts'
import { writeError, writeResult } from '../protocol/envelope.ts'
import { type AnswerView, claimKind } from '../protocol/frame.ts'
import { formatOrderId, parseOrderId, parseUserId, type UserId } from '../protocol/ids.ts'
import { unpackInner } from '../protocol/inner-codec.ts'
import { MsgpackWriter } from '../protocol/msgpack-writer.ts'
import type { ClaimState } from '../protocol/results.ts'
import { shardSubject } from '../protocol/subject.ts'
import { ClaimFollower } from './claim-follower.ts'
import type { ClaimReport } from './claim-questions.ts'
import { FakeConnection } from './fake-connection.ts'
import { isPlaceSure, type Presence, Presences } from './presence.ts'
import { SkuView } from './sku-view.ts'
import { skuChange, skuSettings, skuView } from './view-fixtures.ts'
import type { ViewListener } from './views.ts'

const settings = skuSettings('lamp')
const { sku } = settings
/** Not known here. */
const hat = skuSettings('hat').sku
const anna = userOf('anna')

const queued = (ahead: number): ClaimState => ({ state: 'queued', ticket: 7, ahead, eta: null, odds: 'likely' })
const held: ClaimState = { state: 'held', hold: 7, qty: 1, expiresAt: 9_000 }
const none: ClaimState = { state: 'none' }

let world: ManualWorld
let follower: ClaimFollower
let presences: Presences
let lamp: SkuView
let shard: ScriptedShard
/** What the shard says of claims by their numbers. */
let reports: Map<number, ClaimReport>
let isAway: boolean
let toldSession: unknown[]
let toldHere: string[]
let tellViews: ViewListener
let phone: FakeConnection
let laptop: FakeConnection

beforeEach(() => {
  world = new ManualWorld()
  const bus = new LocalBus(world.log)
  reports = new Map()
  toldSession = []
  toldHere = []
  presences = new Presences({ attached: () => {}, detached: () => {} })
  lamp = new SkuView(0, skuView(settings))
  isAway = false
  shard = new ScriptedShard(bus, shardSubject('inv', 0), (command) =>
    isAway ? { kind: 'silence' } : { kind: 'inner', result: asked(command) },
  )
  follower = new ClaimFollower({
    calls: new Calls({ bus, world, node: 'gateway', shards: 1, limits: { pendingMax: 100, callDeadlineMs: 1_000 } }),
    views: {
      find: (name) => (name === sku ? lamp : undefined),
      all: () => [lamp].values(),
      onChange: (listener) => {
        tellViews = listener
      },
    },
    presences,
    clock: world.clock,
    log: world.log,
    decodeReports: decodeInner<readonly ClaimReport[]>,
    stillAttached: (user) => toldHere.push(user),
    tellSession: (...told) => toldSession.push(told),
  })
  phone = new FakeConnection()
  laptop = new FakeConnection()
  presences.join(anna, phone)
})

test("GW-64 a claim in an answer is followed, and the user's other connections are told of it", () => {
  presences.join(anna, laptop)
  answered(queued(3), 7, claimKind.ticket)
  expect(presences.claimsOf(lamp)?.get(7)).toMatchObject({ kind: claimKind.ticket, aheadShown: 3 })
  expect(phone.events).toEqual([])
  expect(laptop.events).toEqual([{ name: 'line', content: { sku, ticket: 7, ahead: 3, eta: null, odds: 'likely' } }])
  expect(toldSession).toEqual([[anna, sku, 7]])
})

test('GW-64 what the user does on one device is told to the others: held, left, ordered', () => {
  presences.join(anna, laptop)
  answered(held, 7, claimKind.hold)
  answered(none, 7, claimKind.none)
  answered({ ...held, hold: 8 }, 8, claimKind.hold)
  answered({ state: 'pending', order: orderOf('lamp:a1:8'), qty: 1, amountMinor: 9_900, currency: 'EUR' }, 8, claimKind.order)
  expect(laptop.events.map((event) => event.name)).toEqual(['held', 'left', 'held', 'order'])
  expect(laptop.eventsOf('order')).toMatchObject([{ sku, state: 'pending', order: 'lamp:a1:8' }])
  expect(phone.events).toEqual([])
  expect(toldSession).toHaveLength(4)
})

test('GW-68 a word that was under way for long takes nothing back that the user was told since', () => {
  presences.join(anna, laptop)
  const paid: ClaimState = { state: 'paid', order: orderOf('lamp:a1:7'), qty: 1, amountMinor: 9_900, currency: 'EUR' }
  answered(paid, 7, claimKind.order)
  for (const late of [queued(3), held, { ...paid, state: 'pending' } as const])
    answered(late, 7, late.state === 'queued' ? claimKind.ticket : claimKind.hold)
  expect(laptop.events.map((event) => event.name)).toEqual(['order'])
  expect(presences.claimsOf(lamp)?.get(7)?.kind).toBe(claimKind.order)
})

test('GW-95 a caller whose answer comes late gets what is known by now', () => {
  const pending: ClaimState = { state: 'pending', order: orderOf('lamp:a1:7'), qty: 1, amountMinor: 9_900, currency: 'EUR' }
  expect(insteadOf(queued(3), 7)).toBeUndefined()
  answered(queued(3), 7, claimKind.ticket)
  expect(insteadOf(queued(5), 7)).toEqual(queued(3))
  expect(insteadOf(queued(2), 7)).toBeUndefined()
  answered(held, 7, claimKind.hold)
  expect(insteadOf(queued(3), 7)).toEqual(held)
  expect(insteadOf({ ...held, expiresAt: 8_000 }, 7)).toEqual(held)
  expect(insteadOf({ ...held, expiresAt: 10_000 }, 7)).toBeUndefined()
  expect(insteadOf(none, 7)).toBeUndefined()
  answered({ ...pending, state: 'paid' }, 7, claimKind.order)
  expect(insteadOf(pending, 7)).toEqual({ ...pending, state: 'paid' })
  expect(insteadOf(held, 8)).toBeUndefined()
})

test("GW-95 while it is not known whether a number is still this claim's, answers are passed on as they are", () => {
  answered(held, 7, claimKind.hold)
  tellViews(lamp, undefined, 0)
  expect(insteadOf(queued(3), 7)).toBeUndefined()
})

test('GW-95 what an answer that came late is about is asked for', async () => {
  answered(held, 7, claimKind.hold)
  await world.pass(0)
  shard.heard.length = 0
  answered(queued(3), 7, claimKind.ticket)
  await world.pass(0)
  expect(shard.heard).toHaveLength(1)
})

test('GW-68 who is answered about an older claim is told of the one that there is', async () => {
  answered({ ...held, hold: 8 }, 8, claimKind.hold)
  reports.set(8, report(8, claimKind.hold, { ...held, hold: 8 }))
  answered(held, 7, claimKind.hold)
  await world.pass(0)
  expect(phone.eventsOf('held')).toMatchObject([{ hold: 8 }])
})

test('GW-91 what a call did that nobody answered in time is told all the same', async () => {
  reports.set(7, report(7, claimKind.hold, held))
  follower.expect(3, lamp, presences.find(anna))
  follower.failed(3, 'BUSY')
  follower.failed(4, 'TIMEOUT')
  await world.pass(0)
  expect(shard.heard).toEqual([])
  follower.expect(3, lamp, presences.find(anna))
  follower.failed(3, 'TIMEOUT')
  await world.pass(0)
  expect(phone.eventsOf('held')).toMatchObject([{ hold: 7 }])
})

test('GW-64 the same claim in the same state again is no news', () => {
  presences.join(anna, laptop)
  for (let repeat = 0; repeat < 3; repeat++) answered(held, 7, claimKind.hold)
  expect(laptop.events).toHaveLength(1)
  expect(toldSession).toHaveLength(1)
})

test('GW-64 a place that the user asked for is the place that was shown', () => {
  answered(queued(5), 7, claimKind.ticket)
  answered(queued(3), 7, claimKind.ticket)
  expect(presences.claimsOf(lamp)?.get(7)?.aheadShown).toBe(3)
  expect(toldSession).toHaveLength(1)
})

test('GW-64 a call by a service or from a connection that is gone reaches the user all the same', () => {
  follower.expect(4, lamp, presences.find(anna))
  follower.answered(answerOf(4, held, 7, claimKind.hold), undefined)
  expect(phone.eventsOf('held')).toEqual([{ sku, hold: 7, qty: 1, expiresAt: 9_000 }])
})

test('GW-64 refusals, answers nobody expects, late answers and users who have left teach nothing', () => {
  follower.answered(answerOf(4, held, 7, claimKind.hold), undefined)
  follower.expect(4, lamp, presences.find(anna))
  follower.answered(refusalOf(4), phone)
  follower.expect(5, lamp, presences.find(anna))
  follower.expect(5, undefined, undefined)
  follower.answered(answerOf(5, held, 7, claimKind.hold), undefined)
  expect(presences.claimsOf(lamp)).toBeUndefined()
  answered({ ...held, hold: 8 }, 8, claimKind.hold)
  answered(none, 7, claimKind.none)
  expect([...(presences.claimsOf(lamp)?.keys() ?? [])]).toEqual([8])
  follower.expect(6, lamp, presences.find(anna))
  presences.leave(anna, phone)
  follower.answered(answerOf(6, held, 9, claimKind.hold), undefined)
  expect(presences.claimsOf(lamp)).toBeUndefined()
  expect(phone.events).toEqual([])
})

test('GW-65 a claim that changed is asked for, once for all that are followed, and told', async () => {
  answered(queued(0), 7, claimKind.ticket)
  reports.set(7, report(7, claimKind.hold, held))
  changed({ changed: [5, 4] })
  await world.pass(0)
  expect(shard.heard).toHaveLength(1)
  expect(unpackInner(shard.last.payload)).toEqual([[sku, [7]]])
  expect(shard.last.op).toBe(op.claimsByNumber)
  expect(phone.eventsOf('held')).toEqual([{ sku, hold: 7, qty: 1, expiresAt: 9_000 }])
  expect(presences.claimsOf(lamp)?.get(7)?.kind).toBe(claimKind.hold)
})

test('ABS-7 a gateway says again which of those who are called up it has, and asks nothing else', async () => {
  answered(queued(0), 7, claimKind.ticket)
  changed({ rollCall: [3, 3, 7, 1] })
  changed({ rollCall: [8, 20] })
  await world.pass(0)
  expect(toldHere).toEqual(['anna'])
  expect(shard.heard).toEqual([])
})

test('GW-65 changes of claims that nobody here has cost nothing', async () => {
  answered(queued(0), 7, claimKind.ticket)
  changed({ changed: [8, 1_000] })
  await world.pass(0)
  expect(shard.heard).toEqual([])
})

test('GW-65 when a view was read anew every claim is asked for, and only what is new is told', async () => {
  answered(held, 7, claimKind.hold)
  reports.set(7, report(7, claimKind.hold, held))
  changed(undefined)
  await world.pass(0)
  expect(shard.heard).toHaveLength(1)
  expect(phone.events).toEqual([])
  reports.set(7, report(7, claimKind.hold, { ...held, expiresAt: 10_000 }))
  changed(undefined)
  await world.pass(0)
  expect(phone.eventsOf('held')).toMatchObject([{ expiresAt: 10_000 }])
})

test.each<[ClaimState, string]>([
  [{ state: 'expired' }, 'expired'],
  [{ state: 'soldout' }, 'soldout'],
  [none, 'left'],
  [{ state: 'paid', order: orderOf('lamp:a1:7'), qty: 1, amountMinor: 9_900, currency: 'EUR' }, 'order'],
])('GW-65 the state %j is told as %s', async (state, event) => {
  answered(held, 7, claimKind.hold)
  reports.set(7, report(7, claimKind.none, state))
  changed({ changed: [7, 1] })
  await world.pass(0)
  expect(phone.events.map((one) => one.name)).toEqual([event])
})

test('GW-65 when a pause ends every hold is asked for, for all their deadlines have moved', async () => {
  answered(held, 7, claimKind.hold)
  lamp.apply(skuChange(settings, { phase: 'paused' }))
  changed({ phase: 'paused' })
  reports.set(7, report(7, claimKind.hold, { ...held, expiresAt: 12_000 }))
  lamp.apply(skuChange(settings, { phase: 'open' }))
  changed({ phase: 'open' })
  changed({ phase: 'open' })
  await world.pass(0)
  expect(phone.eventsOf('held')).toMatchObject([{ expiresAt: 12_000 }])
  expect(shard.heard).toHaveLength(1)
})

test('GW-65 a number that belongs to somebody else by now is not shown', async () => {
  answered(queued(0), 7, claimKind.ticket)
  reports.set(7, { ...report(7, claimKind.hold, held), user: 'ben' })
  changed({ changed: [7, 1] })
  await world.pass(0)
  expect(phone.events).toEqual([])
})

test('GW-65 a place that a shard reports is told only if it is nearer than what was shown', async () => {
  answered(queued(5), 7, claimKind.ticket)
  reports.set(7, report(7, claimKind.ticket, queued(6)))
  changed(undefined)
  await world.pass(0)
  expect(phone.events).toEqual([])
  reports.set(7, report(7, claimKind.ticket, queued(2)))
  changed(undefined)
  await world.pass(0)
  expect(phone.eventsOf('line')).toMatchObject([{ ahead: 2 }])
})

test('GW-65 when the shard is away nothing is told, and the next reading of the view asks again', async () => {
  answered(queued(5), 7, claimKind.ticket)
  reports.set(7, report(7, claimKind.hold, held))
  isAway = true
  changed({ changed: [7, 1] })
  await world.pass(0)
  expect([shard.heard.length, phone.events.length]).toEqual([1, 0])
  isAway = false
  changed(undefined)
  await world.pass(0)
  expect(phone.eventsOf('held')).toHaveLength(1)
})

test('GW-90 claims that a shard gave no answer for are asked for again until it does, and only while they are followed', async () => {
  answered(queued(5), 7, claimKind.ticket)
  isAway = true
  changed({ changed: [7, 1] })
  await world.pass(2_000)
  follower.askAgain()
  await world.pass(2_000)
  expect(shard.heard).toHaveLength(2)
  isAway = false
  reports.set(7, report(7, claimKind.hold, held))
  follower.askAgain()
  follower.askAgain()
  await world.pass(0)
  expect(phone.eventsOf('held')).toHaveLength(1)
  expect(shard.heard).toHaveLength(3)

  isAway = true
  changed({ changed: [7, 1] })
  await world.pass(2_000)
  presences.leave(anna, phone)
  follower.askAgain()
  await world.pass(0)
  expect(shard.heard).toHaveLength(4)
})

test('GW-90 so are all the claims of a user', async () => {
  answered(held, 7, claimKind.hold)
  isAway = true
  follower.noticed(anna, sku, 3)
  await world.pass(2_000)
  isAway = false
  reports.set(8, report(8, claimKind.hold, { ...held, hold: 8 }))
  follower.askAgain()
  await world.pass(0)
  expect(shard.heard.map((one) => one.op)).toEqual([op.claimsOfUser, op.claimsOfUser])
  expect(phone.eventsOf('held')).toMatchObject([{ hold: 8 }])
})

test('GW-96 a claim of a SKU that is not known here yet is asked for again with the next news of its shard', async () => {
  const presence = presences.join(anna, laptop)
  reports.set(3, { ...report(3, claimKind.hold, { ...held, hold: 3 }), sku: hat })
  follower.resumed(presence, 0, [...reports.values()], world.clock.monotonic(), laptop)
  expect(presence.claims.size).toBe(0)
  for (const heard of [1, 2]) {
    changed({})
    await world.pass(0)
    expect(shard.heard.map((one) => one.op)).toEqual(Array.from({ length: heard }, () => op.claimsOfUser))
  }
})

test('GW-97 a claim that was passed on before its SKU was known here, and that its shard has lost since, is told as gone', async () => {
  answeredUnviewed({ state: 'lobby', opensAt: 9_000 })
  await world.pass(1)
  reports.set(3, { ...report(3, claimKind.ticket, { state: 'lobby', opensAt: 9_000 }), sku: hat })
  changed({})
  await world.pass(0)
  expect(phone.events).toEqual([])
  // The SKU is still not known here, and then the store of its shard loses it.
  reports.clear()
  changed({})
  await world.pass(0)
  expect(phone.eventsOf('left')).toEqual([{ sku: hat }])
  changed({})
  await world.pass(0)
  expect(phone.events).toHaveLength(1)
})

test('GW-97 not by a shard that spoke before that answer came', async () => {
  const askedAt = world.clock.monotonic()
  answeredUnviewed(queued(3))
  follower.resumed(annasPresence(), 0, [], askedAt)
  expect(phone.events).toEqual([])
  await world.pass(1)
  follower.askAgain()
  await world.pass(0)
  expect(phone.eventsOf('left')).toEqual([{ sku: hat }])
})

test('GW-66 a device that comes later is followed from its resume on, and the others hear only what is new to them', () => {
  const presence = presences.join(anna, laptop)
  answered(queued(5), 7, claimKind.ticket)
  laptop.events.length = 0
  follower.resumed(presence, 0, [report(7, claimKind.ticket, queued(5))], world.clock.monotonic(), laptop)
  expect([phone.events, laptop.events]).toEqual([[], []])
  follower.resumed(presence, 0, [report(7, claimKind.hold, held)], world.clock.monotonic(), laptop)
  expect(phone.eventsOf('held')).toHaveLength(1)
  expect(laptop.events).toEqual([])
})

test('GW-66 a resume by a service does not keep the news from the user', () => {
  answered(queued(5), 7, claimKind.ticket)
  const service = new FakeConnection({ transport: 'rpc' })
  follower.resumed(annasPresence(), 0, [report(7, claimKind.hold, held)], world.clock.monotonic(), service)
  expect(phone.eventsOf('held')).toHaveLength(1)
})

test('GW-66 what shards said of a user is the last word unless the user was told something newer meanwhile', async () => {
  const presence = annasPresence()
  const askedAt = world.clock.monotonic()
  const reported = [report(7, claimKind.ticket, queued(4))]
  const said = (of: readonly ClaimReport[], since = askedAt) => follower.latest(presence, of, since).map(({ state }) => state)
  follower.resumed(presence, 0, reported, askedAt, phone)
  expect(said(reported)).toEqual([queued(4)])
  answered(queued(2), 7, claimKind.ticket)
  expect(said(reported)).toEqual([queued(2)])
  answered(held, 7, claimKind.hold)
  expect(said(reported)).toEqual([held])
  answered({ ...held, hold: 8 }, 8, claimKind.hold)
  follower.resumed(presence, 0, reported, askedAt, phone)
  expect(said(reported), 'the report is of before that claim').toEqual([{ ...held, hold: 8 }])
  expect([...(presences.claimsOf(lamp)?.keys() ?? [])]).toEqual([8])
  answered({ state: 'expired' }, 8, claimKind.none)
  await world.pass(1)
  const later = world.clock.monotonic()
  follower.resumed(presence, 0, [], later, phone)
  expect(said([], later), 'its shard has put it away').toEqual([])
  expect(follower.latest(undefined, reported, later)).toEqual([{ sku, state: queued(4) }])
})

test.each<readonly [string, () => void]>([
  ['a report of all that its user has', () => follower.resumed(annasPresence(), 0, [], world.clock.monotonic())],
  ['the view that is read anew', () => changed(undefined)],
])('GW-69 a claim that its shard has lost is over for its user by %s', async (_, hear) => {
  answered(queued(5), 7, claimKind.ticket)
  await world.pass(1)
  reports.set(7, { ...report(7, claimKind.hold, held), user: 'ben' })
  hear()
  await world.pass(0)
  await world.pass(0)
  expect(phone.events.map((event) => event.name)).toEqual(['left'])
  expect(presences.claimsOf(lamp)).toBeUndefined()
})

test('GW-69 so it is when an answer from before comes while the shard is asked for all that its user has', async () => {
  answered(queued(5), 7, claimKind.ticket)
  await world.pass(1)
  const askedAt = world.clock.monotonic()
  answered(queued(4), 7, claimKind.ticket)
  follower.resumed(annasPresence(), 0, [], askedAt)
  await expectLostInTime()
})

test('GW-69 and when it comes while the shard is asked for that claim', async () => {
  answered(queued(5), 7, claimKind.ticket)
  await world.pass(1)
  changed(undefined)
  answered(queued(4), 7, claimKind.ticket)
  await expectLostInTime()
})

test('GW-69 whose number somebody else gets has lost the claim', async () => {
  answered(held, 7, claimKind.hold)
  await world.pass(1)
  const tablet = new FakeConnection()
  const ben = presences.join(userOf('ben'), tablet)
  reports.set(7, { ...report(7, claimKind.hold, held), user: 'ben' })
  follower.expect(3, lamp, ben)
  follower.answered(answerOf(3, held, 7, claimKind.hold), tablet)
  await world.pass(0)
  expect(phone.events.map((event) => event.name)).toEqual(['left'])
  expect(tablet.events).toEqual([])
  expect(presences.claimsOf(lamp)?.get(7)?.presence).toBe(ben)
})

test('GW-69 a claim that its shard has lost part of goes back to what the shard says when it is asked after that', async () => {
  answered(none, 7, claimKind.none)
  reports.set(7, report(7, claimKind.hold, held))
  changed(undefined)
  await world.pass(0)
  expect(phone.events, 'asked in the same moment, it may be older').toEqual([])
  await world.pass(1)
  changed(undefined)
  await world.pass(0)
  expect(phone.eventsOf('held')).toHaveLength(1)
})

test('GW-92 after a view was read anew a claim is in doubt until its shard, asked after that, says that it is the same', async () => {
  await world.pass(1)
  answered(queued(5), 7, claimKind.ticket)
  const followed = presences.claimsOf(lamp)?.get(7)
  expect(followed?.doubtedAt).toBeUndefined()
  reports.set(7, report(7, claimKind.ticket, queued(4)))
  changed(undefined)
  answered(queued(4), 7, claimKind.ticket)
  expect(followed?.doubtedAt, 'an answer may be from before').toBe(world.clock.monotonic())
  await world.pass(0)
  expect(followed?.doubtedAt).toBeUndefined()
})

test('GW-106 a device that comes to a user who is here already is told no place until the shard has said it', async () => {
  await world.pass(1)
  answered(queued(5), 7, claimKind.ticket)
  const followed = presences.claimsOf(lamp)?.get(7)
  if (followed === undefined) throw new Error('it is not followed')
  follower.joined(followed.presence)
  expect(isPlaceSure(followed)).toBe(false)
  answered(queued(5), 7, claimKind.ticket)
  expect(isPlaceSure(followed), 'an answer may be from before').toBe(false)
  reports.set(7, report(7, claimKind.ticket, queued(4)))
  follower.askAgain()
  await world.pass(0)
  expect(isPlaceSure(followed)).toBe(true)
})

test('GW-69 after a shard has lost claims, a smaller number is believed when the shard says so itself', async () => {
  answered(held, 7, claimKind.hold)
  await world.pass(1)
  reports.set(5, report(5, claimKind.ticket, { state: 'queued', ticket: 5, ahead: 1, eta: null, odds: 'likely' }))
  answered({ state: 'queued', ticket: 5, ahead: 2, eta: null, odds: 'likely' }, 5, claimKind.ticket)
  await world.pass(0)
  expect(shard.last.op).toBe(op.claimsOfUser)
  expect(phone.eventsOf('line')).toMatchObject([{ ticket: 5, ahead: 1 }])
  expect([...(presences.claimsOf(lamp)?.keys() ?? [])]).toEqual([5])
})

test('GW-67 a claim made through another gateway is asked for and told', async () => {
  reports.set(7, report(7, claimKind.ticket, queued(2)))
  follower.noticed(anna, sku, 7)
  await world.pass(0)
  expect(phone.eventsOf('line')).toMatchObject([{ ahead: 2 }])
  reports.set(7, report(7, claimKind.none, none))
  follower.noticed(anna, sku, 7)
  await world.pass(0)
  expect(phone.eventsOf('left')).toHaveLength(1)
  follower.noticed(anna, sku, 6)
  follower.noticed(userOf('ben'), sku, 8)
  await world.pass(0)
  expect(shard.heard.map((command) => command.op)).toEqual([op.claimsByNumber, op.claimsByNumber, op.claimsOfUser])
})

function annasPresence(): Presence {
  const presence = presences.find(anna)
  if (presence === undefined) throw new Error('anna is not here')
  return presence
}

/** The reports that the shard is asked for. */
function asked({ op: asks, user, payload }: Heard): readonly ClaimReport[] {
  if (asks === op.claimsOfUser) return [...reports.values()].filter((one) => one.user === user)
  return unpackInner<[string, number[]][]>(payload).flatMap(([, claims]) => claims.flatMap((claim) => reports.get(claim) ?? []))
}

/** Anna's phone makes a call, and this is the answer. */
function answered(state: ClaimState, claim: number, kind: number): void {
  follower.expect(3, lamp, presences.find(anna))
  follower.answered(answerOf(3, state, claim, kind), phone)
}

/** About {@link hat}. */
function answeredUnviewed(state: ClaimState): void {
  follower.expect(3, { sku: hat, shard: 0 }, presences.find(anna))
  follower.answered(answerOf(3, state, 3, claimKind.ticket), phone)
}

/** Of an answer that has come and is not taken in yet. */
function insteadOf(state: ClaimState, claim: number): ClaimState | undefined {
  follower.expect(3, lamp, presences.find(anna))
  return follower.insteadOf(answerOf(3, state, claim, claimKind.ticket))
}

function answerOf(slot: number, state: ClaimState, claim: number, kind: number): AnswerView {
  const writer = new MsgpackWriter()
  writeResult(writer, 1, { ...state })
  return { slot, turn: 1, claim, claimKind: kind, code: 0, frame: writer.bytes, from: 0, to: writer.length }
}

function refusalOf(slot: number): AnswerView {
  const writer = new MsgpackWriter()
  writeError(writer, 1, { code: 'SOLD_OUT', message: 'no' })
  return { slot, turn: 1, claim: 0, claimKind: 0, code: 1, frame: writer.bytes, from: 0, to: writer.length }
}

function report(claim: number, kind: number, state: ClaimState): ClaimReport {
  return { sku, claim, kind, user: 'anna', state }
}

/** Not by what is under way, but by what is asked in the next ticks, and nothing is asked after that. */
async function expectLostInTime(): Promise<void> {
  await world.pass(1)
  expect(phone.events.map((event) => event.name)).toEqual([])
  for (let tick = 0; tick < 2; tick++) {
    follower.askAgain()
    await world.pass(1)
  }
  expect(phone.events.map((event) => event.name)).toEqual(['left'])
  expect(presences.claimsOf(lamp)).toBeUndefined()
  const questions = shard.heard.length
  follower.askAgain()
  await world.pass(1)
  expect(shard.heard).toHaveLength(questions)
}

function changed(change: Partial<SkuChange> | undefined): void {
  tellViews(lamp, change === undefined ? undefined : skuChange(settings, change), 0)
}

function orderOf(text: string) {
  const parts = parseOrderId(text)
  if (parts === undefined) throw new Error(`${text} is no order`)
  return formatOrderId(parts)
}

function userOf(text: string): UserId {
  const user = parseUserId(text)
  if (user === undefined) throw new Error(`${text} is no user`)
  return user
}
