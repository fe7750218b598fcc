import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Entry, entryBytesMax, entryHeadBytes, entryOffset, op, readEntry, writeEntry } from './entry.ts'

const u32 = fc.nat(0xffff_ffff)
const entries: fc.Arbitrary<Entry> = fc.record({
  op: fc.constantFrom(...Object.values(op)),
  slot: u32,
  turn: u32,
  msgid: u32,
  deadlineAt: fc.double({ noNaN: true }),
  skuHash: u32,
  userHash: u32,
  requestHi: u32,
  requestLo: u32,
  qty: fc.nat(0xffff),
  sku: fc.uint8Array({ maxLength: 48 }),
  user: fc.uint8Array({ maxLength: 64 }),
  payload: fc.uint8Array({ maxLength: 300 }),
})

test('PRO-20 entries are read as they were written, one behind the other, beginning anywhere', () => {
  fc.assert(
    fc.property(fc.array(entries, { maxLength: 6 }), fc.nat(7), (batch, start) => {
      const bytes = new Uint8Array(16_384).fill(0xee)
      const view = new DataView(bytes.buffer)
      let at = start
      for (const entry of batch) at = writeEntry(bytes, view, at, entry)
      let from = start
      for (const entry of batch) {
        expect(readEntry(bytes, view, from)).toEqual(entry)
        from += view.getUint16(from, true)
      }
      expect(from).toBe(at)
      expect([...bytes.subarray(at, at + 4)]).toEqual([0xee, 0xee, 0xee, 0xee])
    }),
  )
})

test('PRO-20 an entry looks as its drawing says: it is the format of the journal', () => {
  const bytes = new Uint8Array(64)
  const end = writeEntry(bytes, new DataView(bytes.buffer), 0, {
    op: op.checkout,
    slot: 0x01020304,
    turn: 0x05060708,
    msgid: 0x090a0b0c,
    deadlineAt: 1,
    skuHash: 0x11121314,
    userHash: 0x15161718,
    requestHi: 0x191a1b1c,
    requestLo: 0x1d1e1f20,
    qty: 0x2122,
    sku: Uint8Array.of(0xaa, 0xab),
    user: Uint8Array.of(0xba),
    payload: Uint8Array.of(0xca, 0xcb),
  })
  const drawing = '3100 04 00 04030201 08070605 0c0b0a09 000000000000f03f 14131211 18171615 1c1b1a19 201f1e1d 2221 02 01 aaab ba cacb'
  expect(Buffer.from(bytes.subarray(0, end)).toString('hex')).toBe(drawing.replaceAll(' ', ''))
  expect(entryHeadBytes).toBe(entryOffset.userBytes + 1)
})

test('PRO-20 an entry that its length field cannot say is a mistake', () => {
  const bytes = new Uint8Array(2 * entryBytesMax)
  const write = (payload: number) => writeEntry(bytes, new DataView(bytes.buffer), 0, { ...emptyEntry, payload: new Uint8Array(payload) })
  expect(write(entryBytesMax - entryHeadBytes)).toBe(entryBytesMax)
  expect(() => write(entryBytesMax - entryHeadBytes + 1)).toThrow(RangeError)
})

test('PRO-20 the numbers of operations stay what they are; new ones may come', () => {
  expect(op).toMatchObject({
    buy: 1,
    leave: 2,
    claim: 3,
    checkout: 4,
    settle: 5,
    configure: 6,
    setPhase: 7,
    restock: 8,
    status: 9,
    view: 10,
  })
  expect(op).toMatchObject({ claimsByNumber: 11, claimsOfUser: 12, lineList: 13, orderGet: 14, delivered: 15 })
  expect(op).toMatchObject({ attach: 32, detach: 33, claimed: 34, orderNews: 35, userGet: 36, orderList: 37 })
  expect(new Set(Object.values(op)).size).toBe(Object.keys(op).length)
})

const none = new Uint8Array(0)
const emptyEntry: Entry = {
  op: op.buy,
  slot: 0,
  turn: 0,
  msgid: 0,
  deadlineAt: 0,
  skuHash: 0,
  userHash: 0,
  requestHi: 0,
  requestLo: 0,
  qty: 0,
  sku: none,
  user: none,
  payload: none,
}
