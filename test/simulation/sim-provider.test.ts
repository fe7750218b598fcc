import { beforeEach, describe, expect, test } from 'vitest'
import type { Charge, PaymentProvider, Refund } from '../../actors/payment/payment-provider.ts'
import { simulatedTokens } from '../../actors/payment/simulated-provider.ts'
import { SimProvider } from './sim-provider.ts'
import { SmallWorld } from './small-world.ts'
import { calmProvider, type ProviderWeather } from './weather.ts'

function chargeOf(payment: string, amountMinor = 500): Charge {
  return { amountMinor, currency: 'EUR', payment }
}

function refundOf(charge: string): Refund {
  return { charge, amountMinor: 500, currency: 'EUR' }
}

describe('the simulated provider', () => {
  let world: SmallWorld
  let sim: SimProvider
  let provider: PaymentProvider

  beforeEach(() => begin(1))

  function begin(seed: number, weather: Partial<ProviderWeather> = {}): void {
    world = new SmallWorld(seed)
    sim = new SimProvider(world, { declineShare: 0.3 })
    sim.weather = { ...calmProvider, ...weather }
    provider = sim.connect(world.process('worker'))
  }

  const charge = (payment: string, key: string): Promise<string> => world.settled(provider.charge(chargeOf(payment), key))
  const problemsOf = (): string[] => sim.ledger.violations.map(({ key, what }) => `${key}: ${what}`)
  const never = 'nothing'
  /** What a caller has heard after `ms`. */
  const heardWithin = async (ms: number, promise: Promise<string>): Promise<string> => {
    let heard = never
    promise.then(
      (outcome) => {
        heard = outcome
      },
      (error: unknown) => {
        heard = error instanceof Error ? error.message : ''
      },
    )
    await world.pass(ms)
    return heard
  }

  test('SIM-N40 what becomes of a charge follows from the seed and its key, or from its token', async () => {
    const outcomes = async (): Promise<string[]> => {
      const found: string[] = []
      for (let number = 0; number < 40; number++) found.push(await charge('visa', `order-${number}`))
      return found
    }
    const first = await outcomes()
    expect(new Set(first)).toEqual(new Set(['paid', 'declined']))
    expect(await charge(simulatedTokens.declined, 'a')).toBe('declined')
    expect(await charge(simulatedTokens.ok, 'b')).toBe('paid')
    begin(1)
    await charge('visa', 'order-39')
    expect(await outcomes()).toEqual(first)
    begin(2)
    expect(await outcomes()).not.toEqual(first)
  })

  test('SIM-N40 the same key is charged once, and gives its money back once', async () => {
    await charge('tok_ok', 'a')
    const chargedAt = sim.ledger.find('a')?.chargedAt
    await charge('tok_ok', 'a')
    expect(await world.settled(provider.refund(refundOf('a'), 'a/refund'))).toBe('refunded')
    const refundedAt = sim.ledger.find('a')?.refundedAt
    expect(await world.settled(provider.refund(refundOf('a'), 'a/refund'))).toBe('refunded')
    expect(await charge('tok_ok', 'a'), 'what was given back is not paid').toBe('declined')
    expect(sim.ledger.all()).toMatchObject([{ key: 'a', outcome: 'paid', chargedAt, refundedAt, attempts: 3, refunds: 2 }])
    expect(world.reached.of('payment answered twice')).toBe(2)
    expect(problemsOf()).toEqual([])
  })

  test('SIM-N41 what nobody should ask for is kept as a violation', async () => {
    await charge('tok_ok', 'a')
    await charge('tok_declined', 'b')
    await world.settled(provider.charge(chargeOf('tok_ok', 600), 'a'))
    expect(await world.settled(provider.refund(refundOf('b'), 'b/refund'))).toBe('absent')
    expect(await world.settled(provider.refund(refundOf('c'), 'c/refund'))).toBe('absent')
    await world.settled(provider.refund({ ...refundOf('a'), amountMinor: 100 }, 'a/part'))
    await world.settled(provider.refund({ ...refundOf('a'), amountMinor: 200 }, 'a/part'))
    expect(problemsOf()).toEqual(['a: another amount under the same key', 'a/part: another amount under the same key'])
  })

  test('SIM-N45 under a closed key nothing is taken any more, and what was taken is told', async () => {
    await charge('tok_ok', 'a')
    expect(await world.settled(provider.closeCharge('a'))).toBe('paid')
    expect(await world.settled(provider.closeCharge('b'))).toBe('declined')
    expect(await charge('tok_ok', 'b')).toBe('declined')
    expect(await world.settled(provider.query('b'))).toBe('declined')
    expect(await world.settled(provider.refund(refundOf('b'), 'b/refund'))).toBe('absent')
  })

  test('SIM-N46 gives back in parts, each once under its key, and never more than was taken', async () => {
    await charge('tok_ok', 'a')
    const part = (key: string, amountMinor: number) => world.settled(provider.refund({ ...refundOf('a'), amountMinor }, key))
    expect([await part('1', 300), await part('1', 300), await part('2', 201), await part('3', 200)]).toEqual([
      'refunded',
      'refunded',
      'refused',
      'refunded',
    ])
    expect(sim.ledger.find('a')?.refundedMinor).toBe(500)
    expect(await world.settled(provider.query('a'))).toBe('declined')
  })

  test('SIM-N42 a decision may take longer than anybody waits; until then the outcome is unknown', async () => {
    const slow = provider.charge(chargeOf(simulatedTokens.slow), 'a')
    await world.pass(500)
    expect(await world.settled(provider.query('a'))).toBe('unknown')
    expect(await world.settled(provider.refund(refundOf('a'), 'a/refund'))).toBe('unknown')
    expect(await world.settled(slow)).toBe('paid')
    expect(await world.settled(provider.query('a'))).toBe('paid')
    expect(world.reached.of('payment outcome unknown')).toBe(2)
  })

  test('SIM-N42 a charge may be made and answered with `unknown`, or not at all; asking tells', async () => {
    sim.weather = { ...calmProvider, unknownShare: 1 }
    expect(await charge('tok_ok', 'a')).toBe('unknown')
    sim.weather = { ...calmProvider, answerLostShare: 1 }
    expect(await heardWithin(20_000, provider.charge(chargeOf('tok_ok'), 'b'))).toBe(never)
    sim.weather = calmProvider
    expect([await world.settled(provider.query('a')), await world.settled(provider.query('b'))]).toEqual(['paid', 'paid'])
  })

  test('SIM-N42 a charge that fails was not made', async () => {
    sim.weather = { ...calmProvider, failShare: 1 }
    expect(await heardWithin(1_000, provider.charge(chargeOf('tok_ok'), 'a'))).toContain('it failed')
    sim.weather = calmProvider
    expect(await world.settled(provider.query('a'))).toBe('absent')
  })

  test('SIM-N43 a charge may arrive after it was said to be absent', async () => {
    sim.weather = { ...calmProvider, slowShare: 1, slowMs: { fromMs: 5_000, toMs: 5_000 } }
    const late = provider.charge(chargeOf('tok_ok'), 'a')
    sim.weather = calmProvider
    await world.pass(1_000)
    expect(await world.settled(provider.query('a'))).toBe('absent')
    expect(await world.settled(late)).toBe('paid')
    expect(world.reached.of('charge after absent')).toBe(1)
  })

  test('SIM-N43 a charge that is made anew after it was absent is no late one', async () => {
    await world.settled(provider.query('a'))
    await charge('tok_ok', 'a')
    expect(world.reached.of('charge after absent')).toBe(0)
  })

  test('SIM-N43 a request may arrive a second time, long after the first', async () => {
    sim.weather = { ...calmProvider, doubleShare: 1 }
    await charge('tok_ok', 'a')
    await world.settled(provider.refund(refundOf('a'), 'a/refund'))
    await world.pass(calmProvider.laterMs.toMs)
    expect(sim.ledger.find('a')).toMatchObject({ attempts: 2, refunds: 2 })
    expect(problemsOf()).toEqual([])
  })
})
