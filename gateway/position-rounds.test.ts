import * as fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { ManualWorld } from '../cluster/manual-world.ts'
import { appendToRuns, type Runs } from '../protocol/broadcast.ts'
import { claimKind } from '../protocol/frame.ts'
import { parseUserId } from '../protocol/ids.ts'
import { FakeConnection } from './fake-connection.ts'
import { GatewayCounters } from './gateway-counters.ts'
import { freshWithinMs } from './position-bound.ts'
import { PositionRounds } from './position-rounds.ts'
import { type FollowedClaim, Presences } from './presence.ts'
import { SkuView } from './sku-view.ts'
import { skuChange, skuSettings, skuView } from './view-fixtures.ts'

const tickMs = 100
const settings = skuSettings('lamp')

let world: ManualWorld
let presences: Presences
let counters: GatewayCounters
let views: SkuView[]
let lamp: SkuView

beforeEach(async () => {
  world = new ManualWorld()
  presences = new Presences({ attached: () => {}, detached: () => {} })
  counters = new GatewayCounters()
  lamp = new SkuView(0, skuView(settings))
  views = [lamp]
  // Later than the first interval, as in a gateway that has run for a while.
  await world.pass(10_000)
})

test('GW-62 whoever waits is told the place when the line has moved, and nothing while it stands', () => {
  const rounds = roundsOf()
  move({ joined: [1, 3] })
  const [anna, ben] = [waiter('anna', 2), waiter('ben', 3)]
  rounds.run()
  expect([places(anna), places(ben)]).toEqual([[1], [2]])
  rounds.run()
  move({ left: [1, 1] })
  rounds.run()
  expect([places(anna), places(ben)]).toEqual([
    [1, 0],
    [2, 1],
  ])
  expect(counters.positionFrames).toBe(4)
})

test('GW-62 a place is not told before the view has it, for those ahead of it might be missing', () => {
  const rounds = roundsOf()
  move({ joined: [1, 1] })
  const anna = waiter('anna', 5)
  rounds.run()
  expect(places(anna)).toEqual([])
  move({ joined: [2, 4] })
  rounds.run()
  expect(places(anna)).toEqual([4])
})

test('GW-62 a place never rises, whatever was shown before', () => {
  const rounds = roundsOf()
  move({ joined: [1, 5] })
  const anna = waiter('anna', 5)
  followedOf(anna).aheadShown = 2
  rounds.run()
  expect(places(anna)).toEqual([])
  move({ left: [1, 3] })
  rounds.run()
  expect(places(anna)).toEqual([1])
})

test('GW-62 nor while the ticket might be somebody else’s, because its shard may have lost records', () => {
  const rounds = roundsOf()
  move({ joined: [1, 3] })
  const anna = waiter('anna', 2)
  followedOf(anna).doubtedAt = world.clock.monotonic()
  rounds.run()
  expect(places(anna)).toEqual([])
  followedOf(anna).doubtedAt = undefined
  rounds.run()
  expect(places(anna)).toEqual([1])
})

test('GW-62 every device of a user is told, and those who hold or have left are not', () => {
  const rounds = roundsOf()
  move({ joined: [1, 4] })
  const phone = waiter('anna', 1)
  const laptop = new FakeConnection()
  presences.join(userOf('anna'), laptop)
  const holder = waiter('ben', 2)
  followedOf(holder).kind = claimKind.hold
  rounds.run()
  expect([places(phone), places(laptop), places(holder)]).toEqual([[0], [0], []])
  expect(counters.positionFrames).toBe(2)
})

test('GW-63 far from the front a change is told within the bound, near it at once', async () => {
  const rounds = roundsOf()
  move({ joined: [1, 300] })
  const [near, far] = [waiter('near', 50), waiter('far', 290)]
  rounds.run()
  expect([places(near), places(far)]).toEqual([[49], [289]])
  for (let left = 1; left <= 10; left++) {
    move({ left: [left, 1] })
    rounds.run()
    await world.pass(tickMs)
  }
  expect(places(near)).toHaveLength(11)
  expect(places(far).length).toBeLessThanOrEqual(2)
  for (let passed = 0; passed < freshWithinMs - 10 * tickMs; passed += tickMs) {
    rounds.run()
    await world.pass(tickMs)
  }
  expect(places(far).at(-1)).toBe(279)
})

test('GW-63 within a budget the nearest come first, and the far ones take turns', async () => {
  const rounds = roundsOf(30)
  move({ joined: [1, 400] })
  const near = ['a', 'b'].map((user, n) => waiter(user, 10 + n))
  const far = Array.from({ length: 8 }, (_, n) => waiter(`far-${n}`, 300 + n))
  rounds.run()
  expect([near, far].map((group) => group.filter((one) => places(one).length > 0).length)).toEqual([2, 1])
  for (let round = 0; round < 3; round++) {
    await world.pass(tickMs)
    rounds.run()
  }
  expect(far.map((one) => places(one).length)).toEqual([1, 1, 1, 1, 1, 1, 1, 1])
  await world.pass(freshWithinMs)
  for (let round = 0; round < 3; round++) {
    move({ left: [200 + round, 1] })
    await world.pass(tickMs)
    rounds.run()
  }
  expect(far.map((one) => places(one).length)).toEqual([2, 2, 2, 2, 2, 2, 2, 2])
})

test('GW-63 a long line does not keep the budget from the others', () => {
  const vase = new SkuView(0, skuView(skuSettings('vase')))
  views = [lamp, vase]
  const rounds = roundsOf(20)
  move({ joined: [1, 50] })
  vase.apply(skuChange(skuSettings('vase'), { joined: [1, 50] }))
  const crowd = Array.from({ length: 40 }, (_, n) => waiter(`lamp-${n}`, n + 1))
  const single = waiter('single', 3, vase)
  rounds.run()
  move({ left: [1, 1] })
  rounds.run()
  expect(places(single)).toEqual([2])
  expect(crowd.filter((one) => places(one).length > 0).length).toBeGreaterThan(0)
})

test('GW-62 in any run of joins, leaves and rounds, what each user is told only falls, and ends at the truth', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(6), fc.nat(400)), { minLength: 1, maxLength: 60 }), async (steps) => {
      presences = new Presences({ attached: () => {}, detached: () => {} })
      lamp = new SkuView(0, skuView(settings))
      views = [lamp]
      const rounds = roundsOf(200)
      const waiters: FakeConnection[] = []
      let next = 1
      for (const [action, pick] of steps) {
        if (action < 2) {
          const count = 1 + (pick % 90)
          waiters.push(waiter(`u${next}`, next + count - 1))
          move({ joined: [next, count] })
          next += count
        } else if (action < 5) move({ left: runOf(lamp, pick) })
        else {
          rounds.run()
          await world.pass(pick * 10)
        }
      }
      for (let round = 0; round < 50; round++) {
        await world.pass(freshWithinMs)
        rounds.run()
      }
      for (const one of waiters) {
        const told = places(one)
        expect(told).toEqual([...new Set(told)].toSorted((a, b) => b - a))
        const { claim } = followedOf(one)
        expect(told.at(-1)).toBe(lamp.line.has(claim) ? lamp.line.countBefore(claim) : told.at(-1))
      }
    }),
    { numRuns: 60 },
  )
})

function roundsOf(budgetPerSecond = 1_000_000): PositionRounds {
  const { clock, timers, log } = world
  return new PositionRounds({ views: { all: () => views.values() }, presences, clock, timers, log, counters, budgetPerSecond, tickMs })
}

function move(change: { readonly joined?: Runs; readonly left?: Runs }): void {
  lamp.apply(skuChange(settings, change))
}

/** Someone near `pick` leaves, if anyone is there. */
function runOf(view: SkuView, pick: number): Runs {
  const leaver = view.line.nextFrom(pick)
  const left: number[] = []
  if (leaver >= 0) appendToRuns(left, leaver)
  return left
}

function waiter(user: string, claim: number, view = lamp): FakeConnection {
  const connection = new FakeConnection()
  presences.follow(presences.join(userOf(user), connection), view, claim).kind = claimKind.ticket
  return connection
}

function followedOf(connection: FakeConnection): FollowedClaim {
  for (const view of views) {
    for (const followed of presences.claimsOf(view)?.values() ?? []) if (followed.presence.connections.has(connection)) return followed
  }
  throw new Error('nothing is followed for this connection')
}

function places(connection: FakeConnection): number[] {
  return connection.eventsOf('line').map((event) => Number(Reflect.get(Object(event), 'ahead')))
}

function userOf(text: string) {
  const user = parseUserId(text)
  if (user === undefined) throw new Error(`${text} is no user`)
  return user
}
