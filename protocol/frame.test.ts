import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  answerHeadBytes,
  answerOffset,
  answersHeadBytes,
  beginAnswers,
  commandsHead,
  eachAnswer,
  frameKind,
  frameVersion,
  kindOfFrame,
  readCommandsHead,
} from './frame.ts'
import { MsgpackWriter } from './msgpack-writer.ts'
import { replySubject } from './subject.ts'

test('PRO-21 the head of a commands frame says how many entries follow, where they begin and who wants the answers', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9-]{1,40}$/), fc.nat(0xffff), fc.uint8Array({ maxLength: 20 }), (node, count, entries) => {
      const replyTo = replySubject(node)
      const head = commandsHead(replyTo)
      new DataView(head.buffer).setUint16(2, count, true)
      const frame = Uint8Array.of(...head, ...entries)
      expect(readCommandsHead(frame)).toEqual({ count, replyTo, entriesAt: head.length })
      expect(kindOfFrame(frame)).toBe(frameKind.commands)
      for (let length = 0; length < head.length; length++) expect(readCommandsHead(frame.subarray(0, length))).toBeUndefined()
    }),
  )
})

test('PRO-21 a frame of another version or kind is not read', () => {
  const head = commandsHead('sluice.gw.a')
  for (const [at, byte] of [
    [0, frameVersion + 1],
    [0, 0],
    [1, frameKind.answers],
    [1, 0],
  ] as const) {
    const other = head.slice()
    other[at] = byte
    expect(readCommandsHead(other)).toBeUndefined()
  }
  expect(kindOfFrame(Uint8Array.of(frameVersion + 1, frameKind.commands))).toBeUndefined()
  expect(kindOfFrame(new Uint8Array(0))).toBeUndefined()
})

const u32 = fc.nat(0xffff_ffff)
const answers = fc.array(
  fc.record({ slot: u32, turn: u32, claim: u32, claimKind: fc.nat(3), code: fc.nat(22), response: fc.uint8Array({ maxLength: 60 }) }),
  { maxLength: 20 },
)

test('PRO-22 each answer of a frame is given out once, in order, with its response', () => {
  const writer = new MsgpackWriter(16)
  fc.assert(
    fc.property(answers, (batch) => {
      beginAnswers(writer)
      for (const answer of batch) {
        const at = writer.reserve(answerHeadBytes)
        const { view } = writer
        view.setUint32(at + answerOffset.slot, answer.slot, true)
        view.setUint32(at + answerOffset.turn, answer.turn, true)
        view.setUint32(at + answerOffset.claim, answer.claim, true)
        view.setUint8(at + answerOffset.claimKind, answer.claimKind)
        view.setUint8(at + answerOffset.code, answer.code)
        view.setUint32(at + answerOffset.bytes, answer.response.length, true)
        writer.length = at + answerHeadBytes
        writer.raw(answer.response)
      }
      writer.view.setUint16(2, batch.length, true)
      // A frame may stand in the middle of other bytes.
      const frame = Uint8Array.of(9, 9, 9, ...writer.finish()).subarray(3)
      expect(kindOfFrame(frame)).toBe(frameKind.answers)
      const seen: unknown[] = []
      eachAnswer(frame, ({ slot, turn, claim, claimKind, code, from, to }) =>
        seen.push({ slot, turn, claim, claimKind, code, response: frame.slice(from, to) }),
      )
      expect(seen).toEqual(batch)
    }),
  )
  beginAnswers(writer)
  expect(writer.finish()).toHaveLength(answersHeadBytes)
})
