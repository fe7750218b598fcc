import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type ClientOptions, WebSocket } from 'ws'
import { decodeJsonMessage, decodeMessage, jsonSubprotocol, type Message, msgpackSubprotocol, writeRequest } from '../protocol/envelope.ts'
import { MsgpackWriter, type Plain } from '../protocol/msgpack-writer.ts'
import { StreamSplitter } from '../protocol/stream-splitter.ts'

/** Connections that do as they are told, right or wrong, where the SDKs would not let a test be wrong. */

/** What an end said and did, as a test waits for it. */
class Conversation {
  readonly messages: Message[] = []
  private readonly listeners = new Set<() => void>()
  ended = false

  took(message: Message): void {
    this.messages.push(message)
    this.tell()
  }

  end(): void {
    this.ended = true
    this.tell()
  }

  /** The first message, heard already or yet to come, that `find` accepts; undefined if the connection ends without one. */
  wait(find: (message: Message) => boolean, withinMs = 15_000): Promise<Message | undefined> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer)
        this.listeners.delete(look)
      }
      const look = (): void => {
        const found = this.messages.find(find)
        if (found === undefined && !this.ended) return
        stop()
        resolve(found)
      }
      const timer = setTimeout(() => {
        stop()
        reject(new Error(`nothing of the kind came within ${withinMs} ms, only ${JSON.stringify(this.messages.slice(-5))}`))
      }, withinMs)
      this.listeners.add(look)
      look()
    })
  }

  private tell(): void {
    for (const listener of this.listeners) listener()
  }
}

const answerMax = 16 * 1024 * 1024

/** Bytes of a request in msgpack. */
export function requestBytes(msgid: number, method: string, params: readonly Plain[]): Uint8Array {
  const writer = new MsgpackWriter()
  writeRequest(writer, msgid, method, params)
  return writer.finish()
}

/** A TCP connection to the RPC port, or to any other. */
export class RawTcp {
  readonly socket: Socket
  readonly heard = new Conversation()
  /** What came, as text: for ports that speak HTTP. */
  text = ''
  private msgid = 0

  private constructor(port: number, readsMsgpack: boolean, localAddress: string) {
    this.socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true })
    const splitter = new StreamSplitter(answerMax)
    this.socket.on('data', (chunk) => {
      if (readsMsgpack) splitter.feed(chunk, (bytes, from, to) => this.heard.took(decodeMessage(bytes, from, to)))
      else this.text += chunk.toString('latin1')
    })
    // A reset is one of the ends that a server may give to what it does not understand.
    this.socket.on('error', () => this.heard.end())
    this.socket.on('close', () => this.heard.end())
  }

  /** `localAddress` is the address of this end: any of 127.0.0.0/8. */
  static async open(port: number, readsMsgpack = true, localAddress = '127.0.0.1'): Promise<RawTcp> {
    const connection = new RawTcp(port, readsMsgpack, localAddress)
    await once(connection.socket, 'connect')
    return connection
  }

  /** Sends bytes as they are; resolves when the kernel has them or the connection is gone. */
  send(bytes: Uint8Array | string): Promise<void> {
    return new Promise((resolve) => {
      this.socket.write(bytes, () => resolve())
    })
  }

  /** A call as it should be; resolves with the answer, or undefined when the connection ends before. */
  async call(method: string, params: readonly Plain[]): Promise<Answer | undefined> {
    const msgid = ++this.msgid
    await this.send(requestBytes(msgid, method, params))
    return answerOf(await this.heard.wait((message) => message.kind === 'response' && message.msgid === msgid))
  }

  async ended(withinMs = 15_000): Promise<void> {
    await this.heard.wait(() => false, withinMs)
  }

  close(): void {
    this.socket.destroy()
  }
}

export interface SocketWish {
  readonly token?: string
  readonly json?: boolean
  readonly options?: ClientOptions
}

export type Answer = Message & { readonly kind: 'response' }

/** A WebSocket that sends any frame. */
export class RawSocket {
  readonly socket: WebSocket
  readonly heard = new Conversation()
  closedWith: number | undefined
  private readonly json: boolean
  private msgid = 0

  private constructor(url: string, wish: SocketWish) {
    this.json = wish.json === true
    const protocols = [
      this.json ? jsonSubprotocol : msgpackSubprotocol,
      ...(wish.token === undefined ? [] : [`sluice.token.${wish.token}`]),
    ]
    this.socket = new WebSocket(url, protocols, { perMessageDeflate: false, ...wish.options })
    this.socket.on('message', (data: Buffer, isBinary) => {
      this.heard.took(isBinary ? decodeMessage(new Uint8Array(data)) : decodeJsonMessage(data.toString('utf8')))
    })
    this.socket.on('close', (code) => {
      this.closedWith = code
      this.heard.end()
    })
    this.socket.on('error', () => {})
  }

  /** Resolves when it is open; rejects when it is refused. */
  static async open(url: string, wish: SocketWish = {}): Promise<RawSocket> {
    const connection = new RawSocket(url, wish)
    await once(connection.socket, 'open')
    return connection
  }

  send(frame: Uint8Array | string): void {
    this.socket.send(frame)
  }

  async call(method: string, params: readonly Plain[]): Promise<Answer | undefined> {
    const msgid = ++this.msgid
    this.send(this.json ? JSON.stringify([0, msgid, method, params]) : requestBytes(msgid, method, params))
    return answerOf(await this.heard.wait((message) => message.kind === 'response' && message.msgid === msgid))
  }

  /** The params of the next notification of this name that `accept` takes. */
  async event(name: string, accept: (content: Plain) => boolean = () => true): Promise<Plain> {
    const found = await this.heard.wait(
      (message) => message.kind === 'notification' && message.method === name && accept(message.params[0] ?? null),
    )
    if (found?.kind !== 'notification') throw new Error(`the connection ended before an event ${name}`)
    return found.params[0] ?? null
  }

  eventsOf(name: string): Plain[] {
    return this.heard.messages.flatMap((message) =>
      message.kind === 'notification' && message.method === name ? [message.params[0] ?? null] : [],
    )
  }

  async ended(withinMs = 15_000): Promise<number> {
    await this.heard.wait(() => false, withinMs)
    return this.closedWith ?? 0
  }

  close(): void {
    this.socket.terminate()
  }
}

function answerOf(message: Message | undefined): Answer | undefined {
  return message?.kind === 'response' ? message : undefined
}
