import { expect, test } from 'vitest'
import { recordHeadBytes, recordOffset } from '../../actors/record.ts'
import { BuyRecords } from './buy-records.ts'

test('BEN-74 records for a store alone are as long as those of as many buys, and say how many', () => {
  const records = new BuyRecords(1_000)
  const eventBytes = records.of(1).length - recordHeadBytes
  // A user of 16 bytes, its claim, its request and a deadline do not go into less.
  expect(eventBytes).toBeGreaterThan(32)
  for (const buys of [2, 64, 65, 1_000]) {
    const record = records.of(buys)
    expect(record.length).toBe(recordHeadBytes + buys * eventBytes)
    const view = new DataView(record.buffer, record.byteOffset, record.length)
    expect(view.getUint32(recordOffset.events, true)).toBe(buys)
    // Each event's head says its length, up to the last one.
    for (let i = 0; i < buys; i++) expect(view.getUint16(recordHeadBytes + i * eventBytes, true)).toBe(eventBytes)
  }
})
