import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { frameBytesMax } from '../protocol/frame.ts'
import type { Bus } from './bus.ts'

/** One network of buses, the way several processes would see it. */
export interface BusBench {
  /** A bus of one more process; where there is only one process, the same again. */
  connect(): Promise<Bus>
  /** Resolves when what was sent before has arrived. */
  settle(): Promise<void>
  /** Whether `send` itself knows that nobody serves a subject; else `onUndelivered` tells. */
  readonly knowsAtOnce: boolean
  /** What was logged as an error. */
  errors(): readonly string[]
  close(): Promise<void>
}

/** What every {@link Bus} promises. */
export function busContract(name: string, makeBench: () => Promise<BusBench>): void {
  describe(`${name} keeps the contract of Bus`, () => {
    let bench: BusBench
    let sender: Bus
    let receiver: Bus

    beforeEach(async () => {
      bench = await makeBench()
      sender = await bench.connect()
      receiver = await bench.connect()
    })
    afterEach(() => bench.close())

    function collect(subject: string, bus = receiver): { readonly texts: string[]; close(): void } {
      const texts: string[] = []
      const served = bus.serve(subject, (frame) => void texts.push(Buffer.from(frame).toString()))
      return { texts, close: () => served.close() }
    }

    test('BUS-1 frames arrive in the order in which they were sent, byte for byte', async () => {
      const { texts } = collect('sluice.inv.1')
      await bench.settle()
      for (let index = 0; index < 500; index++) expect(sender.send('sluice.inv.1', Buffer.from(`frame ${index}`))).toBe('sent')
      await bench.settle()
      expect(texts).toEqual(Array.from({ length: 500 }, (_, index) => `frame ${index}`))
    })

    test.each([0, 1, frameBytesMax])('BUS-1 a frame of %i bytes arrives whole', async (length) => {
      const frame = new Uint8Array(length).map((_, index) => index & 0xff)
      let got: Buffer | undefined
      receiver.serve('s', (bytes) => {
        got = Buffer.from(bytes)
      })
      await bench.settle()
      sender.send('s', frame)
      await bench.settle()
      expect(got?.equals(frame)).toBe(true)
    })

    test('BUS-2 the bytes may be reused as soon as send returns', async () => {
      const { texts } = collect('s')
      await bench.settle()
      const bytes = Buffer.from('first')
      sender.send('s', bytes)
      bytes.fill('x')
      await bench.settle()
      expect(texts).toEqual(['first'])
    })

    test('BUS-3 each subject has its own receivers, and each receiver gets each frame', async () => {
      const one = collect('sluice.inv.1')
      const again = collect('sluice.inv.1', await bench.connect())
      const other = collect('sluice.inv.11')
      await bench.settle()
      sender.send('sluice.inv.1', Buffer.from('a'))
      sender.send('sluice.inv.11', Buffer.from('b'))
      await bench.settle()
      expect([one.texts, again.texts, other.texts]).toEqual([['a'], ['a'], ['b']])
    })

    test('BUS-4 a frame that nobody serves is known not to have been received', async () => {
      const undelivered: string[] = []
      sender.onUndelivered((subject, frame) => void undelivered.push(`${subject} ${Buffer.from(frame).toString()}`))
      const result = sender.send('sluice.inv.9', Buffer.from('a'))
      await bench.settle()
      if (bench.knowsAtOnce) expect(result).toBe('no-responders')
      else expect(undelivered).toEqual(['sluice.inv.9 a'])
    })

    test('BUS-5 no handler is called once it is closed', async () => {
      const closed = collect('s')
      const open = collect('s')
      await bench.settle()
      sender.send('s', Buffer.from('before'))
      await bench.settle()
      closed.close()
      closed.close()
      sender.send('s', Buffer.from('after'))
      await bench.settle()
      expect([closed.texts, open.texts]).toEqual([['before'], ['before', 'after']])
    })

    test('BUS-5 a handler may close itself and others while it is called', async () => {
      const texts: string[] = []
      const first = receiver.serve('s', () => {
        texts.push('first')
        first.close()
        second.close()
      })
      const second = receiver.serve('s', () => void texts.push('second'))
      await bench.settle()
      sender.send('s', Buffer.from('a'))
      await bench.settle()
      sender.send('s', Buffer.from('b'))
      await bench.settle()
      expect(texts).toEqual(['first'])
    })

    test('BUS-6 a handler that throws is logged, and stops neither others nor later frames', async () => {
      let calls = 0
      receiver.serve('s', () => {
        calls++
        throw new Error('a bug in the handler')
      })
      const { texts } = collect('s')
      await bench.settle()
      sender.send('s', Buffer.from('a'))
      sender.send('s', Buffer.from('b'))
      await bench.settle()
      expect(texts).toEqual(['a', 'b'])
      expect(calls).toBe(2)
      expect(bench.errors()).toHaveLength(2)
    })

    test('BUS-7 a frame sent from inside a delivery comes after the one that caused it, for everyone', async () => {
      receiver.serve('s', (frame) => {
        if (Buffer.from(frame).toString() === 'cause') receiver.send('s', Buffer.from('effect'))
      })
      const { texts } = collect('s')
      await bench.settle()
      sender.send('s', Buffer.from('cause'))
      await bench.settle()
      expect(texts).toEqual(['cause', 'effect'])
    })

    test('BUS-8 a closed bus delivers nothing more', async () => {
      const { texts } = collect('s')
      await bench.settle()
      await receiver.close()
      await receiver.close()
      sender.send('s', Buffer.from('a'))
      await bench.settle()
      expect(texts).toEqual([])
    })
  })
}
