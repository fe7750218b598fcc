import { beforeEach, describe, expect, test } from 'vitest'
import { ManualWorld } from '../testing/manual-world.ts'
import { PaymentLedger } from './payment-ledger.ts'
import type { Charge, Refund } from './payment-provider.ts'
import { SimulatedProvider, type SimulatedSettings, simulatedTokens } from './simulated-provider.ts'

function chargeOf(payment: string): Charge {
  return { amountMinor: 5_000, currency: 'EUR', payment }
}

function refundOf(charge: string, amountMinor = 5_000): Refund {
  return { charge, amountMinor, currency: 'EUR' }
}

describe('the simulated provider', () => {
  let world: ManualWorld
  beforeEach(() => {
    world = new ManualWorld()
  })

  const charge = (provider: SimulatedProvider, payment: string, key: string): Promise<string> =>
    world.settled(provider.charge(chargeOf(payment), key))

  test('PAY-20 does what its tokens say', async () => {
    const provider = new SimulatedProvider(world, { declineShare: 1, delayMs: 100, slowDelayMs: 4_000 })
    expect(await charge(provider, simulatedTokens.ok, 'a')).toBe('paid')
    expect(await charge(provider, simulatedTokens.declined, 'b')).toBe('declined')
    expect(await charge(provider, 'visa', 'c')).toBe('declined')
    const before = world.clock.now()
    expect(await charge(provider, simulatedTokens.slow, 'd')).toBe('paid')
    expect(world.clock.now() - before).toBe(4_000)
  })

  test('PAY-20 a late token is not known at once, and paid when it is', async () => {
    const provider = new SimulatedProvider(world, { delayMs: 100, lateMs: 4_000 })
    expect(await charge(provider, simulatedTokens.late, 'a')).toBe('unknown')
    expect(await world.settled(provider.query('a'))).toBe('unknown')
    expect(await charge(provider, simulatedTokens.late, 'a')).toBe('unknown')
    await world.pass(4_000)
    expect(await charge(provider, simulatedTokens.late, 'a')).toBe('paid')
    expect(await world.settled(provider.query('a'))).toBe('paid')
  })

  test('PAY-21 charges a key once, and gives its money back once', async () => {
    const provider = new SimulatedProvider(world, { delayMs: 100 })
    expect(await world.settled(provider.query('a'))).toBe('absent')
    expect(await world.settled(provider.refund(refundOf('a'), 'a/refund'))).toBe('absent')
    await charge(provider, 'visa', 'a')
    await charge(provider, 'visa', 'a')
    await charge(provider, simulatedTokens.declined, 'b')
    expect(provider.ledger.balances()).toEqual(new Map([['EUR', 5_000]]))
    expect(await world.settled(provider.query('a'))).toBe('paid')
    expect(await world.settled(provider.refund(refundOf('a'), 'a/refund'))).toBe('refunded')
    expect(await world.settled(provider.refund(refundOf('a'), 'a/refund'))).toBe('refunded')
    expect(await world.settled(provider.refund(refundOf('b'), 'b/refund'))).toBe('absent')
    expect(provider.ledger.balances()).toEqual(new Map([['EUR', 0]]))
    expect(await world.settled(provider.query('a')), 'what was given back is not paid').toBe('declined')
    expect(await charge(provider, 'visa', 'a')).toBe('declined')
  })

  test('PAY-25 gives back in parts, each once under its key, and never more than was taken', async () => {
    const provider = new SimulatedProvider(world, { delayMs: 0 })
    await charge(provider, 'visa', 'a')
    expect(await provider.refund(refundOf('a', 2_000), 'a/1')).toBe('refunded')
    expect(await provider.refund(refundOf('a', 2_000), 'a/1')).toBe('refunded')
    expect(provider.ledger.balances()).toEqual(new Map([['EUR', 3_000]]))
    expect(await provider.query('a'), 'a part of it is still paid').toBe('paid')
    expect(await provider.refund(refundOf('a', 3_001), 'a/2')).toBe('refused')
    expect(await provider.refund({ ...refundOf('a', 1), currency: 'USD' }, 'a/3')).toBe('refused')
    expect(await provider.refund(refundOf('a', 3_000), 'a/4')).toBe('refunded')
    expect(await provider.query('a')).toBe('declined')
    expect(provider.ledger.balances()).toEqual(new Map([['EUR', 0]]))
  })

  test('PAY-26 a charge that is closed before it is made never takes anything', async () => {
    const provider = new SimulatedProvider(world, { delayMs: 0 })
    expect(await provider.closeCharge('a')).toBe('declined')
    expect(await charge(provider, 'tok_ok', 'a')).toBe('declined')
    expect(await charge(provider, 'tok_ok', 'b')).toBe('paid')
    expect(await provider.closeCharge('b')).toBe('paid')
    expect([...provider.ledger.balances()]).toEqual([['EUR', 5_000]])
  })

  test('PAY-22 declines its share, and decides the same for a key again after a loss of its books', async () => {
    const outcomes = async (settings: Partial<SimulatedSettings>): Promise<string[]> => {
      const provider = new SimulatedProvider(world, { delayMs: 0, ...settings })
      const keys = Array.from({ length: 1_000 }, (_, i) => `shoe:x1:${i}`)
      return Promise.all(keys.map((key) => provider.charge(chargeOf('visa'), key)))
    }
    const first = await outcomes({ declineShare: 0.3 })
    const declined = first.filter((outcome) => outcome === 'declined').length
    expect(declined).toBeGreaterThan(250)
    expect(declined).toBeLessThan(350)
    expect(await outcomes({ declineShare: 0.3 })).toEqual(first)
    expect(new Set(await outcomes({ declineShare: 0 }))).toEqual(new Set(['paid']))
    expect(new Set(await outcomes({ declineShare: 1 }))).toEqual(new Set(['declined']))
  })

  test('PAY-23 leaves a share of charges unknown, and tells those who ask later', async () => {
    const provider = new SimulatedProvider(world, { unknownShare: 1, delayMs: 100, slowDelayMs: 4_000 })
    expect(await charge(provider, 'visa', 'a')).toBe('unknown')
    expect(await world.settled(provider.query('a'))).toBe('paid')
    const slow = provider.charge(chargeOf(simulatedTokens.slow), 'b')
    expect(await world.settled(provider.query('b'))).toBe('unknown')
    await world.settled(slow)
    expect(await world.settled(provider.query('b'))).toBe('paid')
  })

  test('PAY-24 keeps bounded books', () => {
    const ledger = new PaymentLedger(3)
    for (const key of ['a', 'b', 'c', 'd']) ledger.book(key, { charge: chargeOf('visa'), outcome: 'paid', knownAt: 0 })
    expect(ledger.size).toBe(3)
    expect(ledger.find('a')).toBeUndefined()
    expect(ledger.find('d')).toBeDefined()
    expect(() => ledger.book('d', { charge: chargeOf('visa'), outcome: 'paid', knownAt: 0 })).toThrow('charged already')
  })
})
