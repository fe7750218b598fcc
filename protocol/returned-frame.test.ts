import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { frameBytesMax, frameVersion } from './frame.ts'
import { decodeReturned, encodeReturned } from './returned-frame.ts'

const returned = fc.record({
  kind: fc.constantFrom('inv' as const, 'ses' as const),
  shard: fc.nat(0xffff),
  commands: fc.uint8Array({ maxLength: 60 }),
})

test('OWN-6 commands that come back are read as they went out', () => {
  fc.assert(
    fc.property(returned, (one) => {
      const frame = encodeReturned(one) ?? expect.fail('it fits')
      const read = decodeReturned(frame) ?? expect.fail('it is one')
      expect({ ...read, commands: Uint8Array.from(read.commands) }).toEqual(one)
      expect(decodeReturned(frame.with(0, frameVersion + 1))).toBeUndefined()
      expect(decodeReturned(frame.with(1, 1))).toBeUndefined()
      expect(decodeReturned(frame.with(2, 2))).toBeUndefined()
    }),
  )
})

test('OWN-6 commands that leave no room around them do not go back, and no bytes make the reader fail', () => {
  expect(encodeReturned({ kind: 'inv', shard: 1, commands: new Uint8Array(frameBytesMax) })).toBeUndefined()
  fc.assert(fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => void decodeReturned(Uint8Array.of(frameVersion, 8, ...bytes))))
})
