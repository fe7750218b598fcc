import { describe, expect, test } from 'vitest'
import { frameBytesMax, readCommandsHead } from '../protocol/frame.ts'
import { refuseFrame } from './busy.ts'
import { Replies } from './replies.ts'
import { type Answer, answersOf, commandsOf, entryOf } from './testing/asks.ts'

/** Frames that went out, by address. */
class Sent {
  readonly frames: { readonly to: string; readonly frame: Uint8Array }[] = []
  readonly send = (to: string, frame: Uint8Array): void => {
    this.frames.push({ to, frame: frame.slice() })
  }

  answersTo(to: string): Answer[] {
    return this.frames.filter((one) => one.to === to).flatMap((one) => answersOf(one.frame))
  }
}

function entry(slot: number, turn: number, msgid: number): DataView {
  return new DataView(entryOf({ op: 'claim', slot, turn, msgid }).buffer)
}

describe('Replies', () => {
  test('SHD-40 answers go to who asked, with slot, turn, msgid and claim, several batches long', () => {
    const replies = new Replies()
    for (const round of [1, 2, 3]) {
      const sent = new Sent()
      replies.to('gw.a')
      replies.result(entry(1, round, 0xffff_ffff), 0, { round })
      replies.to('gw.b')
      replies.refuse(entry(2, round, 5), 0, 'BUSY', 250)
      replies.to('gw.a')
      replies
        .begin(entry(3, round, 6), 0)
        .nil()
        .number(round)
      replies.end(77, 2)
      expect(replies.isEmpty).toBe(false)
      replies.release(sent.send)
      expect(replies.isEmpty).toBe(true)
      expect(sent.frames.length).toBe(2)
      expect(sent.answersTo('gw.a')).toEqual([
        { slot: 1, turn: round, claim: 0, claimKind: 0, code: undefined, msgid: 0xffff_ffff, error: null, result: { round } },
        { slot: 3, turn: round, claim: 77, claimKind: 2, code: undefined, msgid: 6, error: null, result: round },
      ])
      expect(sent.answersTo('gw.b')).toEqual([
        {
          slot: 2,
          turn: round,
          claim: 0,
          claimKind: 0,
          code: 'BUSY',
          msgid: 5,
          error: { code: 'BUSY', message: 'A limit is full; nothing was done.', retryAfterMs: 250 },
          result: null,
        },
      ])
    }
  })

  test('SHD-41 what was dropped never goes out', () => {
    const replies = new Replies()
    const sent = new Sent()
    replies.to('gw.a')
    replies.result(entry(1, 1, 1), 0, 'secret')
    replies.drop()
    expect(replies.isEmpty).toBe(true)
    replies.to('gw.a')
    replies.result(entry(2, 1, 1), 0, 'open')
    replies.release(sent.send)
    expect(sent.answersTo('gw.a').map((one) => one.result)).toEqual(['open'])
  })

  test('SHD-42 an answer to nobody is heard by nobody, not even by who asked last', () => {
    const replies = new Replies()
    const sent = new Sent()
    replies.to('gw.a')
    replies.result(entry(1, 1, 1), 0, 'mine')
    replies.release(sent.send)
    replies.to('')
    replies.refuse(entry(0, 0, 0), 0, 'UNKNOWN_SKU')
    replies.release(sent.send)
    replies.to('gw.a')
    replies.result(entry(1, 2, 1), 0, 'mine again')
    replies.release(sent.send)
    expect(sent.frames.map((one) => one.to)).toEqual(['gw.a', 'gw.a'])
    expect(sent.answersTo('gw.a').map((one) => one.result)).toEqual(['mine', 'mine again'])
  })

  test('SHD-43 many and large answers are spread over frames that a bus takes, and none is lost', () => {
    const replies = new Replies()
    const sent = new Sent()
    const large = 'x'.repeat(200_000)
    replies.to('gw.a')
    for (let i = 0; i < 20; i++) replies.result(entry(i, 1, i), 0, i % 2 === 0 ? large : i)
    replies.to('gw.b')
    for (let i = 0; i < 70_000; i++) replies.result(entry(i, 1, i), 0, null)
    replies.release(sent.send)
    expect(sent.frames.every((one) => one.frame.length <= frameBytesMax)).toBe(true)
    const toA = sent.answersTo('gw.a').toSorted((x, y) => x.slot - y.slot)
    expect(toA.map((one) => one.result)).toEqual(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? large : i)))
    const slots = sent.answersTo('gw.b').map((one) => one.slot)
    expect(new Set(slots).size).toBe(70_000)

    const next = new Sent()
    replies.to('gw.a')
    replies.result(entry(1, 2, 1), 0, 'after')
    replies.release(next.send)
    expect(next.answersTo('gw.a').map((one) => one.result)).toEqual(['after'])
  })

  test('SHD-44 an answer that no frame can carry becomes a refusal, and its neighbours are whole', () => {
    const replies = new Replies()
    const sent = new Sent()
    replies.to('gw.a')
    replies.result(entry(1, 1, 11), 0, 'before')
    replies.rawResult(entry(2, 1, 22), 0, new Uint8Array(frameBytesMax))
    replies.result(entry(3, 1, 33), 0, 'after')
    replies.release(sent.send)
    expect(sent.answersTo('gw.a').map((one) => [one.msgid, one.code, one.result])).toEqual([
      [11, undefined, 'before'],
      [22, 'TOO_LARGE', null],
      [33, undefined, 'after'],
    ])
  })

  test('SHD-45 a gateway that was silent for long gives its buffers back, and is answered when it comes again', () => {
    const replies = new Replies()
    const sent = new Sent()
    replies.to('gw.a')
    replies.result(entry(1, 1, 1), 0, 1)
    for (let i = 0; i < 10_010; i++) replies.release(sent.send)
    replies.to('gw.a')
    replies.result(entry(1, 2, 1), 0, 2)
    replies.release(sent.send)
    expect(sent.answersTo('gw.a').map((one) => one.result)).toEqual([1, 2])
  })
})

test('SHD-46 a refused frame answers every one of its entries', () => {
  const sent = new Sent()
  const asks = Array.from({ length: 300 }, (_, i) => ({ op: 'buy' as const, sku: 's', user: `u${i}`, slot: i, turn: 9, msgid: i * 2 }))
  const frame = commandsOf('gw.a', asks)
  expect(readCommandsHead(frame)?.count).toBe(300)
  refuseFrame(frame, 'BUSY', 500, sent.send)
  const answers = sent.answersTo('gw.a')
  expect(answers.map((one) => [one.slot, one.turn, one.msgid, one.code])).toEqual(asks.map((one) => [one.slot, 9, one.msgid, 'BUSY']))
  refuseFrame(Uint8Array.of(1, 2, 3), 'BUSY', 500, sent.send)
  expect(sent.frames.length).toBe(1)
})
