import { beforeEach, describe, expect, test } from 'vitest'
import { type BreakerState, CircuitBreaker, type Passage } from './circuit-breaker.ts'
import { ManualWorld } from './manual-world.ts'

describe('a circuit breaker', () => {
  let world: ManualWorld
  let breaker: CircuitBreaker
  let told: BreakerState[]

  beforeEach(() => {
    world = new ManualWorld()
    told = []
    breaker = new CircuitBreaker(world, { failuresMax: 3, openFirstMs: 1_000, openMostMs: 3_000 }, (state) => told.push(state))
  })

  const enter = (): Passage => {
    const passage = breaker.enter()
    if (passage === undefined) throw new Error('nobody is let through')
    return passage
  }
  const fail = (times: number): void => {
    for (let i = 0; i < times; i++) enter().end(false)
  }
  const isShut = (): boolean => breaker.enter() === undefined
  const untilTold = async (state: BreakerState, withinMs: number): Promise<void> => {
    for (let ms = 0; ms < withinMs && breaker.state !== state; ms++) await world.pass(1)
    expect(breaker.state).toBe(state)
  }

  test('PAY-11 opens after so many failures in a row, which a success begins anew', () => {
    fail(2)
    enter().end(true)
    fail(2)
    expect(breaker.state).toBe('closed')
    fail(1)
    expect(told).toEqual(['open'])
    expect(isShut()).toBe(true)
  })

  test('PAY-12 lets one through after a while, and all when that one succeeds', async () => {
    fail(3)
    await world.pass(499)
    expect(isShut()).toBe(true)
    await untilTold('half-open', 501)
    const trial = enter()
    expect(isShut(), 'one at a time').toBe(true)
    trial.end(true)
    expect(breaker.state).toBe('closed')
    fail(2)
    expect(told).toEqual(['open', 'half-open', 'closed'])
  })

  test('PAY-12 waits longer after each trial that fails, up to the longest wait, and from the beginning once it was closed', async () => {
    const waits: number[] = []
    fail(3)
    for (let trial = 0; trial < 4; trial++) {
      const before = world.clock.now()
      await untilTold('half-open', 3_000)
      waits.push(world.clock.now() - before)
      fail(1)
    }
    for (const [index, longest] of [1_000, 2_000, 3_000, 3_000].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(longest / 2)
      expect(waits[index]).toBeLessThanOrEqual(longest)
    }
    await untilTold('half-open', 3_000)
    enter().end(true)
    fail(3)
    await untilTold('half-open', 1_000)
  })

  test('PAY-12 does not count what began before it opened', async () => {
    const late = enter()
    const later = enter()
    fail(3)
    late.end(true)
    expect(breaker.state).toBe('open')
    await untilTold('half-open', 1_000)
    later.end(false)
    expect(breaker.state).toBe('half-open')
  })

  test('PAY-12 one that was stopped wakes nobody', async () => {
    fail(3)
    breaker.stop()
    await world.pass(10_000)
    expect(told).toEqual(['open'])
  })
})
