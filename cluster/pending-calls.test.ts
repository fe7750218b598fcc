import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { PendingCalls } from './pending-calls.ts'

const never = Number.MAX_SAFE_INTEGER

test('GW-1 a row keeps what its call said until it is settled', () => {
  const pending = new PendingCalls(4)
  const row = pending.take(7, 3, 99, 2, never)
  expect([pending.target[row], pending.targetTurn[row], pending.msgid[row], pending.method[row]]).toEqual([7, 3, 99, 2])
  expect(pending.size).toBe(1)
  expect(pending.settle(row, turnOf(pending, row))).toBe(true)
  expect(pending.size).toBe(0)
})

test('GW-1 an answer that comes twice, late or to no row finds nobody', () => {
  const pending = new PendingCalls(2)
  const row = pending.take(1, 1, 1, 1, never)
  const turn = turnOf(pending, row)
  expect(pending.settle(row + 1, 0)).toBe(false)
  expect(pending.settle(row, turn + 1)).toBe(false)
  expect(pending.settle(row, turn)).toBe(true)
  expect(pending.settle(row, turn)).toBe(false)
  expect(pending.take(2, 1, 2, 1, never)).toBe(row)
  expect(pending.settle(row, turn)).toBe(false)
  expect(pending.size).toBe(1)
})

test('GW-1 a full table takes no more until a row is free', () => {
  const pending = new PendingCalls(2)
  const first = pending.take(1, 1, 1, 1, never)
  pending.take(2, 1, 2, 1, never)
  expect(pending.take(3, 1, 3, 1, never)).toBe(-1)
  pending.settle(first, turnOf(pending, first))
  expect(pending.take(3, 1, 3, 1, never)).toBe(first)
})

test('GW-1 overdue rows are those whose deadline has passed and that still wait', () => {
  const pending = new PendingCalls(4)
  const [settled, due, waiting] = [pending.take(1, 1, 1, 1, 100), pending.take(2, 1, 2, 1, 100), pending.take(3, 1, 3, 1, 200)]
  pending.settle(settled, turnOf(pending, settled))
  const seen: number[] = []
  pending.overdue(150, (row) => seen.push(row))
  expect(seen).toEqual([due])
  pending.overdue(201, (row) => seen.push(row))
  expect(seen).toEqual([due, due, waiting])
})

test('GW-1 in any order of taking and settling, no two calls share a row and every answer finds its own call', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 200 }), (steps) => {
      const pending = new PendingCalls(8)
      const open: { readonly row: number; readonly turn: number; readonly msgid: number }[] = []
      const closed: { readonly row: number; readonly turn: number }[] = []
      const taken: boolean[] = []
      const found: boolean[] = []
      for (const [msgid, step] of steps.entries()) {
        if (step < 12) {
          const row = pending.take(0, 0, msgid, 0, never)
          if (row >= 0) open.push({ row, turn: turnOf(pending, row), msgid })
          taken.push(row >= 0 || open.length === 8)
        } else {
          const [call] = open.splice(step % Math.max(1, open.length), 1)
          if (call === undefined) continue
          found.push(pending.msgid[call.row] === call.msgid && pending.settle(call.row, call.turn))
          closed.push(call)
        }
        expect(pending.size).toBe(open.length)
        expect(new Set(open.map((call) => call.row)).size).toBe(open.length)
      }
      expect([...taken, ...found]).not.toContain(false)
      expect(closed.some((call) => pending.settle(call.row, call.turn))).toBe(false)
    }),
  )
})

function turnOf(pending: PendingCalls, row: number): number {
  return pending.turn[row] ?? -1
}
