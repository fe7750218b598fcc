import fc from 'fast-check'
import { expect, test } from 'vitest'
import { eachFrame, MessageWriter, messageOverheadBytes } from './bus-message.ts'

function written(frames: readonly Uint8Array[]): MessageWriter {
  const writer = new MessageWriter('s', frames[0]?.length ?? 0)
  for (const frame of frames) writer.add(frame)
  return writer
}

function read(message: Uint8Array): Uint8Array[] | undefined {
  const frames: Uint8Array[] = []
  return eachFrame(message, (frame) => frames.push(new Uint8Array(frame))) ? frames : undefined
}

const frames = fc.array(fc.uint8Array({ maxLength: 3_000 }), { minLength: 1, maxLength: 20 })

test('NAT-20 frames that share a message come out as they went in, wherever the message stands', () => {
  fc.assert(
    fc.property(frames, fc.nat(9), (all, offset) => {
      const writer = written(all)
      const bytes = new Uint8Array(offset + writer.length)
      bytes.set(writer.finish(), offset)
      expect(read(bytes.subarray(offset))).toEqual(all)
      expect(writer.takenBytes).toBe(all.reduce((sum, frame) => sum + frame.length + messageOverheadBytes, 0))
    }),
  )
})

test('NAT-21 a message that is cut short, longer than it says or of another version is no message', () => {
  fc.assert(
    fc.property(frames, fc.nat(), (all, cut) => {
      const bytes = written(all).finish()
      const ends = new Set([1])
      for (let at = 1, index = 0; index < all.length; index++) ends.add((at += 4 + (all[index]?.length ?? 0)))
      const length = cut % bytes.length
      if (!ends.has(length)) expect(read(bytes.subarray(0, length))).toBe(undefined)
      expect(read(Uint8Array.of(2, ...bytes.subarray(1)))).toBe(undefined)
      expect(read(Uint8Array.of(...bytes, 0))).toBe(undefined)
    }),
  )
  expect(read(new Uint8Array(0))).toBe(undefined)
  expect(read(Uint8Array.of(1, 0xff, 0xff, 0xff, 0xff, 7))).toBe(undefined)
})
