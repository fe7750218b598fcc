import { beforeEach, expect, test } from 'vitest'
import { ManualWorld } from '../cluster/manual-world.ts'
import { codeTable } from '../protocol/codes.ts'
import { measureMs } from './concurrency-limit.ts'
import { GatewayCounters } from './gateway-counters.ts'
import { type OverloadSettings, ShardGates } from './shard-gates.ts'

const shard = 1
const ok = 0
const busy = codeTable.BUSY.number
const timeout = codeTable.TIMEOUT.number
const callDeadlineMs = 2_000

let world: ManualWorld
let counters: GatewayCounters
let gates: ShardGates
let row: number

beforeEach(() => start({ shardCallsMax: 8, overloadLatencyMs: 250 }))

function start(settings: OverloadSettings): void {
  world = new ManualWorld()
  counters = new GatewayCounters()
  gates = new ShardGates({ shards: 2, calls: { limits: { pendingMax: 1_000, callDeadlineMs } }, settings, counters, world })
  gates.start()
  row = 0
}

/** Its row, if it is let through. */
function call(rank: 'newcomer' | 'holder' | 'operator', to = shard): number | undefined {
  if (gates.refuses(to, rank) !== undefined) return undefined
  gates.began(to, row, rank)
  return row++
}

/** How many of so many are let through. */
function passed(count: number, rank: 'newcomer' | 'holder' | 'operator', to = shard): number {
  return Array.from({ length: count }, () => call(rank, to)).filter((one) => one !== undefined).length
}

test('OVL-8 newcomers are refused first, then who holds something, and operators never; other shards know nothing of it', () => {
  expect([passed(10, 'newcomer'), passed(10, 'holder'), passed(10, 'operator')]).toEqual([6, 2, 10])
  expect([passed(1, 'newcomer', 0), passed(1, 'holder', 0)]).toEqual([1, 1])
  expect([gates.takesNewcomers(shard), gates.takesNewcomers(0)]).toEqual([false, true])
  for (let one = 0; one < 18; one++) gates.ended(one, ok)
  expect([passed(10, 'newcomer'), passed(10, 'holder')]).toEqual([6, 2])
})

test('OVL-8 what is let through and refused is counted, and what ends twice or passed no gate changes nothing', () => {
  passed(10, 'newcomer')
  gates.began(shard, -1, 'newcomer')
  expect(counters.layers).toMatchObject({ overload: 4, breaker: 0 })
  expect(counters.passed).toMatchObject({ overload: 7, breaker: 11 })
  for (const one of [0, 0, 0, 500]) gates.ended(one, ok)
  expect(passed(10, 'newcomer')).toBe(1)
})

test('OVL-9 a shard that answers nobody gets one call now and then, and everybody else is told when; then all again', async () => {
  await silence()
  expect(call('newcomer')).toBeUndefined()
  expect(call('holder')).toBeUndefined()
  expect(counters.layers.breaker).toBe(2)
  const waitMs = gates.refuses(shard, 'holder') ?? 0
  expect(waitMs).toBeGreaterThanOrEqual(500)
  expect(waitMs).toBeLessThanOrEqual(1_000)
  await world.pass(waitMs)
  const trial = call('newcomer')
  expect(trial).toBeDefined()
  expect([passed(3, 'holder'), passed(3, 'operator')]).toEqual([0, 3])
  gates.ended(trial ?? 0, ok)
  expect(passed(3, 'newcomer')).toBe(3)
})

test('OVL-9 it stays shut while trials run out of time, and calls from before it answered again do not shut it', async () => {
  await silence()
  for (let trials = 0; trials < 2; trials++) {
    await world.pass(8_000)
    const trial = call('holder')
    expect(trial).toBeDefined()
    await world.pass(callDeadlineMs)
    gates.ended(trial ?? 0, timeout)
    expect(call('holder')).toBeUndefined()
  }
  await world.pass(8_000)
  const old = Array.from({ length: 5 }, () => call('operator'))
  gates.ended(old[0] ?? 0, busy)
  expect(call('newcomer')).toBeDefined()
  for (const one of old.slice(1)) {
    gates.ended(one ?? 0, timeout)
    await world.pass(measureMs)
  }
  expect(call('newcomer')).toBeDefined()
})

test('OVL-9 answers in between keep it open, and a crowd whose time runs out at once does not shut it', async () => {
  for (let look = 0; look < 10; look++) {
    const [lost, answered] = [call('newcomer'), call('newcomer')]
    gates.ended(lost ?? 0, timeout)
    gates.ended(answered ?? 0, ok)
    await world.pass(measureMs)
  }
  expect(passed(6, 'newcomer')).toBe(6)
  for (let one = row - 6; one < row; one++) gates.ended(one, timeout)
  await world.pass(measureMs)
  expect(passed(6, 'newcomer')).toBe(6)
})

test('OVL-10 without a latency there are no gates', () => {
  start({ shardCallsMax: 8, overloadLatencyMs: 0 })
  expect(passed(500, 'newcomer')).toBe(500)
  for (let one = 0; one < 500; one++) gates.ended(one, timeout)
  expect([counters.layers.overload, counters.passed.overload]).toEqual([0, 0])
})

/** Calls run out of time in several looks, and none is answered. */
async function silence(): Promise<void> {
  await world.pass(callDeadlineMs)
  for (let look = 0; look < 3; look++) {
    gates.ended(call('newcomer') ?? 0, timeout)
    await world.pass(measureMs)
  }
}
