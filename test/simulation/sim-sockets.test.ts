import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { connectSocket, type SocketClient } from '../../protocol/client/index.ts'
import { decodeMessage, jsonSubprotocol, msgpackSubprotocol, tokenSubprotocolPrefix, writeResult } from '../../protocol/envelope.ts'
import { MsgpackWriter } from '../../protocol/msgpack-writer.ts'
import { SimDevice } from './sim-device.ts'
import type { SimProcess } from './sim-process.ts'
import { SimSockets } from './sim-sockets.ts'
import { SmallWorld } from './small-world.ts'
import type { ServerSocket } from './sockets/server-end.ts'
import { calmSockets } from './weather.ts'

/** A server that answers every call, and says which. */
interface Server {
  readonly process: SimProcess
  readonly sockets: ServerSocket[]
  readonly offered: (readonly string[])[]
  readonly calls: string[]
  readonly closed: number[]
  /** Called instead of answering. */
  answer: (socket: ServerSocket, msgid: number) => void
  stopListening: () => void
}

describe('simulated sockets', () => {
  let world: SmallWorld
  let sockets: SimSockets
  let phone: SimDevice
  const clients: SocketClient[] = []

  beforeEach(() => {
    world = new SmallWorld()
    sockets = new SimSockets(world, { bufferedBytesMax: 1_000 })
    phone = new SimDevice(world.scheduler, world.process('phone'), '10.0.0.1')
  })
  afterEach(() => {
    for (const client of clients.splice(0)) client.close()
  })

  function serve(name: string): Server {
    const process = world.process(name)
    const writer = new MsgpackWriter()
    const answer = (socket: ServerSocket, msgid: number): void => {
      writeResult(writer, msgid, { state: 'none' })
      socket.send(writer.finish())
    }
    const server: Server = { process, sockets: [], offered: [], calls: [], closed: [], answer, stopListening: () => listening.close() }
    const listening = sockets.listen(process, ({ protocols }) => {
      server.offered.push(protocols)
      if (!protocols.includes(msgpackSubprotocol)) return undefined
      return {
        protocol: msgpackSubprotocol,
        open: (socket) => {
          server.sockets.push(socket)
          socket.onClose((code) => void server.closed.push(code))
          socket.onMessage((data) => {
            if (typeof data === 'string') throw new Error('text on a msgpack socket')
            const message = decodeMessage(data)
            if (message.kind !== 'request') return
            server.calls.push(message.method)
            server.answer(socket, message.msgid)
          })
        },
      }
    })
    return server
  }

  function connect(host: string, token?: string): SocketClient {
    const WebSocket = sockets.webSocketOf(phone)
    const client = connectSocket({ url: `ws://${host}/v1/ws`, WebSocket, world: phone.world, ...(token === undefined ? {} : { token }) })
    clients.push(client)
    return client
  }

  const messages = (server: Server, count: number): void => {
    for (let number = 0; number < count; number++) server.sockets[0]?.send(`message ${number}`)
  }

  /** A plain socket that keeps what it hears, for a test of the transport alone. */
  function listenOn(host: string): { readonly heard: string[]; close(): void } {
    const heard: string[] = []
    const Socket = sockets.webSocketOf(phone)
    const socket = new Socket(`ws://${host}/`, [msgpackSubprotocol])
    socket.addEventListener('open', () => void heard.push(`open ${socket.protocol}`))
    socket.addEventListener('message', ({ data }) => void heard.push(String(data)))
    socket.addEventListener('error', () => void heard.push('error'))
    socket.addEventListener('close', ({ code }) => void heard.push(`close ${code}`))
    return { heard, close: () => socket.close() }
  }

  test('SIM-N20 the real client calls over a simulated socket, with its token as a subprotocol', async () => {
    const server = serve('gateway-1')
    const client = connect('gateway-1', 'abc')
    expect(await world.settled(client.claim('shoe'))).toEqual({ state: 'none' })
    expect(server.offered).toEqual([[msgpackSubprotocol, `${tokenSubprotocolPrefix}abc`]])
    expect(server.calls).toContain('claim')
    expect(server.sockets[0]?.address).toBe('10.0.0.1')
    client.close()
    await world.pass(100)
    expect(server.closed).toEqual([1000])
    expect(sockets.count).toBe(0)
  })

  test('SIM-N20 a server refuses whom it does not want, and nobody answers for a process that does not listen', async () => {
    const server = serve('gateway-1')
    const Socket = sockets.webSocketOf(phone)
    const heard: string[] = []
    for (const [host, protocol] of [
      ['gateway-1', jsonSubprotocol],
      ['gateway-9', msgpackSubprotocol],
    ] as const) {
      const socket = new Socket(`ws://${host}/`, [protocol])
      socket.addEventListener('error', () => void heard.push(`${host} error`))
      socket.addEventListener('close', ({ code }) => void heard.push(`${host} ${code}`))
    }
    await world.pass(100)
    expect(heard.sort()).toEqual(['gateway-1 1006', 'gateway-1 error', 'gateway-9 1006', 'gateway-9 error'])
    expect(server.sockets).toEqual([])
    expect(sockets.count).toBe(0)
  })

  test('SIM-N21 messages come in their order, whatever their delay, and a close after them', async () => {
    sockets.weather = { ...calmSockets, delayMs: { fromMs: 0, toMs: 100 } }
    const server = serve('gateway-1')
    const { heard } = listenOn('gateway-1')
    await world.pass(300)
    messages(server, 20)
    server.sockets[0]?.close(1012, 'drain')
    expect(server.closed).toEqual([1012])
    await world.pass(300)
    expect(heard).toEqual([`open ${msgpackSubprotocol}`, ...Array.from({ length: 20 }, (_, number) => `message ${number}`), 'close 1012'])
    expect(server.sockets[0]?.send('late')).toBe('closed')
    expect(sockets.count).toBe(0)
  })

  test('SIM-N21 what a client sends before it closes arrives before its end', async () => {
    const server = serve('gateway-1')
    const client = connect('gateway-1')
    await world.pass(100)
    client.claim('shoe').catch(() => undefined)
    await world.pass(0)
    client.close()
    await world.pass(100)
    expect(server.calls.at(-1)).toBe('claim')
    expect(server.closed).toEqual([1000])
  })

  test('SIM-N21 a server that keeps the bytes of a message without a copy is found out', async () => {
    const kept: Uint8Array[] = []
    sockets.listen(world.process('gateway-1'), () => ({
      protocol: msgpackSubprotocol,
      open: (socket) =>
        socket.onMessage((data) => {
          if (typeof data !== 'string') kept.push(data)
        }),
    }))
    connect('gateway-1')
    await world.pass(100)
    expect(kept.length).toBeGreaterThan(0)
    for (const data of kept) expect(new Set(data)).toEqual(new Set([0xff]))
  })

  test('SIM-N22 a slow client has only so much on its way: more is dropped, and the server told', async () => {
    const server = serve('gateway-1')
    const { heard } = listenOn('gateway-1')
    await world.pass(100)
    sockets.stall(phone.process, 1_000)
    const results = Array.from({ length: 20 }, () => server.sockets[0]?.send('x'.repeat(100)))
    expect(results.slice(0, 5)).toEqual(Array(5).fill('sent'))
    expect(results.at(-1)).toBe('dropped')
    const sent = results.filter((result) => result === 'sent').length
    await world.pass(900)
    expect(heard).toHaveLength(1)
    await world.pass(200)
    expect(heard).toHaveLength(1 + sent)
    expect(server.sockets[0]?.bufferedBytes).toBe(0)
  })

  test.each([
    ['both', true, true],
    ['client', true, false],
    ['server', false, true],
    ['none', false, false],
  ] as const)('SIM-N23 a connection that is cut and noticed by %s', async (notices, client, server) => {
    const gateway = serve('gateway-1')
    const { heard } = listenOn('gateway-1')
    await world.pass(100)
    messages(gateway, 3)
    sockets.cut(gateway.process, notices)
    messages(gateway, 3)
    await world.pass(100)
    expect(heard.slice(1)).toEqual(client ? ['close 1006'] : [])
    expect(gateway.closed).toEqual(server ? [1006] : [])
    await world.pass(calmSockets.idleTimeoutMs)
    expect(gateway.closed).toEqual([1006])
  })

  test('SIM-N23 a server hears once of the end, even if a connection breaks that it has closed', async () => {
    const gateway = serve('gateway-1')
    listenOn('gateway-1')
    await world.pass(100)
    gateway.sockets[0]?.close(1012, 'drain')
    sockets.cut(gateway.process, 'both')
    await world.pass(100)
    expect(gateway.closed).toEqual([1012])
  })

  test('SIM-N23 a half-open connection fills the buffer of a server that has not noticed', async () => {
    const gateway = serve('gateway-1')
    listenOn('gateway-1')
    await world.pass(100)
    sockets.cut(phone.process, 'client')
    messages(gateway, 100)
    expect(gateway.sockets[0]?.send('one message more')).toBe('dropped')
  })

  test('SIM-N23 the real client finds out by itself, connects again and repeats its call', async () => {
    const server = serve('gateway-1')
    const client = connect('gateway-1')
    await world.settled(client.claim('shoe'))
    sockets.cut(phone.process, 'none')
    expect(await world.settled(client.claim('shoe'))).toEqual({ state: 'none' })
    expect(server.sockets).toHaveLength(2)
  })

  test('SIM-N24 the clients of a process that dies are told, or after a silent death find out by themselves', async () => {
    const first = serve('gateway-1')
    const told = listenOn('gateway-1')
    await world.pass(100)
    first.process.crash()
    await world.pass(100)
    expect(told.heard.at(-1)).toBe('close 1006')

    const second = serve('gateway-2')
    const untold = listenOn('gateway-2')
    await world.pass(100)
    sockets.weather = { ...calmSockets, silentDeathShare: 1 }
    second.process.crash()
    await world.pass(60_000)
    expect(untold.heard).toEqual([`open ${msgpackSubprotocol}`])
    untold.close()
    expect(sockets.count).toBe(0)
  })

  test('SIM-N24 the server of a device that dies is told, or after a silent death when its pings stay without an answer', async () => {
    const server = serve('gateway-1')
    listenOn('gateway-1')
    await world.pass(100)
    phone.process.crash()
    await world.pass(100)
    expect(server.closed).toEqual([1006])

    phone = new SimDevice(world.scheduler, world.process('phone'), '10.0.0.1')
    listenOn('gateway-1')
    await world.pass(100)
    sockets.weather = { ...calmSockets, silentDeathShare: 1 }
    phone.process.crash()
    await world.pass(calmSockets.idleTimeoutMs - 100)
    expect(server.closed).toHaveLength(1)
    await world.pass(200)
    expect(server.closed).toHaveLength(2)
    expect(sockets.count).toBe(0)
  })

  test('SIM-N24 a process that is started again under its name is reached again', async () => {
    serve('gateway-1').process.crash()
    const again = serve('gateway-1')
    await world.pass(100)
    const client = connect('gateway-1')
    expect(await world.settled(client.claim('shoe'))).toEqual({ state: 'none' })
    expect(again.sockets).toHaveLength(1)
  })

  test('SIM-N25 the balancer spreads clients over whoever listens', async () => {
    const servers = [serve('gateway-1'), serve('gateway-2')]
    for (let count = 0; count < 20; count++) listenOn('shop')
    await world.pass(100)
    for (const { sockets: open } of servers) expect(open.length).toBeGreaterThan(4)
    servers[0]?.stopListening()
    servers[1]?.process.crash()
    const { heard } = listenOn('shop')
    await world.pass(100)
    expect(heard).toEqual(['error', 'close 1006'])
  })

  test('SIM-N25 a balancer sends nobody to a dead process once it knows', async () => {
    const dead = serve('gateway-1')
    const server = serve('gateway-2')
    dead.process.crash()
    await world.pass(calmSockets.noticeMs.toMs)
    for (let count = 0; count < 20; count++) listenOn('shop')
    await world.pass(100)
    expect(server.sockets).toHaveLength(20)
  })

  test('SIM-N26 a device that is offline hears nothing and reaches nobody, until it is online again', async () => {
    const server = serve('gateway-1')
    const lasting = listenOn('gateway-1')
    await world.pass(100)
    const network: boolean[] = []
    phone.world.onNetwork((online) => void network.push(online))
    sockets.goOffline(phone, 1_000)
    await world.pass(100)
    messages(server, 1)
    const refused = listenOn('gateway-1')
    await world.pass(800)
    expect([lasting.heard.length, refused.heard, network]).toEqual([1, ['error', 'close 1006'], [false]])
    await world.pass(200)
    expect([lasting.heard.at(-1), network]).toEqual(['message 0', [false, true]])
  })

  test('SIM-N26 connections that do not outlive the time offline end, for the server in any case', async () => {
    sockets.weather = { ...calmSockets, resumeShare: 0 }
    const server = serve('gateway-1')
    const { heard } = listenOn('gateway-1')
    await world.pass(100)
    sockets.goOffline(phone, 1_000)
    messages(server, 1)
    await world.pass(calmSockets.idleTimeoutMs + 1_500)
    expect(heard).not.toContain('message 0')
    expect(server.closed).toEqual([1006])
  })
})
