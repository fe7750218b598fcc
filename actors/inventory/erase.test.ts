import * as fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { isPseudonym, pseudonymOf, userHashOf } from '../pseudonym.ts'
import { InventoryRig, settingsOf, short } from '../testing/inventory-rig.ts'
import { askOf, type RigCall, rigCall } from '../testing/rig-calls.ts'
import { finish } from '../work.ts'
import { InventoryActor } from './inventory-actor.ts'

const ann = 'ann@shop.example'
const utf8 = new TextEncoder()
const pseudonym = pseudonymOf(ann)

function erase(rig: InventoryRig, user: string, check = false): unknown {
  return short(rig.ask({ op: 'userErase', user, payload: { check } }))
}

/** The journal as it is when the erased were struck out of what is trimmed. */
function struckJournal(rig: InventoryRig): Uint8Array[] {
  rig.actor.released(rig.now, { epoch: rig.epoch, seq: rig.journal.length })
  const toStrike = rig.actor.names.toStrike()
  return rig.journal.map((record, index) => toStrike?.rewrite({ epoch: 1, seq: index + 1 }, record)?.slice() ?? record)
}

function names(user: string, parts: readonly Uint8Array[]): number {
  return parts.filter((part) => Buffer.from(part).includes(user)).length
}

describe('a user who is erased', () => {
  let rig: InventoryRig

  beforeEach(() => {
    rig = new InventoryRig()
    rig.configure(settingsOf({ stock: 5, perUserMax: 2 }))
  })

  function pay(user: string, request: string): number {
    rig.buy(user, { request })
    const claim = rig.claimOf(user)
    rig.checkout(user)
    rig.settle(claim, 'paid')
    return claim
  }

  test('ERA-1 is refused while they have a place, a hold, an order that is not settled, or news of one are not told, and nothing is changed', () => {
    rig.buy(ann)
    expect(erase(rig, ann)).toBe('USER_ACTIVE')
    rig.checkout(ann)
    expect(erase(rig, ann)).toBe('USER_ACTIVE')
    rig.settle(rig.claimOf(ann), 'paid')
    expect(erase(rig, ann)).toBe('USER_ACTIVE')
    const before = rig.journal.length
    expect(erase(rig, ann, true)).toBe('USER_ACTIVE')
    expect(rig.journal.length).toBe(before)
    rig.delivered(rig.claimOf(ann))
    expect(erase(rig, ann, true)).toBeNull()
    expect(rig.journal.length).toBe(before + 1)
    expect(erase(rig, ann)).toBeNull()
  })

  test('ERA-1 is refused while a refund is under way', () => {
    const claim = pay(ann, 'r1')
    rig.delivered(claim)
    rig.refund(claim, 'back', 100)
    expect(erase(rig, ann)).toBe('USER_ACTIVE')
  })

  test('ERA-2 has a pseudonym in their place, and units and limits are as before', () => {
    const claim = pay(ann, 'r1')
    rig.delivered(claim)
    const units = rig.units()
    erase(rig, ann)
    expect(rig.units()).toEqual(units)
    expect(rig.find(claim)).toMatchObject({ user: pseudonym, state: 'paid' })
    expect(names(ann, rig.actor.save())).toBe(0)
    const restored = new InventoryActor(0)
    finish(restored.restore(rig.actor.save()))
    expect(restored.digest()).toBe(rig.actor.digest())
    expect(rig.replayed().save()).toEqual(rig.actor.save())
  })

  test('ERA-3 has the outcome of a request that comes late, and no more than the limit when they come again', () => {
    rig.delivered(pay(ann, 'r1'))
    erase(rig, ann)
    expect(rig.buy(ann, { request: 'r1' })).toMatchObject({ state: 'paid' })
    expect(rig.buy(ann, { request: 'r2', qty: 2 })).toBe('LIMIT_REACHED')
    expect(names(ann, rig.actor.save())).toBe(0)
    expect(rig.reportsOf(ann)).toMatchObject([{ user: ann, state: { state: 'paid' } }])
    expect(rig.buy(ann, { request: 'r3' })).toMatchObject({ state: 'held' })
    expect(rig.reportsOfClaims(rig.claimOf(ann))).toMatchObject([{ user: ann }])
    expect(erase(rig, ann)).toBe('USER_ACTIVE')
    rig.checkout(ann)
    rig.settle(rig.claimOf(ann), 'paid')
    rig.delivered(rig.claimOf(ann))
    erase(rig, ann)
    expect(rig.buy(ann, { request: 'r4' })).toBe('LIMIT_REACHED')
    expect(names(ann, rig.actor.save())).toBe(0)
    expect(rig.replayed().save()).toEqual(rig.actor.save())
  })

  test('ERA-3 gets money back under the pseudonym', () => {
    const claim = pay(ann, 'r1')
    rig.delivered(claim)
    rig.refund(claim, 'first', 500)
    const [first] = refundsOf(rig.find(claim))
    rig.settleRefund(first ?? '', 'refunded')
    rig.ask({ op: 'delivered', sku: 'shoe', payload: first })
    expect(erase(rig, ann)).toBeNull()
    expect(names(ann, rig.actor.save())).toBe(0)
    expect(rig.refund(claim, 'second')).toMatchObject({ user: pseudonym, state: 'paid' })
    const [, second] = refundsOf(rig.find(claim))
    rig.settleRefund(second ?? '', 'refunded')
    expect(rig.find(claim)).toMatchObject({ user: pseudonym, state: 'refunded', refundedMinor: 1_999 })
    expect(names(ann, struckJournal(rig))).toBe(0)
  })

  test('ERA-4 is struck out of records with the tokens of their payments, which replay to the same state under the same digests', () => {
    rig.buy('bob')
    rig.delivered(pay(ann, 'r1'))
    erase(rig, ann)
    rig.buy('cyd', { request: 'r2' })
    rig.checkout('cyd', { payload: utf8.encode('tok_cyd') })
    expect(names(ann, rig.journal)).toBe(1)
    expect(names('tok_ok', rig.journal)).toBe(1)
    const struck = struckJournal(rig)
    expect([names(ann, struck), names('tok_ok', struck), names('tok_cyd', struck), names('bob', struck)]).toEqual([0, 0, 1, 1])
    rig.journal.splice(0, rig.journal.length, ...struck)
    expect(rig.replayed().save()).toEqual(rig.actor.save())
    expect(struckJournal(rig)).toEqual(struck)
  })

  test('ERA-4 what they do after that is theirs again', () => {
    rig.delivered(pay(ann, 'r1'))
    erase(rig, ann)
    rig.buy(ann, { request: 'r2' })
    const struck = struckJournal(rig)
    expect(struck.map((record) => names(ann, [record]))).toEqual(struck.map((_, index) => (index === struck.length - 1 ? 1 : 0)))
    rig.journal.splice(0, rig.journal.length, ...struck)
    expect(rig.replayed().save()).toEqual(rig.actor.save())
  })

  test('ERA-4 does not share the record of the erasure, which stays, with anything that names them', () => {
    rig.delivered(pay(ann, 'r1'))
    const [bought, erased] = rig
      .batch([
        { op: 'buy', sku: 'shoe', user: ann, request: 'r2' },
        { op: 'leave', sku: 'shoe', user: ann, request: 'r3' },
        { op: 'userErase', user: ann, payload: { check: false } },
      ])
      .filter((_, index) => index !== 1)
    expect([bought?.code, erased?.code]).toEqual([undefined, 'BUSY'])
    expect(erase(rig, ann)).toBeNull()
    expect(names(ann, rig.journal.slice(-1))).toBe(0)
  })
})

const users = ['ann@shop.example', 'bob@shop.example', 'cyd@shop.example', 'dan@shop.example'] as const
const call = rigCall({
  user: fc.constantFrom(...users),
  claim: fc.integer({ min: 0, max: 10 }),
  request: fc.constantFrom('', '', 'r1', 'r2', 'r3'),
  isLost: fc.constant(false),
})
type Step = RigCall | { readonly do: 'erase'; readonly user: string } | { readonly do: 'pass'; readonly ms: number }
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: call },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('erase' as const), user: fc.constantFrom(...users) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(50, 2_050, 4_050, 130_000) }) },
)

test('ERA-2 whatever happens, everything goes on as if nobody had been erased but for the name, and what is left replays to it', () => {
  let erasures = 0
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const [rig, twin] = [new InventoryRig(), new InventoryRig()]
      const made = settingsOf({ stock: 4, perUserMax: 2, holdTtlMs: 2_025, paymentTtlMs: 4_025 })
      const gone = new Set<string>()
      for (const one of [rig, twin]) one.configure(made)
      for (const one of steps) {
        if (one.do === 'pass') for (const each of [rig, twin]) each.pass(one.ms)
        else if (one.do === 'erase') {
          if (erase(rig, one.user) === null) gone.add(one.user)
        } else {
          const ask = askOf(one, (claim) => twin.orderedIn(claim))
          const before = rig.journal.length
          expect(short(rig.ask(ask))).toEqual(short(twin.ask(ask)))
          if ('user' in one && rig.journal.length > before) gone.delete(one.user)
        }
        expect(rig.actor.digest()).toBe(twin.actor.digest())
      }
      erasures += gone.size
      const struck = struckJournal(rig)
      for (const user of gone) expect(names(user, [...rig.actor.save(), ...struck]), user).toBe(0)
      rig.journal.splice(0, rig.journal.length, ...struck)
      const replayed = rig.replayed()
      expect(replayed.digest()).toBe(rig.actor.digest())
      for (const user of gone) expect(names(user, replayed.save()), user).toBe(0)
    }),
    { numRuns: 150 },
  )
  expect(erasures).toBeGreaterThan(50)
})

test('ERA-2 a pseudonym follows from the id, carries its hash, is told from ids, and is its own', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 16 }), (user) => {
      const name = pseudonymOf(user)
      expect(pseudonymOf(utf8.encode(user))).toBe(name)
      expect(userHashOf(name)).toBe(userHashOf(user))
      expect([isPseudonym(utf8.encode(name)), isPseudonym(utf8.encode(user)), pseudonymOf(name)]).toEqual([true, false, name])
    }),
  )
  for (const near of [`${pseudonym}0`, pseudonym.slice(1), pseudonym.slice(0, -1), `${pseudonym.slice(0, -1)}g`, pseudonym.toUpperCase()])
    expect(isPseudonym(utf8.encode(near)), near).toBe(false)
})

function refundsOf(found: unknown): string[] {
  const list = typeof found === 'object' && found !== null && 'refunds' in found && Array.isArray(found.refunds) ? found.refunds : []
  return list.map((one: unknown) => (typeof one === 'object' && one !== null && 'refund' in one ? String(one.refund) : ''))
}
