import { connect, type Socket } from 'node:net'
import { backoffMs, reconnectBackoff } from '../../protocol/client/backoff.ts'
import { decodeClaim, decodeResumed } from '../../protocol/client/result-decoders.ts'
import {
  decodeJsonMessage,
  decodeMessage,
  jsonSubprotocol,
  type Message,
  msgpackSubprotocol,
  writeRequest,
} from '../../protocol/envelope.ts'
import { MsgpackWriter, type Plain } from '../../protocol/msgpack-writer.ts'
import type { ClaimState } from '../../protocol/results.ts'
import { benchUserHeader } from '../servers/sluice-sale.ts'

const opcode = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const
const finBit = 0x80
const maskBit = 0x80
const buyMsgid = 1
const resumeMsgid = 2

export interface LineClientParts {
  readonly user: string
  readonly sku: string
  readonly localAddress: string
  readonly json: boolean
  /** All sockets of the process read into this, one after another. */
  readonly buffer: Uint8Array
  /** Where the gateway is now. */
  readonly port: () => number
  readonly told: (ahead: number) => void
}

/** Somebody who waits with a WebSocket, as cheap as can be: its own frames on a plain socket. Returns as the SDK does when the connection is lost. */
export class LineClient {
  ticket = 0
  state: ClaimState['state'] | 'connecting' | 'away' = 'connecting'
  /** Connections after the first. */
  returns = 0
  returnedAt = 0
  private readonly parts: LineClientParts
  private socket: Socket | undefined
  private carry: Uint8Array = noBytes
  private isUpgraded = false
  private attempts = 0
  private timer: NodeJS.Timeout | undefined
  private isClosed = false

  constructor(parts: LineClientParts) {
    this.parts = parts
  }

  connect(): void {
    const { localAddress, buffer } = this.parts
    const callback = (length: number): boolean => this.received(length)
    const socket = connect({ host: '127.0.0.1', port: this.parts.port(), localAddress, noDelay: true, onread: { buffer, callback } })
    this.socket = socket
    this.isUpgraded = false
    this.carry = noBytes
    socket.on('connect', () => socket.write(this.upgrade()))
    // 'close' follows, and is what counts.
    socket.on('error', () => {})
    socket.on('close', () => this.lost())
  }

  close(): void {
    this.isClosed = true
    clearTimeout(this.timer)
    this.socket?.destroy()
  }

  private lost(): void {
    if (this.isClosed) return
    if (this.state !== 'connecting') this.state = 'away'
    this.timer = setTimeout(() => this.connect(), backoffMs(reconnectBackoff, this.attempts++, Math.random()))
  }

  /** The handshake of RFC 6455, section 4.1. */
  private upgrade(): string {
    return [
      'GET /v1/ws HTTP/1.1',
      'Host: 127.0.0.1',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: c2x1aWNlLWJlbmNoLWxvYQ==',
      `Sec-WebSocket-Protocol: ${this.parts.json ? jsonSubprotocol : msgpackSubprotocol}`,
      `${benchUserHeader}: ${this.parts.user}`,
      '',
      '',
    ].join('\r\n')
  }

  private received(length: number): boolean {
    const fresh = this.parts.buffer.subarray(0, length)
    const bytes = this.carry.length === 0 ? fresh : Buffer.concat([this.carry, fresh])
    let at = 0
    if (!this.isUpgraded) {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
      const end = text.indexOf('\r\n\r\n')
      if (end < 0) return this.keep(bytes, 0)
      if (!text.toString('latin1', 0, 12).endsWith('101')) {
        this.socket?.destroy()
        return true
      }
      at = end + 4
      this.upgraded()
    }
    return this.keep(bytes, this.frames(bytes, at))
  }

  private keep(bytes: Uint8Array, from: number): true {
    this.carry = from === bytes.length ? noBytes : bytes.slice(from)
    return true
  }

  private upgraded(): void {
    this.isUpgraded = true
    this.attempts = 0
    if (this.ticket > 0) this.call(resumeMsgid, 'resume', [])
    else this.call(buyMsgid, 'buy', [this.parts.sku, 1, this.parts.user])
  }

  private call(msgid: number, method: string, params: readonly Plain[]): void {
    if (this.parts.json) return this.send(opcode.text, Buffer.from(JSON.stringify([0, msgid, method, params])))
    const writer = new MsgpackWriter()
    writeRequest(writer, msgid, method, params)
    this.send(opcode.binary, writer.finish())
  }

  /** A mask of zero leaves the payload as it is. */
  private send(kind: number, payload: Uint8Array): void {
    if (payload.length > 125) throw new RangeError(`a payload of ${payload.length} bytes does not fit a short frame`)
    this.socket?.write(Uint8Array.of(finBit | kind, maskBit | payload.length, 0, 0, 0, 0, ...payload))
  }

  /** Reads whole frames from `at` on; returns where the first incomplete one begins. */
  private frames(bytes: Uint8Array, from: number): number {
    let at = from
    while (bytes.length - at >= 2) {
      const kind = (bytes[at] as number) & 0x0f
      let length = bytes[at + 1] as number
      let start = at + 2
      if (length === 126) {
        if (bytes.length - at < 4) break
        length = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)
        start = at + 4
      }
      if (start + length > bytes.length) break
      at = start + length
      if (kind === opcode.ping) this.send(opcode.pong, bytes.slice(start, at))
      else if (kind === opcode.binary) this.heard(decodeMessage(bytes, start, at))
      else if (kind === opcode.text) this.heard(decodeJsonMessage(Buffer.from(bytes.subarray(start, at)).toString()))
    }
    return at
  }

  private heard(message: Message): void {
    if (message.kind === 'notification') return this.event(message.method, message.params[0])
    if (message.kind !== 'response') return
    // A refusal: it tries again on a new connection.
    if (message.error !== null) this.socket?.destroy()
    else if (message.msgid === buyMsgid) this.has(decodeClaim(message.result))
    else for (const claim of decodeResumed(message.result)) if (claim.sku === this.parts.sku) this.has(claim)
  }

  private has(claim: ClaimState): void {
    const isBack = this.state === 'away'
    this.state = claim.state
    if (isBack) {
      this.returns++
      this.returnedAt = Date.now()
    }
    if (claim.state === 'queued') {
      this.ticket = claim.ticket
      this.parts.told(claim.ahead)
    }
  }

  private event(name: string, content: Plain | undefined): void {
    if (name === 'line') this.parts.told(Number(Reflect.get(Object(content), 'ahead')))
    else if (name === 'held') this.state = 'held'
  }
}

const noBytes = new Uint8Array(0)
