import { expect, test } from 'vitest'
import { RecentMost } from './recent-most.ts'

test('GW-100 the most of a while is forgotten after it, not before', () => {
  const most = new RecentMost(100)
  most.see(5, 1_000)
  most.see(3, 1_050)
  expect(most.most(1_099)).toBe(5)
  most.see(4, 1_150)
  expect(most.most(1_150)).toBe(5)
  expect(most.most(1_260)).toBe(4)
  expect(most.most(1_500)).toBe(0)
})
