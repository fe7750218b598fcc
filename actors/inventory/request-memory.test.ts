import { expect, test } from 'vitest'
import { FormerRequests, formerRequestsMax, requestMemoryMs } from './former-requests.ts'
import { RefusedRequests, refusedRequestsMax } from './refused-requests.ts'

test('INV-86 a former request is known for its time, to its user alone, also after a restart', () => {
  const former = new FormerRequests()
  former.remember(1, 10, 20, 1_000)
  former.remember(2, 10, 21, 50_000)
  former.remember(3, 0, 0, 50_000)
  const copy = new FormerRequests()
  copy.restore(former.entries())
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

test('INV-87 the memory of former requests is bounded, and has room again when time has passed', () => {
  const former = new FormerRequests()
  for (let i = 0; i < formerRequestsMax; i++) former.remember(i, i, 1, 1_000)
  expect(former.isFull(1_000)).toBe(true)
  expect(former.isFull(1_001 + requestMemoryMs)).toBe(false)
  expect(former.entries()).toEqual([])
})

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
