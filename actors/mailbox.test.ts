import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { commandsHead } from '../protocol/frame.ts'
import { Mailbox } from './mailbox.ts'

/** A frame whose entries are single bytes: the mailbox does not look at them. */
function frameOf(replyTo: string, entries: readonly number[]): Uint8Array {
  const frame = Uint8Array.of(...commandsHead(replyTo), ...entries)
  frame[2] = entries.length & 0xff
  frame[3] = entries.length >> 8
  return frame
}

interface Taken {
  readonly replyTo: string
  readonly entries: number[]
}

function drain(mailbox: Mailbox, entriesMax: number): Taken[] {
  const taken: Taken[] = []
  mailbox.drain(entriesMax, (bytes, view, entriesAt, count, replyTo) => {
    expect(view.getUint8(entriesAt)).toBe(bytes[entriesAt])
    taken.push({ replyTo, entries: [...bytes.subarray(entriesAt, entriesAt + count)] })
  })
  return taken
}

const frame = fc.record({
  replyTo: fc.constantFrom('sluice.gw.a', 'sluice.gw.b', ''),
  entries: fc.uint8Array({ minLength: 1, maxLength: 300 }),
})
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('push' as const), frame }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drain' as const), entriesMax: fc.integer({ min: 1, max: 400 }) }) },
)

test('SHD-20 frames come out whole, in the order in which they went in, about as many entries at a time as asked for', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const mailbox = new Mailbox(1_000_000)
      const waiting: Taken[] = []
      for (const one of steps) {
        if (one.kind === 'push') {
          const entries = [...one.frame.entries]
          expect(mailbox.push(frameOf(one.frame.replyTo, entries))).toBe(true)
          waiting.push({ replyTo: one.frame.replyTo, entries })
        } else {
          const taken = drain(mailbox, one.entriesMax)
          const count = taken.reduce((sum, each) => sum + each.entries.length, 0)
          const last = taken.at(-1)?.entries.length ?? 0
          expect(taken).toEqual(waiting.splice(0, taken.length))
          if (waiting.length > 0) expect(count).toBeGreaterThanOrEqual(one.entriesMax)
          expect(count - last).toBeLessThan(one.entriesMax)
        }
        expect(mailbox.isEmpty).toBe(waiting.length === 0)
      }
      expect(drain(mailbox, 1_000_000)).toEqual(waiting)
      expect([mailbox.bytes, mailbox.isEmpty]).toEqual([0, true])
    }),
    { numRuns: 200 },
  )
})

test('SHD-21 a full mailbox takes no frame more, and takes again what was drained', () => {
  const mailbox = new Mailbox(1_000)
  const one = frameOf(
    'gw',
    Array.from({ length: 90 }, () => 1),
  )
  let pushed = 0
  while (mailbox.push(one)) pushed++
  expect(pushed).toBeGreaterThanOrEqual(8)
  expect(mailbox.bytes).toBeLessThanOrEqual(1_000)
  expect(mailbox.push(one)).toBe(false)
  drain(mailbox, 1)
  expect(mailbox.push(one)).toBe(true)
  expect(mailbox.push(one)).toBe(false)
  expect(drain(mailbox, 1_000_000).length).toBe(pushed)
})

test('SHD-60 an empty mailbox takes a frame of any size', () => {
  const mailbox = new Mailbox(100)
  const large = frameOf(
    'gw',
    Array.from({ length: 200 }, () => 1),
  )
  expect(mailbox.push(large)).toBe(true)
  expect(mailbox.push(frameOf('gw', [1]))).toBe(false)
  expect(drain(mailbox, 1_000)).toHaveLength(1)
  expect(mailbox.push(large)).toBe(true)
})

test('SHD-22 what arrives while a batch is taken waits for its turn and disturbs nothing', () => {
  const mailbox = new Mailbox(100_000)
  mailbox.push(frameOf('a', [1, 2]))
  mailbox.push(frameOf('b', [3]))
  const seen: string[] = []
  mailbox.drain(3, (bytes, _view, entriesAt, count, replyTo) => {
    for (let i = 0; i < 20; i++)
      mailbox.push(
        frameOf(
          'late',
          Array.from({ length: 250 }, () => 9),
        ),
      )
    seen.push(`${replyTo} ${bytes.subarray(entriesAt, entriesAt + count).join()}`)
  })
  expect(seen).toEqual(['a 1,2', 'b 3'])
  expect(drain(mailbox, 1_000_000).length).toBe(40)
})

test('SHD-23 a frame that is no frame of commands is passed over', () => {
  const mailbox = new Mailbox(100_000)
  mailbox.push(Uint8Array.of(1, 2, 3))
  mailbox.push(Uint8Array.of(1, 1, 9, 0, 200, 1))
  mailbox.push(frameOf('a', [1]))
  expect(drain(mailbox, 100)).toEqual([{ replyTo: 'a', entries: [1] }])
  expect(mailbox.isEmpty).toBe(true)
})

test('SHD-57 what is given back comes in order and whole, also what a batch has left, and then there is room', () => {
  const mailbox = new Mailbox(1_000)
  for (const entry of [1, 2, 3]) mailbox.push(frameOf('sluice.gw.a', [entry]))
  expect(drain(mailbox, 1)).toEqual([{ replyTo: 'sluice.gw.a', entries: [1] }])
  mailbox.push(frameOf('sluice.gw.b', [4]))
  const given: Uint8Array[] = []
  mailbox.giveBack((bytes) => given.push(bytes.slice()))
  expect(given).toEqual([frameOf('sluice.gw.a', [2]), frameOf('sluice.gw.a', [3]), frameOf('sluice.gw.b', [4])])
  expect([mailbox.isEmpty, mailbox.bytes]).toEqual([true, 0])
  mailbox.push(frameOf('sluice.gw.a', [5]))
  expect(drain(mailbox, 10)).toEqual([{ replyTo: 'sluice.gw.a', entries: [5] }])
})
