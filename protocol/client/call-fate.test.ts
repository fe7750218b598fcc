import { expect, test } from 'vitest'
import { type Code, codes, codeTable } from '../codes.ts'
import { fateOfRefused, type RefusedCall } from './call-fate.ts'

const call = (code: Code, more: Partial<RefusedCall> = {}): RefusedCall => ({
  refusal: { code, message: 'no' },
  repeatable: true,
  patient: true,
  renewable: false,
  inDoubt: false,
  repeats: 0,
  leftMs: 10_000,
  ...more,
})

test('SDK-3 only a full limit and an unknown outcome are repeated; every other code is the answer', () => {
  const repeated = codes.filter((code) => fateOfRefused(call(code), 0.5).kind === 'repeat')
  expect(repeated).toEqual(['RATE_LIMITED', 'BUSY', 'TIMEOUT', 'UNAVAILABLE'])
})

test('SDK-4 what cannot be repeated safely is repeated only where nothing was done', () => {
  const repeated = codes.filter((code) => fateOfRefused(call(code, { repeatable: false }), 0.5).kind === 'repeat')
  expect(repeated).toEqual(['RATE_LIMITED', 'BUSY'])
})

test('SDK-5 who is not patient hears BUSY and RATE_LIMITED at once', () => {
  const repeated = codes.filter((code) => fateOfRefused(call(code, { patient: false }), 0.5).kind === 'repeat')
  expect(repeated).toEqual(['TIMEOUT', 'UNAVAILABLE'])
})

test('SDK-6 a repeat that would come after the deadline is not waited for', () => {
  const busy = { code: 'BUSY', message: 'full', retryAfterMs: 1_000 } as const
  expect(fateOfRefused(call('BUSY', { refusal: busy, leftMs: 1_001 }), 0)).toEqual({ kind: 'repeat', afterMs: 1_000 })
  expect(fateOfRefused(call('BUSY', { refusal: busy, leftMs: 1_000 }), 0)).toEqual({ kind: 'reject', refusal: busy })
  const away = { code: 'UNAVAILABLE', message: 'away', retryAfterMs: 1_000 } as const
  const fate = fateOfRefused(call('UNAVAILABLE', { refusal: away, leftMs: 1_000 }), 0)
  expect(fate).toMatchObject({ kind: 'reject', refusal: { code: 'TIMEOUT' } })
})

test('SDK-6 BUSY is not the answer to a call that an earlier try may have done', () => {
  const busy = { code: 'BUSY', message: 'full', retryAfterMs: 1_000 } as const
  for (const more of [{ leftMs: 1_000 }, { patient: false }]) {
    expect(fateOfRefused(call('BUSY', { refusal: busy, inDoubt: true, ...more }), 0)).toMatchObject({ refusal: { code: 'TIMEOUT' } })
  }
  expect(fateOfRefused(call('SOLD_OUT', { inDoubt: true }), 0)).toMatchObject({ refusal: { code: 'SOLD_OUT' } })
})

test('SDK-7 UNAUTHORIZED leads to a fresh token once, where there is one', () => {
  expect(fateOfRefused(call('UNAUTHORIZED', { renewable: true }), 0)).toEqual({ kind: 'renew' })
  expect(fateOfRefused(call('UNAUTHORIZED'), 0)).toEqual({ kind: 'reject', refusal: { code: 'UNAUTHORIZED', message: 'no' } })
})

test('SDK-3 a time that makes no sense is no reason to wait', () => {
  for (const retryAfterMs of [Number.NaN, Number.POSITIVE_INFINITY, -5]) {
    const fate = fateOfRefused(call('BUSY', { refusal: { code: 'BUSY', message: 'full', retryAfterMs } }), 0.5)
    expect(fate).toEqual(
      retryAfterMs < 0 ? { kind: 'repeat', afterMs: 0 } : { kind: 'reject', refusal: { code: 'BUSY', message: 'full', retryAfterMs } },
    )
  }
  expect(codeTable.BUSY.retry).toBe('later')
})
