import { afterEach, expect, test, vi } from 'vitest'
import { globalWorld } from './global-world.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

test('SDK-58 the real world has a clock that goes forward, timers that can be ended, and randomness', async () => {
  const world = globalWorld()
  const before = world.now()
  let ended = false
  world.after(0, () => {
    ended = true
  })()
  await new Promise<void>((resolve) => {
    world.after(5, resolve)
  })
  expect(ended).toBe(false)
  expect(world.now()).toBeGreaterThan(before)
  expect(world.random()).toBeLessThan(1)
  expect(world.randomBytes(16)).toHaveLength(16)
  expect(world.randomBytes(16)).not.toEqual(world.randomBytes(16))
})

test('SDK-58 where there is a window its network events are heard until ended, and elsewhere none are', () => {
  const heard: boolean[] = []
  globalWorld().onNetwork((online) => heard.push(online))()
  const window = new EventTarget()
  vi.stubGlobal('window', window)
  const end = globalWorld().onNetwork((online) => heard.push(online))
  window.dispatchEvent(new Event('offline'))
  window.dispatchEvent(new Event('online'))
  end()
  window.dispatchEvent(new Event('offline'))
  expect(heard).toEqual([false, true])
})
