import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ReservationReport } from '../inventory/reservations.ts'
import { saleId, skuId } from '../testing/ids.ts'
import { OpenReservations } from './open-reservations.ts'
import { reservedSkusMax, UserReservations } from './user-reservations.ts'

const shoe = skuId('shoe')
const sale = saleId('sale')

function report(seq: number, units: { readonly number?: number; readonly live?: number; readonly bought?: number }): ReservationReport {
  return { user: 'ann', sku: shoe, sale, number: 1, live: 0, bought: 0, at: { epoch: 1, seq }, ...units }
}

/** As a session does: what says nothing new is passed over. */
function hear(reservations: UserReservations, said: ReservationReport): void {
  if (reservations.isNews(said)) reservations.report(said)
}

/** A shard's journal, as reports from each of its places: a claim begins, is bought or not, and the next one begins. */
const story: readonly ReservationReport[] = [
  report(1, { number: 0 }),
  report(2, { live: 2 }),
  report(3, { bought: 2 }),
  report(4, { number: 2, live: 1, bought: 2 }),
  report(5, { number: 2, bought: 2 }),
]

test('LIM-13 takes reports in any order and as often as they come, and never goes back', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...story, ...story], { minLength: 1 }), (heard) => {
      const reservations = new UserReservations()
      reservations.reserve({ sku: shoe, sale, number: 1, qty: 2 })
      let latest = 0
      for (const said of heard) {
        hear(reservations, said)
        latest = Math.max(latest, said.at.seq)
        const { live = 2, bought = 0 } = latest === 1 ? {} : (story[latest - 1] ?? {})
        expect(reservations.unitsIn(sale)).toBe(live + bought)
      }
    }),
  )
})

test('LIM-13 a report from before a reservation gives nothing of it back', () => {
  const reservations = new UserReservations()
  reservations.reserve({ sku: shoe, sale, number: 3, qty: 2 })
  hear(reservations, report(8, { number: 2, bought: 1 }))
  expect(reservations.find(shoe)).toMatchObject({ open: 2, bought: 1, number: 3 })
  hear(reservations, report(9, { number: 3, bought: 1 }))
  expect(reservations.unitsIn(sale)).toBe(1)
})

test('LIM-18 numbers rise beyond any that was heard of, also of a reservation that its own store has lost', () => {
  const reservations = new UserReservations()
  hear(reservations, report(5, { number: 7, live: 1 }))
  expect(reservations.last).toBe(7)
  expect(reservations.unitsIn(sale)).toBe(1)
})

test('LIM-19 knows a bounded number of SKUs and forgets none of which something counts', () => {
  const reservations = new UserReservations()
  const name = (index: number) => skuId(`sku-${index}`)
  for (let i = 0; i < 2 * reservedSkusMax; i++) {
    reservations.reserve({ sku: name(i), sale, number: i + 1, qty: 1 })
    if (i > 0) hear(reservations, { ...report(i, { number: i + 1 }), sku: name(i) })
  }
  expect(reservations.save().skus.length).toBe(reservedSkusMax)
  expect(reservations.unitsIn(sale)).toBe(1)
  expect(reservations.hasNoRoomFor(name(9_999))).toBe(false)
  for (let i = 1; i < reservedSkusMax; i++) reservations.reserve({ sku: name(1_000 + i), sale, number: 1_000 + i, qty: 1 })
  expect(reservations.hasNoRoomFor(name(9_999))).toBe(true)
  expect(reservations.hasNoRoomFor(name(0))).toBe(false)
})

test('LIM-14 all that count are known as open, also when only a record that was read knows of them, until a report ends them', () => {
  const open = new OpenReservations()
  open.read('ann', [{ sku: 'shoe', sale: 'sale', number: 4, open: 1, bought: 0, at: { epoch: 1, seq: 1 } }])
  open.read('ann', [{ sku: 'hat', sale: 'sale', number: 5, open: 0, bought: 1, at: { epoch: 1, seq: 1 } }])
  expect(open.save()).toEqual([{ user: 'ann', sku: 'shoe', number: 4 }])
  expect(open.isEndedBy(report(9, { number: 4, live: 1 }))).toBe(false)
  expect(open.isEndedBy(report(9, { number: 3 }))).toBe(false)
  expect(open.isEndedBy(report(9, { number: 4 }))).toBe(true)
})
