import { expect, test } from 'vitest'
import { jsonSubprotocol } from '../envelope.ts'
import { type Socket, SocketConnection } from './socket-connection.ts'

/** A browser's WebSocket in a test's hands. */
class FakeSocket implements Socket {
  binaryType = ''
  protocol = jsonSubprotocol as string
  readonly sent: unknown[] = []
  closed = false
  private readonly listeners = new Map<string, (event: never) => void>()

  addEventListener(type: string, listener: (event: never) => void): void {
    this.listeners.set(type, listener)
  }

  send(data: unknown): void {
    this.sent.push(data)
  }

  close(): void {
    this.closed = true
  }

  fire(type: string, event: object = {}): void {
    this.listeners.get(type)?.(event as never)
  }
}

async function arrange(token?: () => Promise<string>) {
  const sockets: FakeSocket[] = []
  const asked: unknown[] = []
  class Made extends FakeSocket {
    constructor(url: string, protocols: string[]) {
      super()
      asked.push([url, ...protocols])
      sockets.push(this)
    }
  }
  const heard: unknown[] = []
  const connection = new SocketConnection(
    { url: 'wss://shop.example/v1/ws', subprotocol: jsonSubprotocol, Socket: Made, token },
    { onOpen: () => heard.push('open'), onMessage: (message) => heard.push(message.kind), onEnd: ({ reason }) => heard.push(reason) },
  )
  await Promise.resolve()
  await Promise.resolve()
  return { connection, sockets, socket: sockets[0] ?? new FakeSocket(), asked, heard }
}

test('SDK-57 a socket is asked for with the subprotocol and the token, and is open when the server agrees', async () => {
  const { connection, socket, asked, heard } = await arrange(async () => 'a.b.c')
  expect(asked).toEqual([['wss://shop.example/v1/ws', 'sluice.json.v1', 'sluice.token.a.b.c']])
  socket.fire('open')
  connection.send(1, 'claim', ['shoe'])
  socket.fire('message', { data: '[1,1,null,5]' })
  socket.fire('close', { code: 1006, reason: '' })
  expect(socket.sent).toEqual(['[0,1,"claim",["shoe"]]'])
  expect(heard).toEqual(['open', 'response', 'the socket closed with 1006'])
})

test('SDK-57 a server that chose no subprotocol is not talked to', async () => {
  const { socket, heard } = await arrange()
  socket.protocol = ''
  socket.fire('open')
  expect(socket.closed).toBe(true)
  expect(heard).toEqual(['the server does not speak sluice.json.v1'])
})

test('SDK-57 after close or the end nothing is said, sent or opened any more', async () => {
  const { connection, socket, heard } = await arrange()
  connection.close()
  socket.fire('open')
  socket.fire('message', { data: '[1,1,null,5]' })
  socket.fire('close', { code: 1000, reason: '' })
  connection.send(1, 'claim', [])
  expect([heard, socket.sent, socket.closed]).toEqual([[], [], true])

  const waiting = await arrange(() => new Promise(() => undefined))
  waiting.connection.close()
  expect(waiting.sockets).toEqual([])

  const broken = await arrange()
  broken.socket.fire('open')
  broken.socket.fire('message', { data: new Blob([]) })
  broken.socket.fire('message', { data: '[1,1,null,5]' })
  broken.socket.fire('close', { code: 1000, reason: '' })
  expect(broken.heard).toEqual(['open', expect.stringContaining('not a message')])
  expect(broken.socket.closed).toBe(true)
})
