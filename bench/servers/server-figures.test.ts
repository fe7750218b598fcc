import { expect, test } from 'vitest'
import { figuresBetween } from './server-figures.ts'

test('BEN-10 bytes are those of one event between two readings', () => {
  const bytes = { bus: 1_000, storeMemory: 500 }
  expect(figuresBetween({ events: 10, bytes }, { events: 20, bytes: { bus: 2_500, storeMemory: 400 } }, 1)).toEqual({
    bytesPerEvent: { bus: 150, storeMemory: -10 },
  })
  expect(figuresBetween({ events: 10, bytes }, { events: 10, bytes }, 1)).toEqual({})
})

test('BEN-10 figures are of the time between two readings, processor time by process and together', () => {
  const batches = (small: number, all: number): readonly (readonly [number, number])[] => [
    [4, small],
    [Infinity, all],
  ]
  const before = { cpuSeconds: { gateway: 1, actors: 10 }, records: 10, events: 100, batches: batches(10, 10) }
  const after = { cpuSeconds: { gateway: 3, actors: 11 }, records: 14, events: 900, batches: batches(11, 14) }
  expect(figuresBetween(before, after, 2)).toEqual({
    cores: 1.5,
    coresOf: { gateway: 1, actors: 0.5 },
    recordsPerSecond: 2,
    batchMean: 200,
    batchSizes: { '<=4': 1, more: 3 },
  })
  expect(figuresBetween({ cpuSeconds: { redis: 1 } }, { cpuSeconds: { redis: 2 } }, 2)).toEqual({ cores: 0.5 })
  expect(figuresBetween({}, {}, 2)).toEqual({})
})
