import { beforeEach, expect, test } from 'vitest'
import { ManualWorld } from '../cluster/manual-world.ts'
import { parseUserId } from '../protocol/ids.ts'
import { type ChallengeIssuer, Challenges, type ChallengeSettings } from './challenges.ts'
import { GatewayCounters } from './gateway-counters.ts'
import { nobody } from './identity.ts'
import { SkuView } from './sku-view.ts'
import { skuSettings, skuView } from './view-fixtures.ts'

const tickMs = 100
const settings: ChallengeSettings = { challengeAbovePerSecond: 100, challengeSteps: 1_000, challengeServices: 'no' }
const user = parseUserId('anna') ?? expect.fail('not an id')

let world: ManualWorld
let lamp: SkuView
let rug: SkuView
/** The most steps of each challenge that was made. */
let steps: number[]

const issuer: ChallengeIssuer = {
  issue: (_, most) => {
    steps.push(most)
    return Promise.resolve({})
  },
  check: () => Promise.resolve(undefined),
}

beforeEach(() => {
  world = new ManualWorld()
  lamp = new SkuView(0, skuView(skuSettings('lamp')))
  rug = new SkuView(0, skuView(skuSettings('rug')))
  steps = []
})

function challengesWith(more: Partial<ChallengeSettings> = {}, by: ChallengeIssuer | undefined = issuer): Challenges {
  const views = { all: () => [lamp, rug].values() }
  return new Challenges({ issuer: by, settings: { ...settings, ...more }, views, clock: world.clock, counters: new GatewayCounters() })
}

/** So many buys of the lamp a second, for so long. */
async function rush(challenges: Challenges, perSecond: number, ms: number): Promise<void> {
  for (let at = 0; at < ms; at += tickMs) {
    await world.pass(tickMs)
    lamp.buysHeard += (perSecond * tickMs) / 1000
    challenges.measure()
  }
}

test('POW-7 a SKU is hot from the tick in which its rush begins, more so the greater it is, and for itself alone', async () => {
  const challenges = challengesWith()
  await rush(challenges, 90, 5_000)
  expect(lamp.heat).toBe(0)
  expect(lamp.isPlain).toBe(true)
  await rush(challenges, 10_000, tickMs)
  expect(lamp.heat).toBeGreaterThan(0)
  expect(lamp.isPlain).toBe(false)
  await rush(challenges, 150, 5_000)
  expect(lamp.heat).toBe(1)
  await rush(challenges, 250, 5_000)
  expect(lamp.heat).toBe(2)
  await rush(challenges, 1_000_000, 5_000)
  expect(lamp.heat).toBe(4)
  expect(rug.heat).toBe(0)
})

test('POW-7 it cools down when half as many come as made it hot, and no sooner', async () => {
  const challenges = challengesWith()
  await rush(challenges, 120, 5_000)
  await rush(challenges, 60, 10_000)
  expect(lamp.heat).toBe(1)
  await rush(challenges, 45, 10_000)
  expect(lamp.heat).toBe(0)
  expect(lamp.isPlain).toBe(true)
})

test('POW-8 the work doubles with each step of heat', async () => {
  const challenges = challengesWith()
  for (const heat of [0, 1, 2, 3, 4]) {
    lamp.setHeat(heat)
    await challenges.issue(lamp, { user, sku: lamp.settings.sku, requestId: 'request' })
  }
  expect(steps).toEqual([1_000, 2_000, 4_000, 8_000])
})

test.each([
  ['it is switched off', { challengeAbovePerSecond: 0 }, issuer],
  ['there is nothing to make challenges with', {}, undefined],
])('POW-9 where %s, nothing gets hot', async (_, more, by) => {
  const views = { all: () => [lamp].values() }
  const off = new Challenges({ issuer: by, settings: { ...settings, ...more }, views, clock: world.clock, counters: new GatewayCounters() })
  await rush(off, 100_000, 1_000)
  expect(lamp.heat).toBe(0)
  expect(off.requires(lamp, nobody, undefined)).toBe(false)
})
