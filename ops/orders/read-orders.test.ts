import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { InventoryRig, settingsOf } from '../../actors/testing/inventory-rig.ts'
import { rigStep, takeStep } from '../../actors/testing/rig-steps.ts'
import type { ArchiveRecord } from '../../cluster/store.ts'
import { decodeFoundOrder } from '../../protocol/client/result-decoders.ts'
import { StartFault } from '../start-fault.ts'
import type { JournaledOrder } from './journaled-order.ts'
import { readOrders } from './read-orders.ts'

interface Read {
  readonly orders: readonly JournaledOrder[]
  readonly incomplete: readonly string[]
}

async function read(records: readonly ArchiveRecord[]): Promise<Read> {
  const source = {
    shards: ['ses.0', 'inv.0'] as const,
    async *readArchive(shard: string) {
      if (shard === 'inv.0') yield* records
    },
  }
  const incomplete: string[] = []
  const orders: JournaledOrder[] = []
  for await (const order of readOrders(source, (shard, events) => incomplete.push(`${shard} ${events}`))) orders.push(order)
  return { orders, incomplete }
}

/** What every claim of the rig was told last, for those that are orders. */
function ordersTold(rig: InventoryRig, told: Map<string, string>): void {
  for (const { state } of rig.reportsOfClaims(60))
    if ('order' in state) told.set(state.order, `${state.state} ${state.qty} ${state.amountMinor}`)
}

test('EXP-1 every order that anyone was told of is read from the journal, its last line in its last state, whatever happened', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 5 }), fc.array(rigStep, { maxLength: 60, size: 'max' }), async (stock, steps) => {
      const rig = new InventoryRig()
      rig.configure(settingsOf({ stock }))
      const told = new Map<string, string>()
      for (const one of steps) {
        takeStep(rig, one)
        ordersTold(rig, told)
      }
      const { orders, incomplete } = await read(rig.archive())
      expect(incomplete).toEqual([])
      const lines = orders.map(({ order, state, qty, amountMinor }): [string, string] => [order, `${state} ${qty} ${amountMinor}`])
      expect(new Map(lines)).toEqual(told)
    }),
    { numRuns: 200 },
  )
})

test('EXP-10 what is given back of an order makes another line, however long ago it was paid', async () => {
  const rig = new InventoryRig()
  rig.configure(settingsOf({ stock: 2, priceMinor: 1_250 }))
  rig.buy('ann', { qty: 2 })
  rig.checkout('ann')
  rig.settle(1, 'paid')
  for (const [request, amountMinor] of [
    ['r1', 1_000],
    ['r2', 1_500],
  ] as const) {
    rig.pass(400_000)
    rig.refund(1, request, amountMinor)
    for (const { refund } of decodeFoundOrder(rig.find(1)).refunds) rig.settleRefund(refund, 'refunded')
  }
  const { orders } = await read(rig.archive())
  expect(orders.map(({ user, amountMinor, state, refundedMinor }) => [user, amountMinor, state, refundedMinor])).toEqual([
    ['ann', 2_500, 'paid', 0],
    ['ann', 2_500, 'paid', 1_000],
    ['ann', 2_500, 'refunded', 2_500],
  ])
  expect(new Set(orders.map(({ order }) => order)).size).toBe(1)
})

test('EXP-11 money that came for an order after its end, and went back, makes another line', async () => {
  const rig = new InventoryRig()
  rig.configure()
  rig.buy('ann')
  rig.checkout('ann')
  for (const outcome of ['declined', 'paid', 'refunded']) rig.settle(1, outcome)
  const { orders, incomplete } = await read(rig.archive())
  expect(orders.map(({ state, refundedMinor }) => [state, refundedMinor])).toEqual([
    ['declined', 0],
    ['refunded', 1_999],
  ])
  expect(incomplete).toEqual([])
})

test('EXP-2 an order has its user, its money and its times; those that are still open come last', async () => {
  const rig = new InventoryRig()
  rig.configure(settingsOf({ stock: 2, priceMinor: 1_250 }))
  const orderedAt = rig.now
  rig.buy('ann', { qty: 2 })
  rig.buy('bob')
  rig.checkout('ann')
  rig.pass(5_000)
  rig.settle(1, 'declined')
  const declinedAt = rig.now
  rig.pass(1_000)
  rig.checkout('bob')
  const { orders } = await read(rig.archive())
  const sold = { sku: 'shoe', currency: 'EUR', refundedMinor: 0 }
  expect(orders).toEqual([
    { ...sold, order: 'shoe:inc1:1', user: 'ann', qty: 2, amountMinor: 2_500, state: 'declined', orderedAt, updatedAt: declinedAt },
    { ...sold, order: 'shoe:inc1:2', user: 'bob', qty: 1, amountMinor: 1_250, state: 'pending', orderedAt: rig.now, updatedAt: rig.now },
  ])
})

test('EXP-3 where the oldest records are gone, the orders that began in them are counted and not made up', async () => {
  const rig = new InventoryRig()
  rig.configure()
  rig.buy('ann')
  rig.checkout('ann')
  const kept = rig.archive().length
  rig.buy('bob')
  rig.checkout('bob')
  rig.settle(1, 'paid')
  rig.settle(2, 'paid')
  const { orders, incomplete } = await read(rig.archive().slice(kept))
  expect(orders).toEqual([])
  expect(incomplete).toEqual(['inv.0 3'])
})

test('EXP-4 a record that cannot be read ends it with one line', async () => {
  const rig = new InventoryRig()
  rig.configure()
  rig.buy('ann')
  const records = rig.archive().map((record) => ({ ...record, bytes: record.bytes.slice(0, -1) }))
  await expect(read(records)).rejects.toThrow(StartFault)
  await expect(read(records)).rejects.toThrow(/^inv\.0 1-1 .*; sluice journal verify says more$/)
})
