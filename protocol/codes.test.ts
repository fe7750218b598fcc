import { expect, test } from 'vitest'
import { codeOfNumber, codes, codeTable, isCode, refusal } from './codes.ts'

/** Number, code, HTTP status and retry class. New codes are added at the end; nothing else here may change. */
const frozen = [
  '1 SOLD_OUT 409 never',
  '2 LIMIT_REACHED 409 never',
  '3 NOT_OPEN 409 later',
  '4 PAUSED 409 later',
  '5 CLOSED 409 never',
  '6 NO_HOLD 409 never',
  '7 HOLD_EXPIRED 409 never',
  '8 LINE_FULL 503 later',
  '9 CHALLENGE_REQUIRED 403 later',
  '10 PAYMENT_DECLINED 402 never',
  '11 UNKNOWN_SKU 404 never',
  '12 UNKNOWN_SALE 404 never',
  '13 UNKNOWN_ORDER 404 never',
  '14 UNKNOWN_METHOD 404 never',
  '15 MALFORMED 400 never',
  '16 TOO_LARGE 413 never',
  '17 UNAUTHORIZED 401 never',
  '18 FORBIDDEN 403 never',
  '19 RATE_LIMITED 429 later',
  '20 BUSY 503 later',
  '21 TIMEOUT 504 unknown',
  '22 UNAVAILABLE 503 unknown',
  '23 NOT_REFUNDABLE 409 never',
  '24 UNKNOWN_PRODUCT 404 never',
  '25 USER_ACTIVE 409 never',
]

test('PRO-6 a code keeps its number, status and retry class: they are on the wire and in the journal', () => {
  const lines = codes.map((code) => `${codeTable[code].number} ${code} ${codeTable[code].status} ${codeTable[code].retry}`)
  expect(lines).toEqual(frozen)
})

test('PRO-6 a number stands for one code, fits a byte, and 0 is left for results', () => {
  const numbers = codes.map((code) => codeTable[code].number)
  expect(new Set(numbers).size).toBe(codes.length)
  for (const code of codes) expect(codeOfNumber(codeTable[code].number)).toBe(code)
  expect(Math.min(...numbers)).toBeGreaterThan(0)
  expect(Math.max(...numbers)).toBeLessThan(256)
  expect([0, -1, 255, 0.5, Number.NaN].map(codeOfNumber)).toEqual([undefined, undefined, undefined, undefined, undefined])
})

test('PRO-6 only the table has codes', () => {
  for (const code of codes) expect(isCode(code)).toBe(true)
  for (const other of ['', 'sold_out', 'toString', '__proto__', 'constructor', 5, null, undefined, ['BUSY']])
    expect(isCode(other)).toBe(false)
})

test('PRO-6 a refusal says the text of the table unless there is more to say', () => {
  expect(refusal('BUSY')).toEqual({ code: 'BUSY', message: codeTable.BUSY.text })
  expect(refusal('BUSY', 'full', 5)).toEqual({ code: 'BUSY', message: 'full', retryAfterMs: 5 })
})
