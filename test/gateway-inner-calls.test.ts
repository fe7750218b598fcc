import { afterEach, beforeEach, expect, test } from 'vitest'
import { nobody } from '../gateway/identity.ts'
import { InnerCalls } from '../gateway/inner-calls.ts'
import { GatewayRig } from './gateway-rig.ts'

const operator = { identity: { role: 'operator', key: 'kay', proof: '' }, address: '127.0.0.1' } as const

let rig: GatewayRig
let inner: InnerCalls

beforeEach(async () => {
  rig = await GatewayRig.start({
    callDeadlineMs: 300,
    script: ({ user }) => (user === 'slow' ? { kind: 'silence' } : { kind: 'result', result: { state: 'none' } }),
  })
  inner = new InnerCalls(rig.gateway.core.connections, rig.gateway.core.dispatcher)
})
afterEach(() => rig.close())

test('CON-7 a call from inside is what it is from outside: methods, roles, refusals, counters', async () => {
  expect(await inner.call(operator, 'sale.get', ['sale-of-lamp'])).toMatchObject({ error: null, result: { sale: 'sale-of-lamp' } })
  expect(await inner.call(operator, 'claim', ['ann', 'lamp'])).toEqual({ error: null, result: { state: 'none' } })
  expect(await inner.call(operator, 'sale.open', ['no-such-sale'])).toMatchObject({ error: { code: 'UNKNOWN_SALE' } })
  expect(await inner.call(operator, 'sale.open', [7])).toMatchObject({ error: { code: 'MALFORMED' } })
  expect(await inner.call(operator, 'no.such', [])).toMatchObject({ error: { code: 'UNKNOWN_METHOD' } })
  expect(await inner.call({ ...operator, identity: nobody }, 'sale.open', ['x'])).toMatchObject({ error: { code: 'UNAUTHORIZED' } })
  expect(await inner.call({ ...operator, identity: { role: 'backend', key: 'shop', proof: '' } }, 'sale.open', ['x'])).toMatchObject({
    error: { code: 'FORBIDDEN' },
  })
  expect(rig.gateway.core.counters.allAnswered).toBe(7)
  expect(rig.gateway.core.connections.size).toBe(0)
})

test('CON-7 a call that nobody answers ends in time, and leaves nothing behind', async () => {
  expect(await inner.call(operator, 'claim', ['slow', 'lamp'])).toMatchObject({ error: { code: 'TIMEOUT' } })
  expect(rig.gateway.core.connections.size).toBe(0)
})
