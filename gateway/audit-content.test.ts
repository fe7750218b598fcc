import { expect, test } from 'vitest'
import { decodeMessage, writeResult } from '../protocol/envelope.ts'
import { MsgpackWriter, type Plain } from '../protocol/msgpack-writer.ts'
import { boundedPlain } from './audit-content.ts'

test('ADT-4 what is nested deep is cut, so that a page of entries can always be told', () => {
  let deep: Plain = 'here'
  for (let i = 0; i < 8; i++) deep = i % 2 === 0 ? { of: deep } : [deep]
  const kept = boundedPlain(deep)
  expect(kept).toEqual([{ of: [{ of: '…' }] }])
  const writer = new MsgpackWriter()
  writeResult(writer, 1, { entries: [{ params: kept }], next: null })
  expect(() => decodeMessage(writer.bytes, 0, writer.length)).not.toThrow()
})

test('ADT-4 secrets are left out by their names, and the time for a payment is none', () => {
  expect(boundedPlain({ payment: 'card', apiKey: 'k', paymentTtlMs: 60_000, token: null })).toEqual({
    payment: '[not kept]',
    apiKey: '[not kept]',
    paymentTtlMs: 60_000,
    token: null,
  })
})
