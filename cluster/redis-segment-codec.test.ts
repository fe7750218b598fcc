import { array, assert, asyncProperty, nat, record, uint8Array } from 'fast-check'
import { expect, test } from 'vitest'
import { decodeSegment, encodeSegment } from './redis-segment-codec.ts'

test('RED-24 an archived segment gives back the records that went in, byte for byte', async () => {
  const records = array(
    record({ position: record({ epoch: nat(2 ** 30).map((n) => n * 2 ** 22), seq: nat() }), bytes: uint8Array({ maxLength: 2000 }) }),
  )
  await assert(
    asyncProperty(records, async (all) => {
      const read = await decodeSegment(await encodeSegment(all))
      expect(read.map(({ position, bytes }) => ({ position, bytes: new Uint8Array(bytes) }))).toEqual(all)
    }),
    { numRuns: 50 },
  )
})

test('RED-24 an archived segment that is damaged is not read', async () => {
  const whole = await encodeSegment([{ position: { epoch: 1, seq: 1 }, bytes: new Uint8Array(1000).fill(7) }])
  await expect(decodeSegment(whole.subarray(0, -3))).rejects.toThrow(/unexpected end of file/)
  await expect(decodeSegment(Buffer.from('nothing of the kind'))).rejects.toThrow(/invalid/)
})
