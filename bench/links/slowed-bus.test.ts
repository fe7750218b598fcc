import { expect, test } from 'vitest'
import { LocalBus } from '../../cluster/local-bus.ts'
import { realWorld } from '../../ops/world.ts'
import { slowedBus } from './slowed-bus.ts'

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** A frame of so many commands, by its head alone, with a number to know it by. */
function frame(commands: number, number: number): Uint8Array {
  return Uint8Array.of(1, 1, commands, 0, 0, number)
}

/** Resolves when so many have come. */
function arrivals(count: number): { readonly all: Promise<void>; readonly take: (frame: Uint8Array) => void; readonly numbers: number[] } {
  const numbers: number[] = []
  let done: () => void = () => {}
  const all = new Promise<void>((resolve) => {
    done = resolve
  })
  return {
    numbers,
    all,
    take: (one) => {
      numbers.push(one[5] ?? -1)
      if (numbers.length === count) done()
    },
  }
}

test('BEN-73 a slowed bus brings no more than so many commands a second, in order, and all of them', async () => {
  const { timers } = realWorld(quiet)
  const bus = slowedBus(new LocalBus(quiet), { perSecond: 1_000 }, timers)
  const { numbers, all, take } = arrivals(20)
  bus.serve('sluice.inv.0', take)
  const from = performance.now()
  const sent = frame(10, 0)
  for (let i = 0; i < 20; i++) {
    sent[5] = i
    // Its bytes are used again at once, as the port allows.
    expect(bus.send('sluice.inv.0', sent)).toBe('sent')
  }
  await all
  expect(numbers).toEqual(Array.from({ length: 20 }, (_, i) => i))
  expect(performance.now() - from).toBeGreaterThan(180)
  await bus.close()
})

test('BEN-73 of a slowed bus answers are as fast as ever, and nobody at a subject is known at once', async () => {
  const { timers } = realWorld(quiet)
  const bus = slowedBus(new LocalBus(quiet), { perSecond: 1 }, timers)
  const { numbers, take } = arrivals(1)
  bus.serve('sluice.gw.x', take)
  expect(bus.send('sluice.gw.x', frame(200, 7))).toBe('sent')
  expect(numbers).toEqual([7])
  expect(bus.send('sluice.inv.9', frame(1, 0))).toBe('no-responders')
  await bus.close()
})

test('BEN-73 what still waits in a slowed bus when its receiver ends goes where late frames go', async () => {
  const { timers } = realWorld(quiet)
  const bus = slowedBus(new LocalBus(quiet), { perSecond: 100 }, timers)
  const inTime = arrivals(2)
  const served = bus.serve('sluice.inv.0', inTime.take)
  const late = arrivals(1)
  bus.send('sluice.inv.0', frame(20, 1))
  served.close(late.take)
  await late.all
  expect({ late: late.numbers, inTime: inTime.numbers }).toEqual({ late: [1], inTime: [] })
  await bus.close()
})
