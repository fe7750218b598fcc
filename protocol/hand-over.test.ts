import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { commandsHead, frameVersion } from './frame.ts'
import { decodeHandOver, encodeHandOver, handOverWords } from './hand-over.ts'

const handOver = fc.record({
  kind: fc.constantFrom('inv' as const, 'ses' as const),
  shard: fc.nat(0xffff),
  from: fc.stringMatching(/^[a-z0-9-]{0,40}$/),
  word: fc.constantFrom(...handOverWords),
})

test('OWN-5 a hand-over is read as it was written', () => {
  fc.assert(
    fc.property(handOver, (one) => {
      expect(decodeHandOver(encodeHandOver(one))).toEqual(one)
    }),
  )
})

test('OWN-5 what is cut short, too long, of another version or kind is no hand-over', () => {
  fc.assert(
    fc.property(handOver, (one) => {
      const frame = encodeHandOver(one)
      for (let length = 0; length < frame.length; length++) expect(decodeHandOver(frame.subarray(0, length))).toBeUndefined()
      expect(decodeHandOver(Uint8Array.of(...frame, 0))).toBeUndefined()
      for (const [at, byte] of [
        [0, frameVersion + 1],
        [1, 1],
        [2, 2],
        [3, handOverWords.length],
      ] as const) {
        expect(decodeHandOver(frame.with(at, byte))).toBeUndefined()
      }
    }),
  )
  expect(decodeHandOver(commandsHead('sluice.gw.a'))).toBeUndefined()
})

test('OWN-5 no bytes make the reader fail', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void decodeHandOver(Uint8Array.of(frameVersion, 5, ...bytes))))
})
