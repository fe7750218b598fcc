import { expect, test } from 'vitest'
import { type Calibration, calibrationOf } from './calibration.ts'
import { distributions } from './distributions.ts'
import { playDrawnSale } from './drawn-sales.ts'

// Of the seed that the estimator was tuned with, and the distributions that play fastest: the bench judges by others, and more.
const names = distributions.filter(({ name, isHeldOut }) => !isHeldOut && name !== 'huge-stock').map(({ name }) => name)

test('BEN-13 over a few drawn sales of every kind the truth falls inside the p90 in about nine of ten cases', () => {
  const sales = names.map((_, number) => playDrawnSale(1, names, number).played)
  const calibration = calibrationOf(sales)
  expect(calibration.told).toBeGreaterThan(1_500)
  expect(calibration.toldShare).toBeGreaterThan(0.9)
  expectInside(calibration)
  // A year would hold every truth.
  expect(calibration.widthOverWait).toBeLessThan(1)
})

function expectInside({ insideP50, insideP90, likelyServed, noneServed }: Calibration): void {
  expect(insideP90).toBeGreaterThan(0.85)
  expect(insideP90).toBeLessThan(0.97)
  expect(insideP50).toBeGreaterThan(0.4)
  expect(insideP50).toBeLessThan(0.65)
  expect(likelyServed).toBeGreaterThan(0.85)
  expect(noneServed).toBeLessThan(0.1)
}
