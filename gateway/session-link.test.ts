import { beforeEach, expect, test } from 'vitest'
import { Calls } from '../cluster/calls.ts'
import { LocalBus } from '../cluster/local-bus.ts'
import { ManualWorld } from '../cluster/manual-world.ts'
import { type ScriptedAnswer, ScriptedShard } from '../cluster/scripted-shard.ts'
import { op } from '../protocol/entry.ts'
import { parseSkuId, parseUserId } from '../protocol/ids.ts'
import { unpackInner } from '../protocol/inner-codec.ts'
import { shardSubject } from '../protocol/subject.ts'
import { SessionLink } from './session-link.ts'

const anna = parseUserId('anna') ?? fail()
const lamp = parseSkuId('lamp') ?? fail()
const taken: ScriptedAnswer = { kind: 'result', result: null }
const away: ScriptedAnswer = { kind: 'refuse', code: 'UNAVAILABLE' }

let world: ManualWorld
let sessions: ScriptedShard
let answer: ScriptedAnswer
let link: SessionLink
let missed: string[]

beforeEach(() => {
  world = new ManualWorld()
  const bus = new LocalBus(world.log)
  answer = taken
  missed = []
  sessions = new ScriptedShard(bus, shardSubject('ses', 0), () => answer)
  link = new SessionLink(
    new Calls({ bus, world, node: 'gateway', shards: 1, limits: { pendingMax: 10, callDeadlineMs: 1_000 } }),
    world,
    (user) => missed.push(user),
  )
})

test('GW-45 the session is told who is connected here and where that is, and who is not any more', async () => {
  link.attached(anna)
  await world.pass(0)
  link.detached(anna)
  await world.pass(0)
  expect(heard()).toEqual([op.attach, op.detach])
  expect(unpackInner(sessions.last.payload)).toEqual({ gateway: 'sluice.gw.gateway' })
})

test('GW-45 a session that is away is told again, and only the latest word', async () => {
  answer = away
  link.attached(anna)
  await world.pass(0)
  link.detached(anna)
  link.attached(anna)
  link.detached(anna)
  await world.pass(500)
  expect(heard()).toEqual([op.attach])
  answer = taken
  await world.pass(600)
  expect(heard()).toEqual([op.attach, op.detach])
  await world.pass(10_000)
  expect(heard()).toHaveLength(2)
})

test('GW-45 a word that changes while it is under way is followed by the newer one', async () => {
  link.attached(anna)
  link.detached(anna)
  await world.pass(0)
  expect(heard().at(-1)).toBe(op.detach)
})

test('GW-45 a claim is told once, with where it was seen', async () => {
  answer = away
  link.claimed(anna, lamp, 7)
  await world.pass(10_000)
  expect(heard()).toEqual([op.claimed])
  expect(unpackInner(sessions.last.payload)).toEqual({ sku: 'lamp', claim: 7, from: 'sluice.gw.gateway' })
})

test('GW-93 whoever is connected elsewhere too may have missed something', async () => {
  answer = { kind: 'result', result: { again: false, elsewhere: 1 } }
  link.attached(anna)
  await world.pass(0)
  expect(missed).toEqual(['anna'])
})

test('GW-93 whoever was forgotten may have missed something, and nobody else', async () => {
  answer = { kind: 'result', result: { again: false, elsewhere: 0 } }
  link.attached(anna)
  await world.pass(0)
  answer = { kind: 'result', result: { again: true, elsewhere: 0 } }
  link.stillAttached(anna)
  await world.pass(0)
  expect(missed).toEqual([])
  answer = { kind: 'result', result: { again: false, elsewhere: 0 } }
  link.stillAttached(anna)
  await world.pass(0)
  expect(missed).toEqual(['anna'])
  expect(heard()).toEqual([op.attach, op.attach, op.attach])
})

test('GW-93 a session of an older version says nothing about that', async () => {
  link.attached(anna)
  await world.pass(0)
  link.stillAttached(anna)
  await world.pass(0)
  expect(missed).toEqual([])
})

test('GW-93 who is here is not said again while something newer is under way', async () => {
  answer = away
  link.attached(anna)
  link.detached(anna)
  link.stillAttached(anna)
  await world.pass(0)
  answer = taken
  await world.pass(5_000)
  expect(heard().at(-1)).toBe(op.detach)
})

test('ABS-9 a gateway that ends says of everybody that they are gone, and waits until sessions have it, but not for ever', async () => {
  link.attached(anna)
  await world.pass(0)
  answer = away
  let isOver = false
  const ends = link.farewell([anna], 5_000).then(() => (isOver = true))
  link.stillAttached(anna)
  link.attached(anna)
  await world.pass(1_500)
  expect(isOver).toBe(false)
  answer = taken
  await world.pass(1_500)
  await ends
  expect(heard().filter((word) => word === op.attach)).toHaveLength(1)
  expect(heard().at(-1)).toBe(op.detach)

  answer = away
  let isGivenUp = false
  const givenUp = link.farewell([anna], 5_000).then(() => (isGivenUp = true))
  await world.pass(4_900)
  expect(isGivenUp).toBe(false)
  await world.pass(200)
  await givenUp
})

test('GW-45 after its end nothing more is told', async () => {
  answer = away
  link.attached(anna)
  await world.pass(0)
  link.close()
  link.attached(anna)
  await world.pass(10_000)
  expect(heard()).toEqual([op.attach])
})

function heard(): number[] {
  return sessions.heard.map((command) => command.op)
}

function fail(): never {
  throw new Error('not an id')
}
