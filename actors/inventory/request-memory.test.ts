import { expect, test } from 'vitest'
import { op, writeEntry } from '../../protocol/entry.ts'
import { mix32 } from '../../protocol/hash.ts'
import { incarnation, settingsOf } from '../testing/inventory-rig.ts'
import { finish } from '../work.ts'
import { canNoteAnsweredOf } from './answered-requests.ts'
import { FormerRequests, formerRequestsMax, requestMemoryMs } from './former-requests.ts'
import { InventoryState } from './inventory-state.ts'
import { RefusedRequests, refusedRequestsMax } from './refused-requests.ts'

test('INV-86 a former request is known for its time, to its user alone, also after a restart', () => {
  const former = new FormerRequests()
  former.remember(1, 10, 20, 1_000)
  former.remember(2, 10, 21, 50_000)
  former.remember(3, 0, 0, 50_000)
  const copy = new FormerRequests()
  finish(copy.restore(former.save()))
  for (const one of [former, copy]) {
    expect(one.has(1, 10, 20, 50_000)).toBe(true)
    expect(one.has(2, 10, 20, 50_000), 'another user').toBe(false)
    expect(one.has(1, 10, 21, 50_000), 'another request').toBe(false)
    expect(one.has(3, 0, 0, 50_000), 'no request id').toBe(false)
    expect(one.has(1, 10, 20, 1_000 + requestMemoryMs)).toBe(true)
    expect(one.has(1, 10, 20, 1_001 + requestMemoryMs)).toBe(false)
    expect(one.has(2, 10, 21, 1_001 + requestMemoryMs)).toBe(true)
  }
})

test('INV-86 is read as snapshots of version 1 have it', () => {
  const former = new FormerRequests()
  finish(
    former.restore([
      ['1.10.20', 1_000],
      ['4294967295.4294967294.7', 2_000],
    ]),
  )
  expect(former.has(1, 10, 20, 3_000)).toBe(true)
  expect(former.has(0xffff_ffff, 0xffff_fffe, 7, 3_000)).toBe(true)
  expect(former.has(1, 10, 21, 3_000)).toBe(false)
})

test('INV-122 a request of any of very many is found, and forgotten with its time, however they come and go', () => {
  const former = new FormerRequests()
  const everyMs = 10
  const kept = requestMemoryMs / everyMs
  const count = kept * 4
  for (let i = 1; i <= count; i++) former.remember(i % 7, mix32(i), i, i * everyMs)
  const isKnown = (i: number): boolean => former.has(i % 7, mix32(i), i, count * everyMs)
  const known = Array.from({ length: count }, (_, i) => i + 1).filter(isKnown)
  expect(known).toEqual(Array.from({ length: kept + 1 }, (_, i) => count - kept + i))
  expect(former.save().users.length, 'the others are gone').toBe((kept + 1) * 4)
})

test('INV-122 those of one user with one request id at different times count as long as the last', () => {
  const former = new FormerRequests()
  former.remember(1, 2, 3, 1_000)
  former.remember(1, 2, 3, 100_000)
  former.remember(9, 9, 9, 1_001 + requestMemoryMs)
  expect(former.has(1, 2, 3, 1_001 + requestMemoryMs)).toBe(true)
  expect(former.has(1, 2, 3, 100_001 + requestMemoryMs)).toBe(false)
})

test('INV-87 the memory of former requests is bounded, and has room again when time has passed', () => {
  const former = new FormerRequests()
  for (let i = 0; i < formerRequestsMax; i++) former.remember(i, i, 1, 1_000)
  expect(former.isFull(1_000)).toBe(true)
  expect(former.isFull(1_001 + requestMemoryMs)).toBe(false)
  former.remember(1, 1, 2, 1_001 + requestMemoryMs)
  for (let calls = 0; calls < formerRequestsMax / 32; calls++) former.isFull(1_001 + requestMemoryMs)
  expect(former.save().users.length, 'the old have gone').toBe(4)
})

test('INV-124 requests of strangers fill but half of the memory, and those of who has or had a claim all of it', () => {
  const sku = new InventoryState().add(settingsOf(), incarnation)
  const view = leaveOf(9)
  const roomFor = (row: number, now: number): boolean => canNoteAnsweredOf(row, sku, view, 0, now)
  for (let i = 0; i < formerRequestsMax / 2; i++) sku.former.remember(i, i, 1, 1_000)
  expect([roomFor(-1, 1_000), roomFor(0, 1_000)]).toEqual([false, true])
  for (let i = 0; i < formerRequestsMax / 2; i++) sku.former.remember(i, i, 2, 1_000)
  expect([roomFor(-1, 1_000), roomFor(0, 1_000)]).toEqual([false, false])
  expect(canNoteAnsweredOf(-1, sku, leaveOf(0), 0, 1_000), 'without an id there is nothing to remember').toBe(true)
  for (let calls = 0; calls < formerRequestsMax / 32; calls++) roomFor(-1, 1_001 + requestMemoryMs)
  expect(roomFor(-1, 1_001 + requestMemoryMs)).toBe(true)
})

/** A `leave` as shards get it. */
function leaveOf(requestLo: number): DataView {
  const bytes = new Uint8Array(200)
  const view = new DataView(bytes.buffer)
  const [sku, user, payload] = [new Uint8Array(4), new Uint8Array(3), new Uint8Array(0)]
  const none = { slot: 0, turn: 0, msgid: 0, deadlineAt: 0, skuHash: 0, userHash: 7, qty: 0, requestHi: 0 }
  writeEntry(bytes, view, 0, { ...none, op: op.leave, requestLo, sku, user, payload })
  return view
}

test('INV-88 a request that was refused for good is known by SKU, user and request id, for its time, and their number is bounded', () => {
  const refused = new RefusedRequests()
  const one = { skuIndex: 3, userHash: 4, requestHi: 0xffff_ffff, requestLo: 0xffff_fffe, code: 'SOLD_OUT', at: 1_000 } as const
  expect(refused.isEmpty).toBe(true)
  expect(refused.remember(one)).toBe(true)
  expect(refused.find(3, 4, 0xffff_ffff, 0xffff_fffe, 1_000)).toBe('SOLD_OUT')
  // The last two have the key of the first: sku and user are mixed into it, and its low bits are cut.
  expect(refused.find(2, 4, 0xffff_ffff, 0xffff_fffe, 1_000)).toBeUndefined()
  expect(refused.find(2, 5, 0xffff_ffff, 0xffff_fffe, 1_000)).toBeUndefined()
  expect(refused.find(3, 4, 0xffff_ffff, 0xffff_ffff, 1_000)).toBeUndefined()
  expect(refused.find(3, 4, 0xffff_ffff, 0xffff_fffe, 1_000 + requestMemoryMs)).toBe('SOLD_OUT')
  expect(refused.find(3, 4, 0xffff_ffff, 0xffff_fffe, 1_001 + requestMemoryMs)).toBeUndefined()
  refused.dropOld(1_000 + requestMemoryMs)
  expect(refused.isEmpty).toBe(false)
  refused.dropOld(1_001 + requestMemoryMs)
  expect(refused.isEmpty).toBe(true)

  const many = new RefusedRequests()
  for (let i = 0; i < refusedRequestsMax; i++) many.remember({ ...one, requestLo: i << 11, at: 2_000 })
  expect(many.remember({ ...one, at: 2_000 })).toBe(false)
  expect(many.remember({ ...one, at: 2_001 + requestMemoryMs })).toBe(true)
})
