import { afterEach, expect, test, vi } from 'vitest'
import { type LoopbackServer, type Peer, type Request, serveSockets } from '../../protocol/client/loopback-server.ts'
import { realWorld } from '../world.ts'
import { Crowd, type CrowdSettings } from './crowd.ts'
import { RushMeters } from './rush-meters.ts'
import { socketsFrom } from './source-addresses.ts'

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const waitMs = 20_000
const ticket = { state: 'queued', ticket: 1, ahead: 4, eta: null, odds: 'likely' }

const servers: LoopbackServer[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

test('RUSH-8 a shopper whose call is never answered is one without an answer when the time is over', async () => {
  const { crowd, asked } = await crowdOf(() => undefined)
  const run = crowd.run()
  await vi.waitUntil(() => asked.length === 3, { timeout: waitMs })
  crowd.end('time is over')
  await run
  expect(crowd.counts.outcomes).toMatchObject({ unanswered: 3, unfinished: 0 })
})

test('RUSH-8 nobody is owed an answer when somebody stops the rush', async () => {
  const { crowd, asked } = await crowdOf(() => undefined)
  const run = crowd.run()
  await vi.waitUntil(() => asked.length === 3, { timeout: waitMs })
  crowd.end('stopped')
  await run
  expect(crowd.counts.outcomes).toMatchObject({ unanswered: 0, unfinished: 3 })
})

test('RUSH-9 whoever has a place when the rush ends gives it back', async () => {
  const { crowd, asked } = await crowdOf((peer, { method, msgid }) => {
    if (method === 'buy') peer.result(msgid, ticket)
    if (method === 'leave') peer.result(msgid, { state: 'none' })
  })
  const run = crowd.run()
  await vi.waitUntil(() => crowd.counts.stages.queued === 3, { timeout: waitMs })
  crowd.end('time is over')
  await run
  expect(crowd.counts.outcomes).toMatchObject({ unanswered: 0, unfinished: 3 })
  expect(asked.filter((method) => method === 'leave')).toHaveLength(3)
})

test('RUSH-10 a place that rises, told by answers and events, is seen by the shopper whose place it is', async () => {
  const { crowd } = await crowdOf((peer, { method, msgid }) => {
    if (method !== 'buy') return
    peer.result(msgid, ticket)
    peer.notify('line', { sku: 'other', ticket: 1, ahead: 9, eta: null, odds: 'likely' })
    for (const ahead of [3, 4]) peer.notify('line', { sku: 'shoe', ticket: 1, ahead, eta: null, odds: 'likely' })
    peer.notify('soldout', { sku: 'shoe' })
  })
  await crowd.run()
  expect(crowd.visits).toMatchObject(Array.from({ length: 3 }, () => ({ outcome: 'soldout', rises: 1 })))
})

test('RUSH-11 no more than so many are inside at a time, and all come', async () => {
  let inside = 0
  let most = 0
  const { crowd } = await crowdOf(
    (peer, { method, msgid }) => {
      if (method !== 'buy') return
      inside++
      most = Math.max(most, inside)
      setTimeout(() => {
        inside--
        peer.refuse(msgid, { code: 'SOLD_OUT', message: 'gone' })
      }, 5)
    },
    { users: 20, socketsMax: 2 },
  )
  await crowd.run()
  expect(crowd.counts.outcomes).toMatchObject({ soldout: 20 })
  expect(most).toBeLessThanOrEqual(2)
})

test('RUSH-12 a refusal for the moment is followed by another try, any other final no is counted as refused', async () => {
  const tries = new Map<Peer, number>()
  const meters = new RushMeters()
  const { crowd } = await crowdOf(
    (peer, { method, msgid }) => {
      if (method !== 'buy') return
      const made = (tries.get(peer) ?? 0) + 1
      tries.set(peer, made)
      if (made === 1) peer.refuse(msgid, { code: 'NOT_OPEN', message: 'soon', retryAfterMs: 1 })
      else peer.refuse(msgid, { code: 'LIMIT_REACHED', message: 'no' })
    },
    {},
    meters,
  )
  await crowd.run()
  expect(crowd.counts.outcomes).toMatchObject({ refused: 3 })
  expect(meters.codes).toEqual({ NOT_OPEN: 3, LIMIT_REACHED: 3 })
  expect(meters.percentiles('buy').count).toBe(6)
})

test('RUSH-13 a shopper who is given no token is one without an answer, and the others shop on', async () => {
  const meters = new RushMeters()
  const server = await serve((peer, { method, msgid }) => {
    if (method === 'buy') peer.refuse(msgid, { code: 'SOLD_OUT', message: 'gone' })
  })
  let given = 0
  const crowd = new Crowd(settingsFor(server), {
    world: realWorld(silent),
    meters,
    socket: socketsFrom([]),
    token: async (user) => {
      given++
      if (given === 2) throw new Error('no')
      return { user, token: 'x' }
    },
  })
  await crowd.run()
  expect(crowd.counts.outcomes).toMatchObject({ soldout: 2, unanswered: 1 })
  expect(meters.codes).toEqual({ SOLD_OUT: 2, NO_TOKEN: 1 })
})

/** A crowd of three at a server that answers `resume` by itself and leaves the rest to `answer`. */
async function crowdOf(
  answer: (peer: Peer, request: Request) => void,
  changes: Partial<CrowdSettings> = {},
  meters = new RushMeters(),
): Promise<{ readonly crowd: Crowd; readonly asked: readonly string[] }> {
  const asked: string[] = []
  const server = await serve((peer, request) => {
    asked.push(request.method)
    answer(peer, request)
  })
  const token = async (user: string) => ({ user, token: user })
  const crowd = new Crowd({ ...settingsFor(server), ...changes }, { world: realWorld(silent), meters, socket: socketsFrom([]), token })
  return { crowd, asked }
}

async function serve(answer: (peer: Peer, request: Request) => void): Promise<LoopbackServer> {
  const server = await serveSockets((peer, request) => {
    if (request.method === 'resume') peer.result(request.msgid, { claims: [] })
    else answer(peer, request)
  })
  servers.push(server)
  return server
}

function settingsFor(server: LoopbackServer): CrowdSettings {
  const habits = { leaveShare: 0, lapseShare: 0, declineShare: 0, thinkMsMax: 0 }
  return { users: 3, url: server.url, skus: ['shoe'], habits, arriveWithinMs: 0, socketsMax: 100 }
}
