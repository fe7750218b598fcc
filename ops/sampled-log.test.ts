import { expect, test } from 'vitest'
import type { Log } from '../cluster/world.ts'
import { linesPerSecondMax, SampledLog } from './sampled-log.ts'

let now = 0
let written: [level: string, fields: object, text: string][] = []

function sampled(): SampledLog {
  now = 0
  written = []
  const write = (level: string) => (fields: object, text: string) => void written.push([level, fields, text])
  const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  return new SampledLog(log, { now: () => 0, monotonic: () => now })
}

test('OPS-50 lines of one text are sampled under load, those of others are not, and it is said how many were left out', () => {
  const log = sampled()
  for (let i = 0; i < 500; i++) log.warn({ order: i }, 'an order goes back to the queue')
  log.error({ order: 7 }, 'something else')
  expect(written).toHaveLength(linesPerSecondMax + 1)
  expect(written[0]).toEqual(['warn', { order: 0 }, 'an order goes back to the queue'])
  expect(written.at(-1)).toEqual(['error', { order: 7 }, 'something else'])
  log.flush()
  expect(written).toHaveLength(linesPerSecondMax + 1)
  now = 1_000
  log.flush()
  expect(written.at(-1)).toEqual([
    'warn',
    { leftOut: 500 - linesPerSecondMax, of: 'an order goes back to the queue' },
    'more lines like this were left out',
  ])
  log.warn({ order: 501 }, 'an order goes back to the queue')
  expect(written.at(-1)).toEqual(['warn', { order: 501 }, 'an order goes back to the queue'])
})

test('OPS-50 the next second says what was left out of the one before, also without a flush; what nobody repeats leaves no trace', () => {
  const log = sampled()
  for (let i = 0; i < linesPerSecondMax + 3; i++) log.info({}, 'a')
  now = 5_000
  log.info({}, 'a')
  expect(written.slice(-2)).toEqual([
    ['info', { leftOut: 3, of: 'a' }, 'more lines like this were left out'],
    ['info', {}, 'a'],
  ])
  log.info({}, 'b')
  now = 9_000
  log.flush()
  expect(written.at(-1)).toEqual(['info', {}, 'b'])
})

test('OPS-50 texts without number are written as they come', () => {
  const log = sampled()
  for (let i = 0; i < 3_000; i++) log.info({}, `text ${i}`)
  expect(written).toHaveLength(3_000)
})
