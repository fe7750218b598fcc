import { beforeEach, describe, expect, it } from 'vitest'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import type { Ask } from '../testing/asks.ts'
import { held, InventoryRig, settingsOf, short, start } from '../testing/inventory-rig.ts'
import { finish } from '../work.ts'
import { spentMax } from './decide-reserved.ts'
import { requestMemoryMs } from './former-requests.ts'
import { InventoryActor } from './inventory-actor.ts'

const settings = { ...settingsOf({ stock: 3, perUserMax: 2 }), saleLimitPerUser: 3 }
const firstEnd = start + 50 + settings.holdTtlMs

let rig: InventoryRig

beforeEach(() => {
  rig = new InventoryRig()
  rig.configure(settings)
})

function reservedBuy(user: string, number: number, options: Partial<Ask> & { readonly reserved?: number } = {}): Plain {
  const { reserved = 1, ...ask } = options
  return short(rig.ask({ op: 'reservedBuy', sku: 'shoe', user, payload: { number, qty: reserved }, ...ask }))
}

/** What counts of the SKU against the user's limit. */
function reportOf(user: string, number = 0): Plain {
  return short(rig.ask(askOf(user, number)))
}

function askOf(user: string, number: number): Ask {
  return { op: 'reservationAsk', sku: 'shoe', user, payload: { number } }
}

function told(user: string, word: number): void {
  rig.ask({ op: 'reservationTold', sku: 'shoe', user, payload: { word } })
}

describe('a buy in a sale with a limit of its own', () => {
  it('LIM-1 begins a claim with a reservation that was not used before, and only then', () => {
    expect(rig.buy('ann')).toBe('BUSY')
    expect(reservedBuy('ann', 1, { request: 'r1' })).toEqual(held(1, firstEnd))
    expect(rig.units()).toEqual([2, 1, 0, 0])
    expect(rig.leave('ann')).toEqual({ state: 'none' })
    expect(reservedBuy('ann', 1, { request: 'r2' })).toBe('BUSY')
    expect(reservedBuy('ann', 2, { request: 'r2' })).toEqual(held(2, firstEnd))
  })

  it('LIM-2 takes no more units than were reserved, and no more than one user may have', () => {
    expect(reservedBuy('ann', 1, { qty: 2 })).toBe('BUSY')
    expect(reservedBuy('ann', 2, { qty: 3, reserved: 3 })).toBe('LIMIT_REACHED')
    expect(reservedBuy('ann', 3, { qty: 2, reserved: 2 })).toEqual(held(1, firstEnd, 2))
  })

  it('LIM-3 says that the limit is the one of the sale, and to a repeat of the call that had something what it had', () => {
    expect(reservedBuy('ann', 1, { request: 'r1' })).toEqual(held(1, firstEnd))
    rig.leave('ann')
    expect(reservedBuy('ann', 0, { request: 'r1' })).toEqual({ state: 'none' })
    const refused = rig.ask({ op: 'reservedBuy', sku: 'shoe', user: 'ann', request: 'r2', payload: { number: 0, qty: 0 } })
    expect(refused.error).toEqual({ code: 'LIMIT_REACHED', message: 'You already have as many as one person may buy in this sale.' })
    // And the late copy of a refused one stays refused, whatever has been given back since.
    expect(reservedBuy('ann', 2, { request: 'r2' })).toBe('LIMIT_REACHED')
  })

  it('LIM-4 uses up a reservation with which nothing began', () => {
    expect(reservedBuy('bob', 1, { qty: 2, reserved: 2 })).toEqual(held(1, firstEnd, 2))
    rig.checkout('bob')
    rig.settle(1, 'paid')
    expect(reservedBuy('ann', 1, { qty: 2, reserved: 2 })).toBe('SOLD_OUT')
    expect(reportOf('ann')).toMatchObject({ number: 1, live: 0, bought: 0 })
    rig.restock(5)
    expect(reservedBuy('ann', 1, { qty: 2, reserved: 2 })).toBe('BUSY')
  })

  it('LIM-5 nothing begins with a reservation of which its session was told that nothing has', () => {
    expect(reportOf('ann', 4)).toMatchObject({ number: 4, live: 0, bought: 0 })
    expect(reservedBuy('ann', 4)).toBe('BUSY')
    expect(reservedBuy('ann', 5)).toEqual(held(1, firstEnd))
    expect(reportOf('ann', 5)).toMatchObject({ number: 5, live: 1, bought: 0, sku: 'shoe', sale: 'sale', user: 'ann' })
  })

  it('LIM-7 counts a claim until it has ended, and what was bought for good', () => {
    reservedBuy('ann', 1)
    rig.checkout('ann')
    expect(reportOf('ann')).toMatchObject({ live: 1, bought: 0 })
    rig.settle(1, 'paid')
    expect(reportOf('ann')).toMatchObject({ live: 0, bought: 1 })
    reservedBuy('ann', 2)
    expect(reportOf('ann')).toMatchObject({ number: 2, live: 1, bought: 1 })
    rig.pass(settings.holdTtlMs + 100)
    expect(reportOf('ann')).toMatchObject({ number: 2, live: 0, bought: 1 })
  })

  it('LIM-23 counts no order whose money goes back, though it is still the claim that there is', () => {
    reservedBuy('ann', 1)
    rig.checkout('ann')
    rig.cancel('ann', 1)
    expect(reportOf('ann')).toMatchObject({ number: 1, live: 0, bought: 0 })
    expect(reservedBuy('ann', 2)).toMatchObject({ state: 'refunding' })
    reservedBuy('bob', 1)
    rig.checkout('bob')
    rig.settle(2, 'declined')
    rig.settle(2, 'paid')
    expect(rig.claim('bob')).toMatchObject({ state: 'refunding' })
    expect(reportOf('bob')).toMatchObject({ number: 1, live: 0, bought: 0 })
    expect(rig.replayed().digest()).toBe(rig.actor.digest())
  })

  it('LIM-8 keeps what it knows in journal and snapshot, and forgets it when no older call can come any more', () => {
    reservedBuy('ann', 3)
    rig.leave('ann')
    reservedBuy('bob', 1)
    const copy = new InventoryActor(0)
    finish(copy.restore(rig.actor.save()))
    expect(copy.digest()).toBe(rig.actor.digest())
    expect(rig.replayed().digest()).toBe(rig.actor.digest())
    rig.recover(copy.save(), rig.journal.length, 100)
    expect(reservedBuy('ann', 3)).toBe('BUSY')
    told('ann', 2)
    rig.pass(requestMemoryMs + 100)
    reservedBuy('cyd', 1)
    expect(reportOf('ann')).toMatchObject({ number: 0, live: 0 })
    // Bob's claim has ended, and his session has not heard of it.
    expect(reportOf('bob')).toMatchObject({ number: 1, live: 0 })
  })

  it('LIM-9 remembers a bounded number of reservations beside those of its own users, for their time', () => {
    rig = new InventoryRig()
    rig.configure({ ...settings, usersMax: 1 })
    expect(reservedBuy('ann', 1)).toMatchObject({ state: 'held' })
    expect(reservedBuy('bob', 1)).toBe('BUSY')
    const asks = Array.from({ length: spentMax - 1 }, (_, i) => askOf(`user-${i}`, 1))
    for (let from = 0; from < asks.length; from += 10_000) rig.batch(asks.slice(from, from + 10_000))
    expect(reportOf('cyd', 1)).toBe('BUSY')
    expect(reservedBuy('cyd', 1)).toBe('BUSY')
    expect(reportOf('bob', 1)).toMatchObject({ live: 0 })
    told('bob', 1)
    rig.pass(requestMemoryMs + 100)
    expect(reportOf('ann', 2)).toMatchObject({ live: 0 })
    expect(reportOf('cyd', 1)).toMatchObject({ number: 1 })
  })
})

it('LIM-1 a SKU without such a limit takes buys as ever', () => {
  rig = new InventoryRig()
  rig.configure()
  expect(rig.buy('ann')).toEqual(held(1, firstEnd))
})
