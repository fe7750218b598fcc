import { expect, test } from 'vitest'
import type { Plain } from '../msgpack-writer.ts'
import { ClientCore, type CoreOptions, limitsOf } from './client-core.ts'
import { outcomeOf } from './outcome.ts'
import { ScriptedDial } from './scripted-connection.ts'
import { userCalls } from './user-calls.ts'
import { VirtualWorld } from './virtual-world.ts'

const queued = { state: 'queued', ticket: 7, ahead: 3, eta: [1, 2], odds: 'likely' }

function arrange(options: Partial<CoreOptions> = {}) {
  const world = new VirtualWorld()
  const server = new ScriptedDial()
  const core = new ClientCore({ world, dial: server.dial, limits: limitsOf({}, 100), resumes: false, renews: false, ...options })
  return { world, server, core, user: userCalls(world, core) }
}

test('SDK-8 calls made before there is a connection wait for it and go out in their order', async () => {
  const { world, server, user } = arrange()
  const buy = outcomeOf(user.buy('shoe'))
  outcomeOf(user.leave('hat'))
  await world.advance(100)
  expect(server.newest.sent).toEqual([])
  server.newest.open()
  expect(server.newest.sent.map((request) => request.method)).toEqual(['buy', 'leave'])
  server.newest.result(server.newest.last('buy'), queued)
  await world.advance(0)
  expect(buy.result).toEqual(queued)
})

test('SDK-9 buy and checkout always carry a request id, 128 bits in hexadecimal unless the caller gives one', async () => {
  const { server, user } = arrange()
  server.newest.open()
  outcomeOf(user.buy('shoe'))
  outcomeOf(user.buy('shoe', { qty: 2, requestId: 'mine' }))
  outcomeOf(user.checkout('shoe', 'tok_ok'))
  const [first, second] = server.newest.of('buy')
  expect(first?.params).toEqual(['shoe', 1, expect.stringMatching(/^[0-9a-f]{32}$/)])
  expect(second?.params).toEqual(['shoe', 2, 'mine'])
  expect(server.newest.last('checkout').params).toEqual(['shoe', 'tok_ok', expect.stringMatching(/^[0-9a-f]{32}$/)])
  expect(server.newest.last('checkout').params[2]).not.toBe(first?.params[2])
})

test('SDK-10 a call whose connection is lost is repeated on the next one with the same request id', async () => {
  const { world, server, user } = arrange()
  server.newest.open()
  const buy = outcomeOf(user.buy('shoe'))
  const before = server.newest.last('buy')
  server.newest.end()
  await world.advance(1_000)
  expect(server.connections).toHaveLength(2)
  server.newest.open()
  const after = server.newest.last('buy')
  expect(after.params).toEqual(before.params)
  expect(after.msgid).not.toBe(before.msgid)
  server.newest.result(after, queued)
  await world.advance(0)
  expect(buy.result).toEqual(queued)
})

test('SDK-10 TIMEOUT and UNAVAILABLE are repeated with the same request id', async () => {
  const { world, server, user } = arrange()
  server.newest.open()
  const buy = outcomeOf(user.buy('shoe'))
  for (const code of ['TIMEOUT', 'UNAVAILABLE', 'TIMEOUT'] as const) {
    server.newest.refuse(server.newest.last('buy'), { code, message: 'unknown' })
    await world.advance(1_000)
  }
  const tries = server.newest.of('buy')
  expect(tries).toHaveLength(4)
  expect(new Set(tries.map((request) => request.params[2])).size).toBe(1)
  expect(new Set(tries.map((request) => request.msgid)).size).toBe(4)
  server.newest.result(server.newest.last('buy'), queued)
  await world.advance(0)
  expect(buy.result).toEqual(queued)
})

test('SDK-11 an outcome that stays unknown rejects with TIMEOUT at the deadline, and the error has the request id', async () => {
  const { world, server, user } = arrange()
  server.newest.open()
  const buy = outcomeOf(user.buy('shoe', { requestId: 'r1', deadlineMs: 3_000 }))
  const never = outcomeOf(user.claim('shoe', { deadlineMs: 3_000 }))
  for (let second = 0; second < 3; second++) {
    expect(buy.error).toBeUndefined()
    server.newest.refuse(server.newest.last('buy'), { code: 'UNAVAILABLE', message: 'away' })
    await world.advance(1_000)
  }
  await world.advance(100)
  expect(buy.error).toMatchObject({ code: 'TIMEOUT', retry: 'unknown', retriable: true, requestId: 'r1', method: 'buy' })
  expect(buy.error?.message).toContain('away')
  expect(never.error).toMatchObject({ code: 'TIMEOUT', method: 'claim', requestId: undefined })
})

test('SDK-79 an answer to a call that was given up makes the client ask for all that the user has, once for many of them', async () => {
  const { world, server, user } = arrange({ resumes: true })
  server.newest.open()
  server.newest.result(server.newest.last('resume'), [])
  const calls = [outcomeOf(user.buy('shoe', { deadlineMs: 500 })), outcomeOf(user.claim('shoe', { deadlineMs: 500 }))]
  const requests = [server.newest.last('claim'), server.newest.last('buy')]
  await world.advance(600)
  expect(calls.map(({ error }) => error)).toMatchObject([{ code: 'TIMEOUT' }, { code: 'TIMEOUT' }])
  const before = server.newest.of('resume').length
  for (const request of requests) server.newest.result(request, queued)
  await world.advance(2_000)
  expect(server.newest.of('resume')).toHaveLength(before + 1)
  // An answer of which nobody knows is nothing.
  server.newest.result(server.newest.last('buy'), queued)
  await world.advance(2_000)
  expect(server.newest.of('resume')).toHaveLength(before + 1)
})

test('SDK-11 without any connection a call ends at its deadline', async () => {
  const { world, user } = arrange()
  const claim = outcomeOf(user.claim('shoe', { deadlineMs: 500 }))
  await world.advance(499)
  expect(claim.error).toBeUndefined()
  await world.advance(100)
  expect(claim.error).toMatchObject({ code: 'TIMEOUT', retriable: true })
})

test('SDK-12 BUSY and RATE_LIMITED are repeated, not before the time that the server named', async () => {
  const { world, server, user } = arrange()
  server.newest.open()
  const claim = outcomeOf(user.claim('shoe'))
  server.newest.refuse(server.newest.last('claim'), { code: 'BUSY', message: 'full', retryAfterMs: 1_000 })
  await world.advance(999)
  expect(server.newest.of('claim')).toHaveLength(1)
  await world.advance(600)
  expect(server.newest.of('claim')).toHaveLength(2)
  server.newest.refuse(server.newest.last('claim'), { code: 'RATE_LIMITED', message: 'slow', retryAfterMs: 200 })
  await world.advance(400)
  server.newest.result(server.newest.last('claim'), { state: 'none' })
  await world.advance(0)
  expect(claim.result).toEqual({ state: 'none' })
})

test('SDK-12 BUSY that outlasts the deadline is the answer', async () => {
  const { world, server, user } = arrange()
  server.newest.open()
  const claim = outcomeOf(user.claim('shoe', { deadlineMs: 1_000 }))
  server.newest.refuse(server.newest.last('claim'), { code: 'BUSY', message: 'full', retryAfterMs: 5_000 })
  await world.advance(0)
  expect(claim.error).toMatchObject({ code: 'BUSY', retry: 'later', retryAfterMs: 5_000 })
  const other = outcomeOf(user.claim('hat', { deadlineMs: 1_000 }))
  server.newest.refuse(server.newest.last('claim'), { code: 'BUSY', message: 'full', retryAfterMs: 700 })
  await world.advance(875)
  server.newest.end()
  await world.advance(200)
  expect(other.error?.code).toBe('BUSY')
})

test('SDK-12 BUSY is not the answer to a call that may have been done before its connection was lost', async () => {
  const { world, server, user } = arrange()
  server.newest.open()
  const buy = outcomeOf(user.buy('shoe', { deadlineMs: 2_000 }))
  server.newest.end()
  await world.advance(1_000)
  server.newest.open()
  server.newest.refuse(server.newest.last('buy'), { code: 'BUSY', message: 'full', retryAfterMs: 10_000 })
  await world.advance(0)
  expect(buy.error).toMatchObject({ code: 'TIMEOUT', retry: 'unknown' })
})

test('SDK-13 a refusal rejects at once with its code, text and retry class', async () => {
  const { world, server, user } = arrange()
  server.newest.open()
  const buy = outcomeOf(user.buy('shoe'))
  server.newest.refuse(server.newest.last('buy'), { code: 'NOT_OPEN', message: 'at noon', retryAfterMs: 60_000 })
  await world.advance(0)
  expect(buy.error).toMatchObject({ code: 'NOT_OPEN', message: 'at noon', retryAfterMs: 60_000, retry: 'later', retriable: true })
  const soldOut = outcomeOf(user.buy('shoe'))
  server.newest.refuse(server.newest.last('buy'), { code: 'SOLD_OUT', message: 'gone' })
  await world.advance(0)
  expect(soldOut.error).toMatchObject({ code: 'SOLD_OUT', retry: 'never', retriable: false })
  expect(server.newest.of('buy')).toHaveLength(2)
})

test('SDK-14 an answer that comes after the call was given up, or to an earlier try, finds nobody', async () => {
  const { world, server, user } = arrange()
  server.newest.open()
  const buy = outcomeOf(user.buy('shoe'))
  const first = server.newest.last('buy')
  server.newest.refuse(first, { code: 'TIMEOUT', message: 'late' })
  await world.advance(1_000)
  server.newest.result(first, { state: 'soldout' })
  server.newest.result({ msgid: 4_000_000, method: 'buy', params: [] }, { state: 'soldout' })
  await world.advance(0)
  expect(buy).toEqual({})
  server.newest.result(server.newest.last('buy'), queued)
  await world.advance(0)
  expect(buy.result).toEqual(queued)
})

test('SDK-15 what would do its work twice is not repeated when its outcome is unknown', async () => {
  const { world, server, core } = arrange()
  const once = () => outcomeOf(core.start({ method: 'once', params: [], repeat: 'never' }))
  server.newest.open()
  const lost = once()
  server.newest.end()
  await world.advance(1_000)
  expect(lost.error).toMatchObject({ code: 'UNAVAILABLE', retry: 'unknown' })
  server.newest.open()
  const away = once()
  server.newest.refuse(server.newest.last('once'), { code: 'TIMEOUT', message: 'unknown' })
  await world.advance(5_000)
  expect(away.error).toMatchObject({ code: 'TIMEOUT' })
  expect(server.newest.of('once')).toHaveLength(1)
})

test('SDK-16 calls without an answer are bounded, and one more is refused with BUSY', async () => {
  const { world, server, user } = arrange({ limits: limitsOf({ pendingMax: 3 }, 100) })
  const calls = [1, 2, 3].map(() => outcomeOf(user.claim('shoe')))
  const over = outcomeOf(user.buy('shoe', { requestId: 'r1' }))
  await world.advance(0)
  expect(over.error).toMatchObject({ code: 'BUSY', requestId: 'r1' })
  server.newest.open()
  for (const request of server.newest.of('claim')) server.newest.result(request, { state: 'none' })
  await world.advance(0)
  expect(calls.map((call) => call.result)).toEqual([{ state: 'none' }, { state: 'none' }, { state: 'none' }])
  outcomeOf(user.claim('shoe'))
  expect(server.newest.of('claim')).toHaveLength(4)
})

test('SDK-17 close settles every call, refuses later ones, and leaves no timer behind', async () => {
  const { world, server, core, user } = arrange()
  server.newest.open()
  const sent = outcomeOf(user.buy('shoe'))
  const pausing = outcomeOf(user.claim('shoe'))
  server.newest.refuse(server.newest.last('claim'), { code: 'BUSY', message: 'full', retryAfterMs: 1_000 })
  core.close()
  core.close()
  const after = outcomeOf(user.claim('shoe'))
  await world.advance(0)
  for (const call of [sent, pausing, after]) expect(call.error).toMatchObject({ code: 'UNAVAILABLE', message: 'The client was closed.' })
  expect(server.newest.closed).toBe(true)
  expect(core.state).toEqual({ kind: 'closed' })
  expect(world.leftovers).toBe(0)
})

test('SDK-17 closing while it waits or connects ends that too', async () => {
  const connecting = arrange()
  connecting.core.close()
  expect(connecting.world.leftovers).toBe(0)
  const waiting = arrange()
  waiting.server.newest.end()
  expect(waiting.core.state.kind).toBe('waiting')
  waiting.core.close()
  expect(waiting.world.leftovers).toBe(0)
  await waiting.world.advance(60_000)
  expect(waiting.server.connections).toHaveLength(1)
})

test('SDK-18 an answer of the wrong shape rejects with MALFORMED, whatever it is', async () => {
  const { world, server, user } = arrange()
  server.newest.open()
  const shapes: readonly Plain[] = [
    null,
    5,
    'held',
    [],
    {},
    { state: 'dreaming' },
    { state: 'held' },
    { state: 'held', hold: 'x', qty: 1, expiresAt: 1 },
    { state: 'queued', ticket: 1, ahead: 1, eta: [1], odds: 'likely' },
    { state: 'pending', order: 'not an order', qty: 1, amountMinor: 1, currency: 'EUR' },
  ]
  for (const shape of shapes) {
    const claim = outcomeOf(user.claim('shoe'))
    server.newest.result(server.newest.last('claim'), shape)
    await world.advance(0)
    expect([shape, claim.error?.code, claim.error?.retriable]).toEqual([shape, 'MALFORMED', false])
  }
})

test('SDK-18 params that cannot be encoded reject with MALFORMED and do not disturb other calls', async () => {
  const { world, server, core, user } = arrange()
  server.newest.open()
  const bad = outcomeOf(core.start({ method: 'unencodable', params: [], repeat: 'never' }))
  const good = outcomeOf(user.claim('shoe'))
  server.newest.result(server.newest.last('claim'), { state: 'none' })
  await world.advance(0)
  expect(bad.error?.code).toBe('MALFORMED')
  expect(good.result).toEqual({ state: 'none' })
})

test('SDK-19 a caller who acts for others puts the user in front of the params', () => {
  const { server, world, core } = arrange()
  server.newest.open()
  const anna = userCalls(world, core, 'anna')
  outcomeOf(anna.buy('shoe', { requestId: 'r1' }))
  outcomeOf(anna.resume())
  outcomeOf(anna.cancelOrder('shoe:a:1'))
  expect(server.newest.sent.map((request) => request.params)).toEqual([['anna', 'shoe', 1, 'r1'], ['anna'], ['anna', 'shoe:a:1']])
})
