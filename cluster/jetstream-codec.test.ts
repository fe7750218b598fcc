import { expect, test } from 'vitest'
import { acknowledgement, attemptOf, decodeAnswer, JetStreamRefusal } from './jetstream-codec.ts'

test.each([
  ['$JS.ACK.SLUICE_ORDERS.workers.3.17.21.1795385302085302746.2', 3],
  ['$JS.ACK._.ACCOUNT.SLUICE_ORDERS.workers.12.17.21.1795385302085302746.2.random', 12],
  ['$JS.ACK.hub.ACCOUNT.SLUICE_ORDERS.workers.1.17.21.1795385302085302746.2', 1],
  ['', undefined],
  ['_INBOX.abc.1', undefined],
  ['$JS.ACK.SLUICE_ORDERS.workers.x.17.21.1795385302085302746.2', undefined],
])('NAT-52 the attempt is read from %s', (reply, attempt) => {
  expect(attemptOf(reply)).toBe(attempt)
})

test('NAT-52 a refusal in an answer is thrown with its number', () => {
  const answer = Buffer.from('{"error":{"code":503,"err_code":10077,"description":"maximum messages exceeded"}}')
  expect(() => decodeAnswer(answer)).toThrow(new JetStreamRefusal(10_077, 'maximum messages exceeded'))
  expect(decodeAnswer(Buffer.from('{"stream":"S","seq":1}'))).toMatchObject({ seq: 1 })
})

test('NAT-52 an order goes back for a while that JetStream reads in nanoseconds', () => {
  expect(Buffer.from(acknowledgement.again(1.5)).toString()).toBe('-NAK {"delay":1500000}')
})
