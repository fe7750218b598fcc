import { beforeEach, expect, test } from 'vitest'
import { ManualWorld } from '../cluster/manual-world.ts'
import { claimKind } from '../protocol/frame.ts'
import { parseUserId } from '../protocol/ids.ts'
import { FakeConnection } from './fake-connection.ts'
import { GatewayCounters } from './gateway-counters.ts'
import { encodeLines, type LineEncoder, type LineFrame, type LineRound } from './line-frames.ts'
import { freshWithinMs } from './position-bound.ts'
import { PositionRounds } from './position-rounds.ts'
import { sliceMsMax } from './position-sends.ts'
import { type FollowedClaim, Presences } from './presence.ts'
import { SkuView } from './sku-view.ts'
import { skuChange, skuSettings, skuView } from './view-fixtures.ts'

const tickMs = 100
const settings = skuSettings('lamp')
const crowd = 700

let world: ManualWorld
let presences: Presences
let counters: GatewayCounters
let lamp: SkuView
let waiters: FakeConnection[]
let encoder: HeldEncoder
/** What sends have taken of the event loop. */
let spentMs: number

beforeEach(async () => {
  world = new ManualWorld()
  presences = new Presences({ attached: () => {}, detached: () => {} })
  counters = new GatewayCounters()
  lamp = new SkuView(0, skuView(settings))
  lamp.apply(skuChange(settings, { joined: [1, crowd] }))
  encoder = new HeldEncoder()
  spentMs = 0
  await world.pass(10_000)
})

test('GW-101 the sends of a round are spread over the tick', async () => {
  come(crowd)
  const rounds = roundsOf()
  rounds.run()
  const atOnce = toldCount()
  expect(atOnce).toBeLessThan(crowd / 5)
  expect(atOnce).toBeGreaterThan(0)
  await world.pass(tickMs / 2)
  expect(toldCount()).toBeLessThan(crowd)
  await world.pass(tickMs / 2)
  expect(toldCount()).toBe(crowd)
})

test('GW-101 a slice ends when it has taken long enough, and nothing is picked while the sends cannot keep up', async () => {
  come(crowd, () => new SlowConnection())
  const rounds = roundsOf()
  rounds.run()
  expect(toldCount()).toBeLessThanOrEqual(4 * sliceMsMax)
  for (let tick = 0; tick < 200; tick++) {
    await world.pass(tickMs)
    const before = spentMs
    rounds.run()
    expect(spentMs - before).toBeLessThanOrEqual(4 * sliceMsMax)
  }
  expect(toldCount()).toBe(crowd)
})

test('GW-102 a large round is encoded apart from the event loop, for each client in its codec', async () => {
  come(crowd, (n) => new FakeConnection({ codec: n % 2 === 0 ? 'json' : 'msgpack' }))
  const rounds = roundsOf(encoder)
  rounds.run()
  expect([encoder.held.length, toldCount()]).toEqual([1, 0])
  encoder.release()
  await world.pass(tickMs)
  expect(waiters.map(places)).toEqual(waiters.map((_, n) => [n]))
  expect(counters.roundsEncoded).toBe(1)
})

test('GW-102 what was encoded is not sent to those who have been shown a better place since, or have none any more', async () => {
  come(crowd)
  const rounds = roundsOf(encoder)
  rounds.run()
  const [better, held, doubted, gone] = [followed(600), followed(601), followed(602), followed(603)]
  better.aheadShown = 500
  held.kind = claimKind.hold
  doubted.doubtedAt = world.clock.monotonic()
  presences.unfollow(gone)
  lamp.apply(skuChange(settings, { left: [605, 1] }))
  encoder.release()
  await world.pass(tickMs)
  const silent = waiters.flatMap((one, n) => (places(one).length === 0 ? [n + 1] : []))
  expect(silent).toEqual([600, 601, 602, 603, 605])
})

test('GW-102 a device that came since is told in its own codec', async () => {
  come(crowd)
  const rounds = roundsOf(encoder)
  rounds.run()
  const laptop = new FakeConnection({ codec: 'json' })
  presences.join(userOf('user-40'), laptop)
  encoder.release()
  await world.pass(tickMs)
  expect(places(laptop)).toEqual([39])
})

test.each([
  ['refuses', () => encoder.fail()],
  ['does not answer', () => {}],
])('GW-103 when the encoder %s, the event loop does it, for a while', async (_how, befalls) => {
  come(crowd)
  const rounds = roundsOf(encoder)
  rounds.run()
  befalls()
  for (let tick = 0; tick < 10; tick++) {
    await world.pass(tickMs)
    rounds.run()
  }
  await world.pass(tickMs)
  expect(toldCount()).toBe(crowd)
  expect(counters.encoderFailures).toBe(1)
  expect(world.logged.filter(({ level }) => level === 'warn')).toHaveLength(1)
  // An answer that comes after all says nothing new.
  encoder.release()
  await world.pass(tickMs)
  expect(waiters.every((one) => places(one).length === 1)).toBe(true)
})

test('GW-104 who does not read is sent no more places, and is told the newest within a turn of reading again', async () => {
  come(3)
  const rounds = roundsOf()
  const [, slow = new FakeConnection()] = waiters
  const laptop = new FakeConnection()
  presences.join(userOf('user-2'), laptop)
  slow.reads = false
  rounds.run()
  expect([places(slow), places(laptop)]).toEqual([[], [1]])
  lamp.apply(skuChange(settings, { left: [1, 1] }))
  rounds.run()
  expect([places(slow), places(laptop)]).toEqual([[], [1, 0]])
  expect(counters.positionsPutOff).toBeGreaterThan(1)
  slow.reads = true
  for (let passed = 0; passed < freshWithinMs; passed += tickMs) {
    await world.pass(tickMs)
    rounds.run()
  }
  expect(places(slow)).toEqual([0])
})

test('GW-100 the log says once that the budget does not reach, and once that it does again', () => {
  come(crowd)
  const rounds = roundsOf(undefined, 100)
  rounds.run()
  rounds.run()
  expect(rounds.boundMs).toBe(Math.ceil((crowd * 1000) / 50) + 500)
  for (const one of followedClaims().slice(10)) presences.unfollow(one)
  rounds.run()
  rounds.run()
  expect(rounds.boundMs).toBe(freshWithinMs)
  expect(world.logged.map(({ level }) => level)).toEqual(['warn', 'info'])
})

test('GW-100 the bound that is stated is no better than what clients have just waited', async () => {
  come(crowd)
  const rounds = roundsOf()
  rounds.run()
  await world.pass(tickMs)
  expect(rounds.boundMs).toBe(freshWithinMs)
  // Nothing runs for a while, as on a machine that has too much to do.
  await world.pass(2 * freshWithinMs)
  lamp.apply(skuChange(settings, { left: [1, 1] }))
  rounds.run()
  await world.pass(tickMs)
  expect(rounds.boundMs).toBeGreaterThanOrEqual(2 * freshWithinMs)
  for (let passed = 0; passed < 30_000; passed += tickMs) {
    rounds.run()
    await world.pass(tickMs)
  }
  expect(rounds.boundMs).toBe(freshWithinMs)
})

test('GW-63 however many came at once, their turns are spread evenly, and each has one within the bound', async () => {
  come(crowd)
  const rounds = roundsOf(undefined, 2_000)
  rounds.run()
  await world.pass(tickMs)
  const perTick: number[] = []
  const lastTold = waiters.map(() => 0)
  let longest = 0
  for (let tick = 1; tick <= 60; tick++) {
    lamp.apply(skuChange(settings, { left: [tick, 1] }))
    const before = waiters.map((one) => places(one).length)
    rounds.run()
    await world.pass(tickMs)
    const told = waiters.flatMap((one, n) => (places(one).length > (before[n] ?? 0) ? [n] : [])).filter((n) => n > 200)
    perTick.push(told.length)
    for (const n of told) {
      longest = Math.max(longest, (tick - (lastTold[n] ?? 0)) * tickMs)
      lastTold[n] = tick
    }
  }
  expect(Math.max(...perTick.slice(20))).toBeLessThan(100)
  expect(lastTold.slice(201).every((tick) => (60 - tick) * tickMs < freshWithinMs)).toBe(true)
  expect(longest).toBeLessThan(freshWithinMs)
})

/** Answers when it is told to. */
class HeldEncoder implements LineEncoder {
  readonly framesMin = 500
  readonly held: { readonly round: LineRound; readonly settle: (bytes: Uint8Array) => void; readonly reject: (error: Error) => void }[] = []

  encode(round: LineRound): Promise<Uint8Array> {
    return new Promise((settle, reject) => {
      this.held.push({ round, settle, reject })
    })
  }

  release(): void {
    for (const { round, settle } of this.held.splice(0)) settle(encodeLines(round))
  }

  fail(): void {
    for (const { reject } of this.held.splice(0)) reject(new Error('the queue is full'))
  }
}

/** A send to it takes a millisecond. */
class SlowConnection extends FakeConnection {
  override tellPlace(frame: LineFrame): boolean {
    spentMs++
    return super.tellPlace(frame)
  }
}

function roundsOf(by?: LineEncoder, budgetPerSecond = 1_000_000): PositionRounds {
  const { timers, log } = world
  const clock = { now: () => world.clock.now(), monotonic: () => world.clock.monotonic() + spentMs }
  return new PositionRounds({
    views: { all: () => [lamp].values() },
    ...{ presences, clock, timers, log, counters, budgetPerSecond, tickMs, encoder: by },
  })
}

/** `user-1` has claim 1, and so on. */
function come(count: number, connect: (n: number) => FakeConnection = () => new FakeConnection()): void {
  waiters = Array.from({ length: count }, (_, n) => connect(n))
  for (const [n, connection] of waiters.entries())
    presences.follow(presences.join(userOf(`user-${n + 1}`), connection), lamp, n + 1).kind = claimKind.ticket
}

function followedClaims(): readonly FollowedClaim[] {
  return [...(presences.claimsOf(lamp)?.values() ?? [])]
}

function followed(claim: number): FollowedClaim {
  const found = presences.claimsOf(lamp)?.get(claim)
  if (found === undefined) throw new Error(`claim ${claim} is not followed`)
  return found
}

function toldCount(): number {
  return waiters.filter((one) => places(one).length > 0).length
}

function places(connection: FakeConnection): number[] {
  return connection.eventsOf('line').map((event) => Number(Reflect.get(Object(event), 'ahead')))
}

function userOf(text: string) {
  const user = parseUserId(text)
  if (user === undefined) throw new Error(`${text} is no user`)
  return user
}
