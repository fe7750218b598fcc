import { expect, test } from 'vitest'
import { busContract } from './bus-contract.ts'
import { LocalBus } from './local-bus.ts'
import { ManualWorld } from './manual-world.ts'

busContract('The local bus', async () => {
  const world = new ManualWorld()
  const bus = new LocalBus(world.log)
  return {
    connect: async () => bus,
    settle: () => world.pass(0),
    knowsAtOnce: true,
    errors: () => world.logged.filter(({ level }) => level === 'error').map(({ text }) => text),
    close: () => bus.close(),
  }
})

test('BUS-10 the local bus delivers before send returns, without copying', () => {
  const bus = new LocalBus(new ManualWorld().log)
  const frame = Buffer.from('frame')
  let got: Uint8Array | undefined
  bus.serve('s', (bytes) => {
    got = bytes
  })
  bus.send('s', frame)
  expect(got).toBe(frame)
})

test('BUS-11 handlers that answer each other without end are stopped', () => {
  const bus = new LocalBus(new ManualWorld().log)
  const results = new Set<string>()
  let calls = 0
  bus.serve('a', (frame) => {
    calls++
    // Two for each: without a bound this would fill the memory.
    results.add(bus.send('b', frame))
    results.add(bus.send('b', frame))
  })
  bus.serve('b', (frame) => {
    calls++
    if (calls < 100_000) results.add(bus.send('a', frame))
  })
  bus.send('a', Buffer.from('x'))
  expect(results).toContain('full')
})

test('BUS-12 a subject that is served again is one that was never served before', () => {
  const bus = new LocalBus(new ManualWorld().log)
  const old = bus.serve('s', () => {})
  old.close()
  const texts: string[] = []
  bus.serve('s', (frame) => void texts.push(Buffer.from(frame).toString()))
  old.close()
  expect(bus.send('s', Buffer.from('a'))).toBe('sent')
  expect(texts).toEqual(['a'])
})
