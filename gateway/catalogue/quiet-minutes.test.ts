import { expect, test } from 'vitest'
import { ManualWorld } from '../../cluster/manual-world.ts'
import { QuietMinutes } from './quiet-minutes.ts'

const minuteMs = 60_000

test('SRC-10 a minute is quiet if it had a tenth of the calls of the busiest one of a day, or hardly any', async () => {
  const world = new ManualWorld()
  let calls = 5_000
  const quiet = new QuietMinutes(world.clock, calls)
  const minute = async (count: number): Promise<boolean> => {
    calls += count
    await world.pass(minuteMs)
    expect(quiet.take(calls)).toBe(true)
    return quiet.isQuiet
  }
  expect(quiet.isQuiet).toBe(false)
  const answers: boolean[] = []
  for (const count of [60, 61, 10_000, 1_001, 1_000, 9_000]) answers.push(await minute(count))
  expect(answers).toEqual([true, false, false, false, true, false])
  for (let n = 0; n < 24 * 60; n++) await minute(1_000)
  expect(quiet.isQuiet).toBe(false)
})

test('SRC-10 a minute that took longer counts as one', async () => {
  const world = new ManualWorld()
  const quiet = new QuietMinutes(world.clock, 0)
  await world.pass(minuteMs - 1)
  expect([quiet.take(100), quiet.lastMinute]).toEqual([false, undefined])
  await world.pass(minuteMs + 1)
  expect([quiet.take(100), quiet.lastMinute]).toEqual([true, 50])
})
