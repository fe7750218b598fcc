import { expect, test } from 'vitest'
import type { ClaimState } from '../../protocol/results.ts'
import { ToldClaim } from './told-claim.ts'

const place = (ahead: number): ClaimState => ({ state: 'queued', ticket: 1, ahead, eta: null, odds: 'likely' })
const hold: ClaimState = { state: 'held', hold: 1, qty: 1, expiresAt: 0 }

test('RUSH-1 what was sent earlier does not undo what is known', () => {
  const claim = new ToldClaim()
  expect(claim.take(hold)).toBe(true)
  expect(claim.take(place(3))).toBe(false)
  expect(claim.take({ state: 'none' })).toBe(false)
  claim.takePlace({ ticket: 1, ahead: 2, eta: null, odds: 'likely' })
  expect(claim.now).toEqual(hold)
  expect(claim.take({ state: 'expired' })).toBe(true)
  expect(claim.take(hold)).toBe(false)
  expect(claim.now).toEqual({ state: 'expired' })
})

test('RUSH-1 a draw makes a place of a wait in the lobby', () => {
  const claim = new ToldClaim()
  claim.take({ state: 'lobby', opensAt: 1 })
  claim.takePlace({ ticket: 9, ahead: 2, eta: null, odds: 'likely' })
  expect(claim.now).toEqual({ state: 'queued', ticket: 9, ahead: 2, eta: null, odds: 'likely' })
})

test('RUSH-2 a place that rises is counted, one that falls or stays is not', () => {
  const claim = new ToldClaim()
  claim.take(place(5))
  for (const ahead of [5, 3, 3, 0]) claim.takePlace({ ticket: 1, ahead, eta: null, odds: 'likely' })
  expect(claim.rises).toBe(0)
  claim.takePlace({ ticket: 1, ahead: 1, eta: null, odds: 'likely' })
  claim.take(place(4))
  expect(claim.rises).toBe(2)
})
