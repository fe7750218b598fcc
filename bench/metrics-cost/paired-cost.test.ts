import { expect, test } from 'vitest'
import { costOf, type Pair } from './paired-cost.ts'
import { ratesOf } from './window-rates.ts'

test('OBS-50 the cost is what the scraped windows have less, and its bound is wider where pairs differ', () => {
  const even = costOf(
    Array.from({ length: 20 }, () => pairOf(98, 100)),
    'perSecond',
  )
  expect(even.mean).toBeCloseTo(0.02)
  expect(even.bound95).toBeCloseTo(0.02)
  // By hand: ratios 0.9 and 1.08 in turns have a mean logarithm of -0.0142 and a deviation of 0.0935.
  const uneven = costOf(
    Array.from({ length: 20 }, (_, i) => pairOf(i % 2 === 0 ? 90 : 108, 100)),
    'perProcessorSecond',
  )
  expect(uneven.mean).toBeCloseTo(0.0141, 3)
  expect(uneven.bound95).toBeCloseTo(1 - Math.exp(-0.0142 - (1.729 * 0.0935) / Math.sqrt(20)), 3)
  expect(costOf([pairOf(98, 100), pairOf(98, 100), pairOf(0, 100)], 'perSecond')).toMatchObject({ pairs: 2 })
  expect(() => costOf([pairOf(1, 1)], 'perSecond')).toThrow('two pairs')
})

function pairOf(scraped: number, alone: number): Pair {
  const rates = (rate: number) => ({ perSecond: rate, perProcessorSecond: rate })
  return { scraped: rates(scraped), alone: rates(alone) }
}

test('OBS-50 rates of windows are read between the looks that were taken', () => {
  const even = { perSecond: 100, perProcessorSecond: 200 }
  const looks = [0, 1, 2, 3, 4].map((at) => ({ at, calls: at < 2 ? 0 : (at - 2) * 100, processorSeconds: at / 2 }))
  expect(ratesOf(looks, 2, 0.5, 4)).toEqual([even, even, even, even])
  expect(() => ratesOf(looks, 2, 1, 4)).toThrow('looked')
})
