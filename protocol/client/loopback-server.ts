import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { WebSocketServer } from 'ws'
import type { Refusal } from '../codes.ts'
import {
  decodeJsonMessage,
  decodeMessage,
  jsonSubprotocol,
  type Message,
  msgpackSubprotocol,
  plainRefusal,
  tokenSubprotocolPrefix,
  writeError,
  writeNotification,
  writeResult,
} from '../envelope.ts'
import { MsgpackWriter, type Plain } from '../msgpack-writer.ts'
import { StreamSplitter } from '../stream-splitter.ts'

/** A client's connection as a test's server sees it. */
export interface Peer {
  /** The token that came with the connection, on WebSockets. */
  readonly token: string | undefined
  result(msgid: number, result: Plain): void
  refuse(msgid: number, refusal: Refusal): void
  notify(method: string, event: Plain): void
  /** Sends exactly this, be it a message or not. */
  raw(bytes: Uint8Array | string): void
  end(): void
}

export type Request = Extract<Message, { kind: 'request' }>

export interface LoopbackServer {
  readonly url: string
  /** Connections so far. */
  readonly peers: readonly Peer[]
  stop(): Promise<void>
}

/** A msgpack-RPC server on a free port of loopback, on real sockets, that answers as `serve` says. */
export async function serveTcp(serve: (peer: Peer, request: Request) => void, port = 0): Promise<LoopbackServer> {
  const peers: Peer[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // A client that is closed in the middle of an answer resets its connection.
    socket.on('error', () => socket.destroy())
    const peer = msgpackPeer(
      undefined,
      (bytes) => socket.write(bytes),
      () => socket.destroy(),
    )
    peers.push(peer)
    const splitter = new StreamSplitter(64 * 1024)
    socket.on('data', (chunk) =>
      splitter.feed(chunk, (bytes, from, to) => {
        const message = decodeMessage(bytes, from, to)
        if (message.kind === 'request') serve(peer, message)
      }),
    )
  })
  const address = await listening(server, port)
  return {
    url: `tcp://127.0.0.1:${address}`,
    peers,
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The same over WebSocket, in both subprotocols. */
export async function serveSockets(serve: (peer: Peer, request: Request) => void, port = 0): Promise<LoopbackServer> {
  const peers: Peer[] = []
  const server = new WebSocketServer({ host: '127.0.0.1', port, handleProtocols: chooseSubprotocol })
  server.on('connection', (socket, request) => {
    const asked = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((text) => text.trim())
    const token = asked.find((text) => text.startsWith(tokenSubprotocolPrefix))?.slice(tokenSubprotocolPrefix.length)
    const json = socket.protocol === jsonSubprotocol
    const peer = json
      ? jsonPeer(
          token,
          (text) => socket.send(text),
          () => socket.close(1012),
        )
      : msgpackPeer(
          token,
          (bytes) => socket.send(bytes),
          () => socket.close(1012),
        )
    peers.push(peer)
    socket.on('message', (data: Buffer, binary) => {
      const message = binary ? decodeMessage(data) : decodeJsonMessage(data.toString())
      if (message.kind === 'request') serve(peer, message)
    })
  })
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    url: `ws://127.0.0.1:${address.port}/v1/ws`,
    peers,
    async stop() {
      for (const socket of server.clients) socket.terminate()
      server.close()
      await once(server, 'close')
    },
  }
}

function chooseSubprotocol(asked: Set<string>): string | false {
  return [jsonSubprotocol, msgpackSubprotocol].find((known) => asked.has(known)) ?? false
}

function msgpackPeer(token: string | undefined, send: (bytes: Uint8Array | string) => void, end: () => void): Peer {
  const writer = new MsgpackWriter()
  const finished = (write: () => void) => {
    write()
    send(writer.finish())
  }
  return {
    token,
    result: (msgid, result) => finished(() => writeResult(writer, msgid, result)),
    refuse: (msgid, refusal) => finished(() => writeError(writer, msgid, refusal)),
    notify: (method, event) => finished(() => writeNotification(writer, method, [event])),
    raw: send,
    end,
  }
}

function jsonPeer(token: string | undefined, send: (bytes: Uint8Array | string) => void, end: () => void): Peer {
  return {
    token,
    result: (msgid, result) => send(JSON.stringify([1, msgid, null, result])),
    refuse: (msgid, refusal) => send(JSON.stringify([1, msgid, plainRefusal(refusal), null])),
    notify: (method, event) => send(JSON.stringify([2, method, [event]])),
    raw: send,
    end,
  }
}

async function listening(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}
