import { once } from 'node:events'
import { afterEach, expect, test, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { jsonSubprotocol, msgpackSubprotocol } from '../envelope.ts'
import { globalWorld } from './global-world.ts'
import { connectSocket, type SocketClient, type SocketClientConfig } from './index.ts'
import { type LoopbackServer, type Peer, type Request, serveSockets } from './loopback-server.ts'

const none = { state: 'none' }
const both = [jsonSubprotocol, msgpackSubprotocol] as const
/** The real world without the waits between attempts. */
const hurried = { ...globalWorld(), random: () => 0 }
const ended: (() => void | Promise<void>)[] = []

afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end()
})

async function arrange(
  serve: (peer: Peer, request: Request) => void,
  config: Partial<SocketClientConfig> = {},
): Promise<{ server: LoopbackServer; client: SocketClient }> {
  const server = await serveSockets((peer, request) => {
    if (request.method === 'resume') peer.result(request.msgid, { claims: [] })
    else serve(peer, request)
  })
  ended.push(() => server.stop())
  const client = connectSocket({ url: server.url, WebSocket, world: hurried, ...config })
  ended.push(() => client.close())
  return { server, client }
}

test.each(both)('SDK-50 over %s calls, refusals and events are the same', async (subprotocol) => {
  const { client } = await arrange(
    (peer, request) => {
      peer.notify('expired', { sku: 'shoe' })
      if (request.method === 'leave') peer.refuse(request.msgid, { code: 'PAUSED', message: 'grüße', retryAfterMs: 5 })
      else peer.result(request.msgid, { state: 'queued', ticket: 1, ahead: 0, eta: [0.5, 2], odds: 'unlikely' })
    },
    { subprotocol },
  )
  const expired: string[] = []
  client.on('expired', ({ sku }) => expired.push(sku))
  expect(await client.buy('shoe')).toEqual({ state: 'queued', ticket: 1, ahead: 0, eta: [0.5, 2], odds: 'unlikely' })
  await expect(client.leave('shoe')).rejects.toMatchObject({ code: 'PAUSED', message: 'grüße', retryAfterMs: 5 })
  expect(expired).toEqual(['shoe', 'shoe'])
})

test('SDK-51 the token is fetched anew for every connect and travels as a subprotocol', async () => {
  let tokens = 0
  const { server, client } = await arrange((peer, request) => (server.peers.length < 3 ? peer.end() : peer.result(request.msgid, none)), {
    token: async () => `token-${++tokens}`,
  })
  expect(await client.claim('shoe')).toEqual(none)
  expect(server.peers.map((peer) => peer.token)).toEqual(['token-1', 'token-2', 'token-3'])
})

test('SDK-51 a token that cannot be had, or cannot be sent, is a failed attempt and not an uncaught error', async () => {
  const tokens = [() => Promise.reject(new Error('no session')), () => 'with a space', () => 'good']
  let asked = 0
  const { server, client } = await arrange((peer, request) => peer.result(request.msgid, none), {
    token: () => (tokens[asked++] ?? (() => 'good'))(),
  })
  const reasons: string[] = []
  client.on('state', (state) => {
    if (state.kind === 'waiting') reasons.push(state.reason)
  })
  expect(await client.claim('shoe')).toEqual(none)
  expect(server.peers.map((peer) => peer.token)).toEqual(['good'])
  expect(reasons).toEqual([expect.stringContaining('no session'), expect.stringContaining('the socket was not made')])
})

test.each(both)(
  'SDK-52 garbage over %s ends the connection, and the call is repeated on the next',
  async (subprotocol) => {
    const garbage = [Uint8Array.of(0xc1), 'not JSON', '{"a":1}', Uint8Array.of(0x93, 9, 9, 9), '[1,-1,null,null]']
    const { server, client } = await arrange(
      (peer, request) => {
        const junk = garbage[server.peers.length - 1]
        if (junk === undefined) peer.result(request.msgid, none)
        else peer.raw(junk)
      },
      { subprotocol },
    )
    expect(await client.claim('shoe')).toEqual(none)
    expect(server.peers).toHaveLength(garbage.length + 1)
  },
  70_000,
)

test('SDK-53 a server that speaks another subprotocol, or none, is not talked to', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => false })
  ended.push(() => closed(server))
  const heard: unknown[] = []
  server.on('connection', (socket) => socket.on('message', (data) => heard.push(data)))
  await once(server, 'listening')
  const address = server.address()
  const client = connectSocket({ url: `ws://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`, WebSocket })
  ended.push(() => client.close())
  await vi.waitFor(() => expect(client.state.kind).toBe('waiting'))
  expect(heard).toEqual([])
})

test('SDK-54 close ends the socket and rejects what has no answer', async () => {
  const { server, client } = await arrange(() => undefined)
  await new Promise<void>((resolve) => {
    client.on('resumed', () => resolve())
  })
  const call = client.claim('shoe')
  client.close()
  await expect(call).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect(client.state).toEqual({ kind: 'closed' })
  expect(server.peers).toHaveLength(1)
})

test('SDK-55 a config that can never work is refused at once', () => {
  expect(() => connectSocket({ url: 'http://127.0.0.1/', WebSocket })).toThrow(TypeError)
  expect(() => connectSocket({ url: '/v1/ws', WebSocket })).toThrow(TypeError)
})

function closed(server: WebSocketServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}
