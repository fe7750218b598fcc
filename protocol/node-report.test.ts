import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeHandOver } from './hand-over.ts'
import { decodeNodeAnswer, decodeNodeQuestion, encodeNodeAnswer, encodeNodeQuestion } from './node-report.ts'

const question = fc.record({
  wish: fc.constantFrom('report' as const, 'drain' as const),
  number: fc.nat(0xffff_ffff),
  from: fc.stringMatching(/^[a-z0-9]{1,40}$/),
})
const shard = fc.record({ name: fc.constant('inv.3'), epoch: fc.maxSafeNat(), seq: fc.maxSafeNat(), lagBytes: fc.maxSafeNat() })
const report = fc.record({ name: fc.string(), role: fc.string(), state: fc.string(), shards: fc.array(shard, { maxLength: 5 }) })

test('CLU-23 a question and its answer are read as they were written', () => {
  fc.assert(
    fc.property(question, (one) => {
      expect(decodeNodeQuestion(encodeNodeQuestion(one))).toEqual(one)
    }),
  )
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), report, (number, one) => {
      expect(decodeNodeAnswer(encodeNodeAnswer({ number, report: one }))).toEqual({ number, report: one })
    }),
  )
})

test('CLU-23 frames of another kind, version or wish are neither', () => {
  const asked = encodeNodeQuestion({ wish: 'drain', number: 1, from: 'a' })
  const told = encodeNodeAnswer({ number: 1, report: { name: 'a', role: 'all', state: 'ready', shards: [] } })
  const handOver = encodeHandOver({ kind: 'inv', shard: 1, from: 'a', word: 'free' })
  for (const frame of [told, handOver, asked.with(0, 2), asked.with(2, 2), asked.subarray(0, 6), new Uint8Array(0)]) {
    expect(decodeNodeQuestion(frame)).toBeUndefined()
  }
  for (const frame of [asked, handOver, told.with(0, 2), told.subarray(0, 6), new Uint8Array(0)])
    expect(decodeNodeAnswer(frame)).toBeUndefined()
})
