import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Malformed } from './msgpack-reader.ts'
import { encodePlain } from './msgpack-writer.ts'
import { nearly, plains } from './plain-arbitrary.ts'
import { StreamSplitter, TooLarge } from './stream-splitter.ts'

const bytesMax = 5_000

interface Split {
  /** In hexadecimal. */
  readonly messages: readonly string[]
  /** Why the stream ended, if it did. */
  readonly end: 'malformed' | 'too large' | 'open' | 'beyond its limit'
  readonly pending: number
}

/** Feeds the chunks until one of them ends the stream. */
function split(chunks: Iterable<Uint8Array>, limit = bytesMax): Split {
  const splitter = new StreamSplitter(limit)
  const messages: string[] = []
  let mostPending = 0
  try {
    for (const chunk of chunks) {
      splitter.feed(chunk, (bytes, from, to) => messages.push(hex(bytes.subarray(from, to))))
      mostPending = Math.max(mostPending, splitter.pendingBytes)
    }
  } catch (error) {
    if (error instanceof TooLarge) return { messages, end: 'too large', pending: 0 }
    if (error instanceof Malformed) return { messages, end: 'malformed', pending: 0 }
    throw error
  }
  return { messages, end: mostPending > limit ? 'beyond its limit' : 'open', pending: splitter.pendingBytes }
}

function* cut(bytes: Uint8Array, lengths: readonly number[]): Generator<Uint8Array> {
  let at = 0
  for (let turn = 0; at < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1
    yield bytes.slice(at, at + length)
    at += length
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function joined(messages: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(messages.reduce((sum, message) => sum + message.length, 0))
  let at = 0
  for (const message of messages) {
    all.set(message, at)
    at += message.length
  }
  return all
}

const streams = fc.array(
  plains.map(encodePlain).filter((message) => message.length <= bytesMax),
  { maxLength: 12 },
)
const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3_000 })), { minLength: 1, maxLength: 8 })

test('PRO-16 a stream is cut into its messages, however it arrives', () => {
  fc.assert(
    fc.property(streams, cuts, (messages, lengths) => {
      const stream = joined(messages)
      const whole = { messages: messages.map(hex), end: 'open', pending: 0 }
      expect(split([stream])).toEqual(whole)
      expect(split(cut(stream, [1]))).toEqual(whole)
      expect(split(cut(stream, lengths))).toEqual(whole)
    }),
    { numRuns: 300 },
  )
})

test('PRO-16 a broken stream gives the same messages and the same end, however it arrives', () => {
  fc.assert(
    fc.property(nearly(streams.map(joined)), cuts, (stream, lengths) => {
      const atOnce = split([stream])
      expect(split(cut(stream, [1]))).toEqual(atOnce)
      expect(split(cut(stream, lengths))).toEqual(atOnce)
    }),
    { numRuns: 600 },
  )
})

test('PRO-16 what follows the last whole message is kept until the rest comes', () => {
  const message = encodePlain(['a'.repeat(100), { b: [1, 2, 3] }])
  for (let at = 1; at < message.length; at++) {
    const splitter = new StreamSplitter(bytesMax)
    const seen: string[] = []
    const keep = (bytes: Uint8Array, from: number, to: number) => seen.push(hex(bytes.subarray(from, to)))
    splitter.feed(joined([message, message.subarray(0, at)]), keep)
    expect([seen.length, splitter.pendingBytes]).toEqual([1, at])
    splitter.feed(joined([message.subarray(at), message]), keep)
    expect(seen).toEqual([hex(message), hex(message), hex(message)])
    expect(splitter.pendingBytes).toBe(0)
  }
})

test('PRO-17 a message of the limit passes, one byte more does not, however it arrives', () => {
  for (const length of [bytesMax - 3, bytesMax - 2]) {
    const message = encodePlain('x'.repeat(length))
    const end = message.length <= bytesMax ? 'open' : 'too large'
    for (const lengths of [[message.length], [1], [7], [bytesMax - 1], [bytesMax]]) expect(split(cut(message, lengths)).end).toBe(end)
  }
})

test('PRO-17 a message that only claims to be large ends the stream at once, without room for it', () => {
  const claims = [
    [0xdb, 0xff, 0xff, 0xff, 0xff],
    [0xda, 0xff, 0xff],
    [0xdd, 0xff, 0xff, 0xff, 0xff],
    [0xdf, 0x7f, 0xff, 0xff, 0xff],
    [0x92, 0xdc, 0xff, 0xff],
  ]
  for (const claim of claims) {
    expect(split([Uint8Array.from(claim)]).end).toBe('too large')
    expect(split(cut(Uint8Array.from(claim), [1])).end).toBe('too large')
  }
})

test('PRO-17 a message that grows without end is given up at the limit', () => {
  const endless = new Uint8Array(3 * bytesMax).fill(0x91)
  for (const lengths of [[1], [1_000], [endless.length]])
    expect(split(cut(endless, lengths))).toMatchObject({ messages: [], end: 'too large' })
})

test('PRO-18 types that are not part of the protocol end the stream', () => {
  for (const tag of [0xc1, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8]) {
    expect(split([Uint8Array.of(0x92, 0x01, tag)]).end).toBe('malformed')
  }
})

test('PRO-19 who sends byte by byte costs no more walking than who sends at once', () => {
  // Walking from the start for each byte would take 2,000,000 x 1,000,000 steps here: no test would see the end of it.
  const items = 2_000_000
  const head = Uint8Array.of(0xdd, items >>> 24, (items >>> 16) & 0xff, (items >>> 8) & 0xff, items & 0xff)
  const splitter = new StreamSplitter(items + 5)
  let seen = 0
  const count = () => seen++
  splitter.feed(head, count)
  const one = Uint8Array.of(7)
  for (let item = 0; item < items; item++) splitter.feed(one, count)
  expect(seen).toBe(1)
  expect(splitter.pendingBytes).toBe(0)
})
