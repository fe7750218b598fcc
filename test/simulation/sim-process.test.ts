import { expect, test } from 'vitest'
import { SmallWorld } from './small-world.ts'

test('SIM-N9 a timer that is cancelled as its process wakes up does not fire any more', async () => {
  const world = new SmallWorld()
  const process = world.process('p')
  const fired: string[] = []
  process.world.timers.after(10, () => {
    fired.push('first')
    second.cancel()
  })
  const second = process.world.timers.after(20, () => void fired.push('second'))
  process.world.timers.after(30, () => void fired.push('third'))
  process.pause(100)
  await world.pass(200)
  expect(fired).toEqual(['first', 'third'])
})
