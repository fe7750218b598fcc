import { beforeEach, describe, expect, test } from 'vitest'
import type { QueuedOrder } from '../../cluster/queue.ts'
import { journalStart } from '../../cluster/store.ts'
import { ToldSamples } from '../../cluster/told-samples.ts'
import { InventoryRig, settingsOf, start } from '../testing/inventory-rig.ts'
import { ManualWorld } from '../testing/manual-world.ts'
import type { OrderNews } from './ended-order.ts'
import { Outbox, OutboxCounters, type OutboxTargets, retryFirstMs, underWayMax, unsettledMs } from './outbox.ts'

/** The other sides: takes what it is given, unless it is told to fail or to keep everybody waiting. */
class Takers implements OutboxTargets {
  readonly orders: { readonly id: string; readonly order: QueuedOrder }[] = []
  readonly news: OrderNews[] = []
  readonly told: string[] = []
  readonly log = new ManualWorld().log
  fails = false
  waits: Promise<void> | undefined

  async putOrder(id: string, order: QueuedOrder): Promise<void> {
    this.orders.push({ id, order })
    await this.waits
    if (this.fails) throw new Error('told to fail')
  }

  async tellSession(news: OrderNews): Promise<void> {
    this.news.push(news)
    if (this.fails) throw new Error('told to fail')
  }

  delivered(_sku: string, end: string): void {
    this.told.push(end)
  }

  get ids(): string[] {
    return this.orders.map((one) => one.id)
  }
}

let rig: InventoryRig
let takers: Takers

async function pump(ms = 0): Promise<void> {
  rig.pass(ms)
  rig.actor.released(rig.now, journalStart)
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

beforeEach(() => {
  rig = new InventoryRig()
  rig.configure(settingsOf({ stock: 10, paymentTtlMs: 40_025 }))
  takers = new Takers()
  rig.actor.useOutbox((state) => new Outbox(state, takers, 7))
  rig.buy('ann', { qty: 2 })
})

describe('the outbox', () => {
  test('ORD-20 puts an order into the queue with all that its payment needs', async () => {
    rig.checkout('ann')
    await pump()
    expect(takers.orders).toEqual([
      {
        id: 'shoe:inc1:1/pending/7.1',
        order: {
          order: 'shoe:inc1:1',
          user: 'ann',
          qty: 2,
          amountMinor: 3_998,
          currency: 'EUR',
          payment: 'tok_ok',
          kind: 'charge',
          puts: 1,
        },
      },
    ])
    await pump(1_000)
    expect(takers.orders.length).toBe(1)
  })

  test('OBS-7 what was handed on and what could not be is counted, by who was to have it', async () => {
    const counters = new OutboxCounters()
    rig.actor.useOutbox((state) => new Outbox(state, takers, 7, counters))
    const told = (): Record<string, number> => {
      const sink = new ToldSamples()
      counters.collect(sink)
      return sink.told
    }
    rig.checkout('ann')
    takers.fails = true
    await pump()
    expect(told()).toMatchObject({ 'sluice_outbox_failures_total to=payment': 1, 'sluice_outbox_handed_on_total to=payment': 0 })
    takers.fails = false
    await pump(retryFirstMs)
    expect(told()).toMatchObject({ 'sluice_outbox_failures_total to=payment': 1, 'sluice_outbox_handed_on_total to=payment': 1 })
    rig.settle(rig.claimOf('ann'), 'paid')
    await pump()
    expect(told()).toMatchObject({ 'sluice_outbox_handed_on_total to=session': 1, 'sluice_outbox_failures_total to=office': 0 })
  })

  test('ORD-21 puts an order again that nobody settles, each time under an id of its own, later and later', async () => {
    rig.checkout('ann')
    await pump()
    await pump(unsettledMs)
    expect(takers.ids.length).toBe(1)
    await pump(retryFirstMs)
    await pump(unsettledMs + retryFirstMs)
    expect(takers.ids.length).toBe(2)
    await pump(retryFirstMs)
    expect(takers.ids).toEqual(['shoe:inc1:1/pending/7.1', 'shoe:inc1:1/pending/7.2', 'shoe:inc1:1/pending/7.3'])
    expect(takers.orders.map(({ order }) => order.puts)).toEqual([1, 2, 3])
  })

  test('ORD-22 tries a failed put again with growing pauses, and only one at a time', async () => {
    takers.fails = true
    rig.checkout('ann')
    await pump()
    for (const [put, longestMs] of [retryFirstMs, 2 * retryFirstMs].entries()) {
      await pump(longestMs / 2 - 50)
      expect(takers.ids.length).toBe(put + 1)
      await pump(longestMs / 2 + 50)
      expect(takers.ids.length).toBe(put + 2)
    }
    let letGo: () => void = () => {}
    takers.waits = new Promise((resolve) => {
      letGo = resolve
    })
    await pump(4 * retryFirstMs)
    await pump(30_000)
    expect(takers.ids.length).toBe(4)
    takers.fails = false
    letGo()
    await pump()
  })

  test('ORD-33 spreads out again those that failed together', async () => {
    takers.fails = true
    rig.restock(100)
    const users = Array.from({ length: 100 }, (_, i) => `u${i}`)
    rig.batch(users.map((user) => ({ op: 'buy' as const, sku: 'shoe', user })))
    rig.batch(users.map((user) => ({ op: 'checkout' as const, sku: 'shoe', user, payload: Uint8Array.of(0x61) })))
    await pump()
    expect(takers.ids.length).toBe(100)
    const perStep: number[] = []
    for (let step = 0; step < 10; step++) {
      const before = takers.ids.length
      await pump(retryFirstMs / 10)
      perStep.push(takers.ids.length - before)
    }
    expect(perStep.slice(0, 4)).toEqual([0, 0, 0, 0])
    expect(takers.ids.length).toBe(200)
    expect(Math.max(...perStep)).toBeLessThan(50)
  })

  test('ORD-35 hands on a refund of a paid order until it has ended, then tells the user’s session of it', async () => {
    rig.checkout('ann')
    rig.settle(1, 'paid')
    rig.delivered(1)
    rig.refund(1, 'r1', 1_500)
    await pump()
    const [put] = takers.orders
    expect(put).toMatchObject({ order: { order: 'shoe:inc1:1', amountMinor: 1_500, kind: 'refund', payment: '', puts: 1 } })
    const key = put?.order.refund ?? ''
    expect(put?.id).toBe(`${key}/7.1`)
    await pump(unsettledMs + retryFirstMs)
    expect(takers.ids).toEqual([`${key}/7.1`, `${key}/7.2`])
    rig.settleRefund(key, 'refunded')
    await pump()
    expect(takers.news.at(-1)).toMatchObject({ order: 'shoe:inc1:1', state: 'paid', amountMinor: 3_998, refundedMinor: 1_500 })
    expect(takers.told.at(-1)).toBe(key)
    rig.ask({ op: 'delivered', sku: 'shoe', payload: key })
    const told = takers.news.length
    await pump(unsettledMs + retryFirstMs)
    expect([takers.news.length, takers.ids.length]).toEqual([told, 2])
  })

  test('ORD-23 asks for an overdue order’s outcome under a new id, and for a refund when money came too late', async () => {
    rig.checkout('ann')
    await pump()
    await pump(40_050)
    expect(takers.orders.at(-1)).toMatchObject({ id: 'shoe:inc1:1/overdue/7.1', order: { kind: 'close', amountMinor: 3_998 } })
    rig.setPhase('closed')
    rig.settle(1, 'paid')
    await pump()
    expect(takers.orders.at(-1)).toMatchObject({ id: 'shoe:inc1:1/refunding/7.1', order: { kind: 'refund', payment: 'tok_ok' } })
    rig.settle(1, 'refunded')
    await pump()
    expect(takers.news).toMatchObject([{ state: 'refunded' }])
  })

  test('ORD-24 tells the user’s session of the end, then the shard, and again if that word was lost', async () => {
    rig.checkout('ann')
    rig.settle(1, 'paid')
    await pump()
    const news = { sku: 'shoe', claim: 1, user: 'ann', order: 'shoe:inc1:1', qty: 2, amountMinor: 3_998, currency: 'EUR', state: 'paid' }
    expect(takers.news).toMatchObject([news])
    const end = `shoe:inc1:1/paid/${start + 50}`
    expect(takers.told).toEqual([end])
    await pump(1_000)
    expect(takers.news.length, 'not at every tick until the shard has put the order away').toBe(1)
    await pump(unsettledMs + retryFirstMs)
    expect([takers.news.length, takers.told]).toEqual([2, [end, end]])
    rig.delivered(1)
    await pump(unsettledMs * 10)
    expect([takers.news.length, takers.orders.length]).toEqual([2, 0])
  })

  test('ORD-25 keeps the news while the session cannot be told', async () => {
    takers.fails = true
    rig.checkout('ann')
    rig.settle(1, 'declined')
    await pump()
    expect([takers.news.length, takers.told]).toEqual([1, []])
    takers.fails = false
    await pump(retryFirstMs)
    expect([takers.news.length, takers.told]).toEqual([2, [`shoe:inc1:1/declined/${start + 50}`]])
  })

  test('ORD-26 begins again from the state under a new owner, whatever the queue still knows', async () => {
    rig.checkout('ann')
    await pump()
    rig.recover(rig.actor.save(), rig.journal.length, 1_000)
    rig.actor.useOutbox((state) => new Outbox(state, takers, 8))
    await pump()
    expect(takers.ids).toEqual(['shoe:inc1:1/pending/7.1', 'shoe:inc1:1/pending/8.1'])
    expect(takers.orders[1]?.order).toEqual(takers.orders[0]?.order)
  })

  test('ORD-27 has a bounded number of hand-overs under way', async () => {
    rig.restock(underWayMax + 100)
    const users = Array.from({ length: underWayMax + 100 }, (_, i) => `u${i}`)
    rig.batch(users.map((user) => ({ op: 'buy' as const, sku: 'shoe', user })))
    rig.batch(users.map((user) => ({ op: 'checkout' as const, sku: 'shoe', user, payload: Uint8Array.of(0x61) })))
    let letGo: () => void = () => {}
    takers.waits = new Promise((resolve) => {
      letGo = resolve
    })
    await pump()
    await pump()
    expect(takers.orders.length).toBe(underWayMax)
    letGo()
    await pump()
    await pump(100)
    expect(new Set(takers.ids).size).toBe(underWayMax + 100)
  })
})
