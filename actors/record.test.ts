import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { eachEvent, JournalFault, readRecordHead, recordHeadBytes, recordOffset, recordVersion, RecordWriter } from './record.ts'

function recordOf(now: number, digest: number, events: readonly Uint8Array[], writer = new RecordWriter()): Uint8Array {
  writer.begin(now)
  for (const [kind, fields] of events.entries()) {
    const at = writer.event(4 + fields.length, kind + 1)
    writer.bytes.set(fields, at + 4)
  }
  return writer.seal(digest).slice()
}

function eventsOf(record: Uint8Array): { readonly kind: number; readonly fields: number[] }[] {
  const view = new DataView(record.buffer, record.byteOffset, record.length)
  const events: { kind: number; fields: number[] }[] = []
  eachEvent(record, view, (at) => {
    events.push({ kind: view.getUint16(at + 2, true), fields: [...record.subarray(at + 4, at + view.getUint16(at, true))] })
  })
  return events
}

const content = fc.record({
  now: fc.nat(2 ** 42),
  digest: fc.integer({ min: 0, max: 0xffff_ffff }),
  events: fc.array(fc.uint8Array({ maxLength: 90 }), { maxLength: 20, size: 'max' }),
})

describe('a journal record', () => {
  test('JRN-1 gives back its time, its digest and its events, whatever was written before with the same writer', () => {
    const writer = new RecordWriter()
    fc.assert(
      fc.property(content, ({ now, digest, events }) => {
        const record = recordOf(now, digest, events, writer)
        expect(readRecordHead(record)).toEqual({ now, digest, events: events.length })
        expect(eventsOf(record)).toEqual(events.map((fields, i) => ({ kind: i + 1, fields: [...fields] })))
      }),
    )
  })

  test('JRN-2 with any one bit changed is refused', () => {
    const record = recordOf(1_700_000_000_000, 0xdead_beef, [Uint8Array.of(1, 2, 3), Uint8Array.of(4)])
    for (let bit = 0; bit < record.length * 8; bit++) {
      const damaged = record.slice()
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(() => readRecordHead(damaged), `bit ${bit}`).toThrow(JournalFault)
    }
  })

  test('JRN-3 cut anywhere, or with bytes behind it, is refused', () => {
    const record = recordOf(1_700_000_000_000, 1, [new Uint8Array(40).fill(7)])
    for (let length = 0; length < record.length; length++) {
      expect(() => readRecordHead(record.subarray(0, length)), `${length} bytes`).toThrow(JournalFault)
    }
    expect(() => readRecordHead(Uint8Array.of(...record, 0))).toThrow('does not match its checksum')
  })

  test('JRN-4 of another version is named as such', () => {
    const record = recordOf(1, 1, [])
    record[0] = recordVersion + 1
    expect(() => readRecordHead(record)).toThrow(`version ${recordVersion + 1}; this version of Sluice reads ${recordVersion}`)
  })

  test('JRN-5 whose event lengths do not fit is refused, not read past its end', () => {
    for (const length of [0, 3, 6, 0xffff]) {
      const record = recordOf(1, 1, [Uint8Array.of(9)])
      new DataView(record.buffer).setUint16(recordHeadBytes, length, true)
      expect(() => eventsOf(record), `length ${length}`).toThrow(JournalFault)
    }
    expect(() => eventsOf(recordOf(1, 1, [Uint8Array.of(9)]).subarray(0, recordHeadBytes + 3))).toThrow(JournalFault)
  })

  test('JRN-6 has its head where the format says, little-endian', () => {
    const record = recordOf(1_700_000_000_123, 0x0102_0304, [Uint8Array.of(5)])
    const view = new DataView(record.buffer)
    expect([...record.subarray(0, 8)]).toEqual([recordVersion, 0, 0, 0, 4, 3, 2, 1])
    expect(view.getFloat64(recordOffset.now, true)).toBe(1_700_000_000_123)
    expect(view.getUint32(recordOffset.events, true)).toBe(1)
    expect([...record.subarray(recordHeadBytes)]).toEqual([5, 0, 1, 0, 5])
  })

  test('JRN-7 grows with its events, and an event longer than its length field is refused', () => {
    const large = Array.from({ length: 40 }, (_, i) => new Uint8Array(60_000).fill(i))
    const record = recordOf(5, 6, large)
    expect(readRecordHead(record).events).toBe(40)
    expect(eventsOf(record).every((event, i) => event.fields.length === 60_000 && event.fields.every((byte) => byte === i))).toBe(true)
    expect(() => new RecordWriter().event(0x1_0000, 1)).toThrow('too long')
  })
})
