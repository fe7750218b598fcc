import { beforeEach, expect, test } from 'vitest'
import type { QueuedOrder } from '../../cluster/queue.ts'
import { journalStart } from '../../cluster/store.ts'
import { incarnation, InventoryRig, settingsOf, start } from '../testing/inventory-rig.ts'
import { ManualWorld } from '../testing/manual-world.ts'
import type { EndedOrder, OrderNews } from './ended-order.ts'
import { officeRetryMostMs, Outbox, type OutboxTargets, retryFirstMs, underWayMax, unsettledMs } from './outbox.ts'
import type { OwedEnds } from './owed-ends.ts'

/** The other sides of a shop with a back office, whose queue takes what it is given unless it is told to keep everybody waiting. */
class Takers implements OutboxTargets {
  readonly orders: QueuedOrder[] = []
  readonly news: OrderNews[] = []
  readonly ends: { readonly id: string; readonly ended: EndedOrder }[] = []
  readonly told: string[] = []
  readonly log = new ManualWorld().log
  sessionIsAway = false
  officeHangs = false

  async putOrder(_id: string, order: QueuedOrder): Promise<void> {
    this.orders.push(order)
  }

  async tellSession(news: OrderNews): Promise<void> {
    this.news.push(news)
    if (this.sessionIsAway) throw new Error('told to be away')
  }

  readonly putEnd = async (id: string, ended: EndedOrder): Promise<void> => {
    this.ends.push({ id, ended })
    if (this.officeHangs) await new Promise(() => {})
  }

  delivered(_sku: string, end: string): void {
    this.told.push(end)
  }
}

const paidEnd = `shoe:inc1:1/paid/${start + 50}`
let rig: InventoryRig
let takers: Takers

async function pump(ms = 100): Promise<void> {
  rig.pass(ms)
  rig.actor.released(rig.now, journalStart)
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

function owed(endedBefore: number): OwedEnds {
  return rig.askInner<OwedEnds>({ op: 'owed', payload: { endedBefore, limit: 10 } })
}

function delivered(end: string): void {
  rig.ask({ op: 'delivered', sku: 'shoe', payload: end })
}

beforeEach(() => {
  rig = new InventoryRig()
  rig.configure(settingsOf({ stock: 10, paymentTtlMs: 40_025 }))
  takers = new Takers()
  rig.actor.useOutbox((state) => new Outbox(state, takers, 7))
  rig.buy('ann', { qty: 2 })
  rig.checkout('ann')
})

test('OFF-1 an order that has ended goes to its user’s session, then to the back office, and the shard is not told that all have it', async () => {
  rig.settle(1, 'paid')
  takers.sessionIsAway = true
  await pump()
  expect([takers.news.length, takers.ends.length]).toEqual([1, 0])
  takers.sessionIsAway = false
  await pump(retryFirstMs)
  await pump()
  const news = { order: 'shoe:inc1:1', sku: 'shoe', user: 'ann', qty: 2, amountMinor: 3_998, currency: 'EUR', state: 'paid' }
  expect(takers.ends).toMatchObject([{ id: `${paidEnd}/7.1`, ended: { ...news, end: paidEnd, updatedAt: start + 50 } }])
  expect(JSON.stringify(takers.ends)).not.toContain('tok_')
  expect(takers.told).toEqual([])
})

test('OFF-2 what the back office does not take is put again, each time under an id of its own, later and later, and the session is not told again', async () => {
  rig.settle(1, 'paid')
  const at: number[] = []
  while (rig.now < start + 3_600_000) {
    await pump(500)
    while (at.length < takers.ends.length) at.push(rig.now)
  }
  const pauses = at.slice(1).map((time, index) => time - (at[index] ?? 0))
  expect(pauses[0]).toBeLessThan(unsettledMs + 2 * retryFirstMs + 500)
  expect(Math.max(...pauses)).toBeGreaterThan(officeRetryMostMs / 2)
  expect(Math.max(...pauses)).toBeLessThanOrEqual(unsettledMs + officeRetryMostMs + 500)
  expect(new Set(takers.ends.map(({ id }) => id)).size).toBe(takers.ends.length)
  expect(takers.news.length).toBe(1)
  expect(owed(rig.now).ends[0]?.tries).toBe(takers.ends.length)
})

test('OFF-3 a queue to the back office that hangs keeps no payment waiting', async () => {
  takers.officeHangs = true
  const users = Array.from({ length: underWayMax + 10 }, (_, i) => `u${i}`)
  rig.restock(users.length + 1)
  rig.batch(users.map((user) => ({ op: 'buy' as const, sku: 'shoe', user })))
  rig.batch(users.map((user) => ({ op: 'checkout' as const, sku: 'shoe', user, payload: Uint8Array.of(0x61) })))
  rig.batch(users.map((_, index) => ({ op: 'settle' as const, sku: 'shoe', payload: { incarnation, claim: index + 2, outcome: 'paid' } })))
  for (let i = 0; i < 4; i++) await pump()
  expect(takers.ends.length).toBe(underWayMax)
  rig.buy('zoe')
  rig.checkout('zoe')
  await pump()
  expect(takers.orders.at(-1)?.user).toBe('zoe')
})

test('OFF-4 only word of the end that an order has come to puts it away', () => {
  rig.settle(1, 'paid')
  delivered(`shoe:inc1:1/declined/${start + 50}`)
  delivered(`shoe:inc1:1/paid/${start + 51}`)
  expect(owed(rig.now).count).toBe(1)
  delivered(paidEnd)
  expect(owed(rig.now).count).toBe(0)
})

test('OFF-5 a shard says what ends it still owes, from its journal alone', async () => {
  rig.buy('bob')
  rig.checkout('bob')
  expect(owed(rig.now)).toEqual({ count: 0, ends: [] })
  rig.settle(1, 'paid')
  await pump()
  expect(owed(rig.now - 100)).toEqual({ count: 1, ends: [] })
  rig.recover(rig.actor.save(), rig.journal.length, 1_000)
  expect(owed(rig.now)).toMatchObject({ count: 1, ends: [{ end: paidEnd, user: 'ann', tries: 0 }] })
})
