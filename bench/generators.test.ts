import { expect, test } from 'vitest'
import { ab } from './generators/ab.ts'
import { wrk } from './generators/wrk.ts'

test('BEN-63 what wrk and ab print is read, and a run in which not everything was served is none', () => {
  expect(wrk.readCount('  120345 requests in 3.01s, 20MB read\nRequests/sec:  39981.12\nTransfer/sec: 7MB\n')).toBe(39_981.12)
  expect(() => wrk.readCount('  Non-2xx or 3xx responses: 12\nRequests/sec:  39981.12\n')).toThrow('wrk: 12 refusals')
  expect(() => wrk.readCount('  Socket errors: connect 0, read 3, write 0, timeout 0\nRequests/sec:  39981.12\n')).toThrow('read 3')
  const printed =
    'Failed requests:        3\n   (Connect: 0, Receive: 0, Length: 3, Exceptions: 0)\nRequests per second:    31000.55 [#/sec] (mean)\n'
  expect(ab.readCount(printed)).toBe(31_000.55)
  expect(() => ab.readCount(printed.replace('Receive: 0', 'Receive: 1'))).toThrow('lost: 0, 1, 0')
  expect(() => ab.readCount(`Non-2xx responses:      5\n${printed}`)).toThrow('ab: 5 refusals')
})
