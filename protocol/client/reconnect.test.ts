import { expect, test } from 'vitest'
import { reconnectBackoff } from './backoff.ts'
import { ClientCore, type CoreOptions, limitsOf } from './client-core.ts'
import { connectMaxMs, drainMaxMs, steadyMs } from './connection-keeper.ts'
import type { ClientEvents } from './events.ts'
import { quietMaxMs, silenceMaxMs } from './liveness.ts'
import { outcomeOf } from './outcome.ts'
import { publicCalls } from './public-calls.ts'
import { ScriptedDial } from './scripted-connection.ts'
import { userCalls } from './user-calls.ts'
import { VirtualWorld } from './virtual-world.ts'

const nothing = { claims: [] }
const status = { sku: 'shoe', available: 1, held: 0, ordered: 0, sold: 0, waiting: 0, state: 'open' }

function arrange(options: Partial<CoreOptions> = {}) {
  const world = new VirtualWorld()
  const server = new ScriptedDial()
  const core = new ClientCore({ world, dial: server.dial, limits: limitsOf({}, 100), resumes: true, renews: false, ...options })
  const faults: Error[] = []
  const resumed: ClientEvents['resumed'][] = []
  core.events.on('fault', (fault) => faults.push(fault))
  core.events.on('resumed', (claims) => resumed.push(claims))
  return { world, server, core, faults, resumed, user: { ...publicCalls(core, core.watches), ...userCalls(world, core) } }
}

test('SDK-20 after every connect the client asks for all that the user has, before anything else, and tells it', async () => {
  const { world, server, resumed, user } = arrange()
  outcomeOf(user.buy('shoe'))
  server.newest.open()
  expect(server.newest.sent.map((request) => request.method)).toEqual(['resume', 'buy'])
  server.newest.result(server.newest.last('resume'), { claims: [{ sku: 'shoe', state: 'held', hold: 4, qty: 1, expiresAt: 99 }] })
  await world.advance(0)
  expect(resumed).toEqual([{ claims: [{ sku: 'shoe', state: 'held', hold: 4, qty: 1, expiresAt: 99 }] }])
  server.newest.end()
  await world.advance(1_000)
  server.newest.open()
  expect(server.newest.of('resume')).toHaveLength(1)
  server.newest.result(server.newest.last('resume'), nothing)
  await world.advance(0)
  expect(resumed).toHaveLength(2)
})

test('SDK-20 claims that a resume tells behind an answer reach the user behind it', async () => {
  const { world, server, core, user } = arrange()
  const place = (ahead: number) => ({ state: 'queued', ticket: 7, ahead, eta: null, odds: 'likely' })
  const told: number[] = []
  core.events.on('resumed', ({ claims }) => claims.forEach((claim) => claim.state === 'queued' && told.push(claim.ahead)))
  const bought = user.buy('shoe').then(async (claim) => {
    // Whoever awaits an answer hears of it a few turns of the promises later.
    for (let turn = 0; turn < 5; turn++) await Promise.resolve()
    if (claim.state === 'queued') told.push(claim.ahead)
  })
  server.newest.open()
  server.newest.result(server.newest.last('buy'), place(105))
  server.newest.result(server.newest.last('resume'), { claims: [{ sku: 'shoe', ...place(103) }] })
  await world.advance(1)
  await bought
  expect(told).toEqual([105, 103])
})

test('SDK-21 a resume that fails for the moment gives up the connection; a plain no does not', async () => {
  const { world, server, core, faults } = arrange({ limits: limitsOf({ deadlineMs: 2_000 }, 100) })
  server.newest.open()
  await world.advance(2_100)
  expect(faults).toHaveLength(1)
  expect(server.connections[0]?.closed).toBe(true)
  await world.advance(1_000)
  server.newest.open()
  server.newest.refuse(server.newest.last('resume'), { code: 'MALFORMED', message: 'what?' })
  await world.advance(1_000)
  expect(faults).toHaveLength(2)
  expect(core.state).toEqual({ kind: 'open' })
})

test('SDK-22 attempts wait longer and longer, with jitter, and begin anew after a connection that lasted', async () => {
  const { world, server, core } = arrange()
  world.chance = 0.999
  for (const bound of [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
    server.newest.end('refused')
    const { state } = core
    expect(state).toMatchObject({ kind: 'waiting', reason: 'refused', retryInMs: Math.floor(bound * 0.999) })
    const dialled = server.connections.length
    await world.advance(bound * 0.99)
    expect(server.connections).toHaveLength(dialled)
    await world.advance(bound * 0.01)
    expect(server.connections).toHaveLength(dialled + 1)
  }
  server.newest.open()
  await world.advance(steadyMs - 1)
  server.newest.end()
  expect(core.state).toMatchObject({ kind: 'waiting', attempt: 8 })
  await world.advance(reconnectBackoff.capMs)
  server.newest.open()
  await world.advance(steadyMs)
  server.newest.end()
  expect(core.state).toMatchObject({ kind: 'waiting', attempt: 1, retryInMs: 499 })
})

test('SDK-23 an attempt that comes to nothing in time is given up', async () => {
  const { world, server, core } = arrange()
  await world.advance(connectMaxMs)
  expect(server.connections[0]?.closed).toBe(true)
  expect(core.state.kind).toBe('waiting')
})

test('SDK-24 a draining server is left at a random moment of the time that it gives, and calls move on', async () => {
  const { world, server, core, user } = arrange()
  world.chance = 0.25
  server.newest.open()
  server.newest.notify('drain', { withinMs: 20_000 })
  server.newest.notify('drain', { withinMs: 1 })
  const [first] = server.connections
  for (let second = 0; second < 4; second++) {
    await world.advance(1_000)
    first?.notify('expired', { sku: 'shoe' })
  }
  const buy = outcomeOf(user.buy('shoe'))
  await world.advance(999)
  expect(first?.closed).toBe(false)
  await world.advance(1)
  expect(first?.closed).toBe(true)
  expect(server.connections).toHaveLength(2)
  server.newest.open()
  expect(core.state).toEqual({ kind: 'open' })
  expect(server.newest.last('buy').params).toEqual(first?.last('buy').params)
  server.newest.result(server.newest.last('buy'), { state: 'soldout' })
  await world.advance(0)
  expect(buy.result).toEqual({ state: 'soldout' })
})

test('SDK-24 a drain without end or sense is bounded', async () => {
  for (const [withinMs, waitMs] of [
    [Number.MAX_VALUE, drainMaxMs],
    [-1, 0],
  ] as const) {
    const { world, server } = arrange()
    world.chance = 1
    server.newest.open()
    server.newest.result(server.newest.last('resume'), nothing)
    server.newest.notify('drain', { withinMs })
    const [first] = server.connections
    for (let passed = 0; passed < waitMs; passed += 1_000) {
      expect(first?.closed).toBe(false)
      await world.advance(1_000)
      first?.notify('expired', { sku: 'shoe' })
    }
    await world.advance(0)
    expect(first?.closed).toBe(true)
  }
})

test('SDK-25 a quiet connection is asked for a sign of life; any answer keeps it, silence ends it', async () => {
  const { world, server, core } = arrange()
  server.newest.open()
  server.newest.result(server.newest.last('resume'), nothing)
  await world.advance(quietMaxMs + 1_000)
  server.newest.refuse(server.newest.last('ping'), { code: 'UNKNOWN_METHOD', message: 'what is ping?' })
  await world.advance(quietMaxMs)
  expect(core.state.kind).toBe('open')
  expect(server.newest.of('ping')).toHaveLength(2)
  await world.advance(silenceMaxMs + 1_000)
  expect(server.connections[0]?.closed).toBe(true)
  expect(core.state.kind).not.toBe('open')
})

test('SDK-25 a call into a dead connection is noticed within the silence limit and repeated on the next one', async () => {
  const { world, server, user } = arrange()
  server.newest.open()
  server.newest.result(server.newest.last('resume'), nothing)
  await world.advance(5_000)
  const buy = outcomeOf(user.buy('shoe', { deadlineMs: 30_000 }))
  await world.advance(silenceMaxMs + 2_000)
  expect(server.connections).toHaveLength(2)
  server.newest.open()
  server.newest.result(server.newest.last('buy'), { state: 'soldout' })
  await world.advance(0)
  expect(buy.result).toEqual({ state: 'soldout' })
})

test('SDK-26 when the device finds its network again the client does not wait on; when networks change it asks', async () => {
  const { world, server, core } = arrange()
  world.chance = 1
  for (let attempt = 0; attempt < 6; attempt++) {
    server.newest.end()
    await world.advance(15_000)
  }
  server.newest.end()
  expect(core.state).toMatchObject({ kind: 'waiting', retryInMs: 15_000 })
  world.setNetwork(false)
  expect(core.state.kind).toBe('waiting')
  world.setNetwork(true)
  expect(core.state.kind).toBe('connecting')
  server.newest.open()
  server.newest.result(server.newest.last('resume'), nothing)
  world.setNetwork(false)
  expect(server.newest.of('ping')).toHaveLength(1)
})

test('SDK-27 watches are asked for again after a reconnect, until unwatched, and their status is told', async () => {
  const { world, server, core, user, faults } = arrange()
  const told: string[] = []
  core.events.on('sku', (event) => told.push(event.sku))
  server.newest.open()
  for (const sku of ['shoe', 'hat', 'gone']) {
    outcomeOf(user.watch(sku))
    server.newest.result(server.newest.last('watch'), { ...status, sku })
  }
  await world.advance(0)
  outcomeOf(user.unwatch('hat'))
  server.newest.end()
  await world.advance(1_000)
  server.newest.open()
  const again = server.newest.of('watch')
  expect(again.map((request) => request.params)).toEqual([['shoe'], ['gone']])
  for (const request of again) {
    if (request.params[0] === 'shoe') server.newest.result(request, status)
    else server.newest.refuse(request, { code: 'UNKNOWN_SKU', message: 'gone' })
  }
  await world.advance(0)
  expect(told).toEqual(['shoe'])
  expect(faults).toHaveLength(1)
  server.newest.end()
  await world.advance(1_000)
  server.newest.open()
  expect(server.newest.of('watch').map((request) => request.params)).toEqual([['shoe']])
})

test('SDK-28 a token that ran out is renewed by connecting again, once for a call', async () => {
  const { world, server, user } = arrange({ renews: true })
  server.newest.open()
  server.newest.result(server.newest.last('resume'), nothing)
  const buy = outcomeOf(user.buy('shoe'))
  const before = server.newest.last('buy').params
  server.newest.refuse(server.newest.last('buy'), { code: 'UNAUTHORIZED', message: 'expired' })
  expect(server.connections[0]?.closed).toBe(true)
  await world.advance(1_000)
  server.newest.open()
  expect(server.newest.last('buy').params).toEqual(before)
  server.newest.refuse(server.newest.last('buy'), { code: 'UNAUTHORIZED', message: 'expired' })
  await world.advance(0)
  expect(buy.error?.code).toBe('UNAUTHORIZED')
  expect(server.newest.of('resume')).toHaveLength(1)
})

test('SDK-29 a server that refuses the key itself ends the calls that wait for it, and is tried again', async () => {
  const { world, server, user } = arrange({ resumes: false })
  const waiting = outcomeOf(user.claim('shoe'))
  server.newest.end('refused', { code: 'UNAUTHORIZED', message: 'wrong key' })
  await world.advance(0)
  expect(waiting.error).toMatchObject({ code: 'UNAUTHORIZED', message: 'wrong key' })
  const patient = outcomeOf(user.claim('shoe'))
  await world.advance(1_000)
  server.newest.end('full', { code: 'BUSY', message: 'too many connections' })
  await world.advance(5_000)
  expect(server.connections.length).toBeGreaterThan(2)
  expect(patient).toEqual({})
})

test('SDK-30 whoever closes the client inside a handler finds it closed, and hears of nothing more', async () => {
  const { world, server, core } = arrange()
  const states: string[] = []
  core.events.on('state', (state) => {
    states.push(state.kind)
    if (state.kind === 'waiting') core.close()
  })
  server.newest.open()
  server.newest.end()
  await world.advance(60_000)
  expect(states).toEqual(['open', 'waiting', 'closed'])
  expect(world.leftovers).toBe(0)

  const last = arrange()
  const lastStates: string[] = []
  last.core.events.on('state', (state) => lastStates.push(state.kind))
  last.core.events.on('expired', () => last.core.close())
  last.server.newest.open()
  last.server.newest.result(last.server.newest.last('resume'), nothing)
  last.server.newest.notify('expired', { sku: 'shoe' })
  last.server.newest.end()
  await last.world.advance(0)
  expect(lastStates).toEqual(['open', 'closed'])

  const other = arrange()
  other.core.events.on('expired', () => other.core.close())
  const heard: string[] = []
  other.core.events.on('soldout', ({ sku }) => heard.push(sku))
  other.server.newest.open()
  other.server.newest.notify('expired', { sku: 'shoe' })
  other.server.newest.notify('soldout', { sku: 'shoe' })
  await other.world.advance(0)
  expect(heard).toEqual([])
})
