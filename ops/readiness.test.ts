import { expect, test } from 'vitest'
import { awayMsMax, Readiness } from './readiness.ts'

test('OPS-12 a node whose server is away for longer than a moment is not ready, and says for what it waits, until it is back', () => {
  let now = 1_000_000
  const servers: { NATS: number | undefined; Redis: number | undefined } = { NATS: undefined, Redis: undefined }
  const readiness = new Readiness({ monotonic: () => now })
  for (const name of ['NATS', 'Redis'] as const)
    readiness.needs(name, {
      get awaySince() {
        return servers[name]
      },
    })
  expect(readiness.whyNot).toBe('starting')
  readiness.ready()
  servers.Redis = now
  now += awayMsMax
  expect(readiness.whyNot).toBeUndefined()
  now++
  expect(readiness.whyNot).toBe('waiting for Redis')
  servers.NATS = now
  expect(readiness.whyNot).toBe('waiting for Redis')
  servers.Redis = undefined
  expect(readiness.whyNot).toBeUndefined()
  now += awayMsMax + 1
  expect(readiness.whyNot).toBe('waiting for NATS')
  readiness.notReady('stopping')
  expect(readiness.whyNot).toBe('stopping')
})
