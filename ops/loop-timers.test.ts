import { expect, test } from 'vitest'
import { LoopTimers } from './loop-timers.ts'
import { realClock } from './world.ts'

const timers = new LoopTimers(realClock)

/** Nothing but this runs for so long. */
function occupy(ms: number): void {
  for (const until = realClock.monotonic() + ms; realClock.monotonic() < until;);
}

test('OPS-2 timers run, and do not once they are cancelled', async () => {
  const ran: string[] = []
  timers.after(1, () => ran.push('cancelled')).cancel()
  timers.every(1, () => ran.push('cancelled')).cancel()
  await new Promise<void>((resolve) => {
    const repeated = timers.every(1, () => {
      ran.push('every')
      if (ran.length < 2) return
      repeated.cancel()
      timers.after(5, () => timers.soon(resolve))
    })
  })
  expect(ran).toEqual(['every', 'every'])
})

test('OPS-2 a wait that Node would cut short is refused', () => {
  expect(() => timers.after(2 ** 31, () => {})).toThrow(RangeError)
  expect(() => timers.every(Number.NaN, () => {})).toThrow(RangeError)
})

test('OPS-13 what is due runs while the loop does not come round, each once and in order', async () => {
  const ran: string[] = []
  const later = timers.after(60_000, () => ran.push('later'))
  timers.after(2, () => ran.push('second'))
  timers.after(1, () => ran.push('first'))
  const repeated = timers.every(3, () => ran.push('every'))
  timers.after(4, () => ran.push('cancelled')).cancel()
  timers.after(1, () => cancelledByAnother.cancel())
  const cancelledByAnother = timers.after(2, () => ran.push('cancelled'))
  timers.soon(() => ran.push('soon'))
  timers.catchUp()
  expect(ran).toEqual([])
  occupy(10)
  timers.catchUp()
  expect(ran).toEqual(['soon', 'first', 'second', 'every'])
  timers.catchUp()
  expect(ran).toHaveLength(4)
  occupy(10)
  timers.catchUp()
  expect(ran).toEqual(['soon', 'first', 'second', 'every', 'every'])
  repeated.cancel()
  later.cancel()
  // What has run is not run again by the loop.
  await new Promise<void>((resolve) => {
    timers.after(5, () => timers.soon(resolve))
  })
  expect(ran.filter((one) => one !== 'every')).toEqual(['soon', 'first', 'second'])
})

test('OPS-13 what fails in between does not fail whoever handles an event, and ends the process as ever', async () => {
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  try {
    const caught = new Promise((resolve) => {
      process.once('uncaughtException', resolve)
    })
    const ran: string[] = []
    timers.after(1, () => {
      throw new Error('a bug')
    })
    timers.after(1, () => ran.push('next'))
    occupy(10)
    timers.catchUp()
    expect(ran).toEqual(['next'])
    expect(await caught).toEqual(new Error('a bug'))
  } finally {
    for (const one of others) process.on('uncaughtException', one)
  }
})
