import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createSecureServer } from 'node:tls'
import type { Log, World } from '../cluster/world.ts'
import { type Refusal, refusal } from '../protocol/codes.ts'
import { decodeMessage, type Message, writeError, writeResult } from '../protocol/envelope.ts'
import { Malformed } from '../protocol/msgpack-reader.ts'
import { MsgpackWriter } from '../protocol/msgpack-writer.ts'
import { StreamSplitter, TooLarge } from '../protocol/stream-splitter.ts'
import { limitedAs } from './client-address.ts'
import type { GatewayCore } from './gateway-core.ts'
import { type IdentityCheck, loopbackKey } from './identity.ts'
import { Notification } from './notification.ts'
import { RpcConnection } from './rpc-connection.ts'
import type { SkuView } from './sku-view.ts'
import type { TlsFiles } from './tls-files.ts'

export interface RpcListenerParts {
  readonly world: World
  readonly core: GatewayCore
  readonly identities: IdentityCheck
  readonly settings: {
    readonly rpcHost: string
    readonly rpcPort: number
    readonly tls?: TlsFiles | undefined
    /** Connections need no key: loopback only. */
    readonly rpcOpen: boolean
    readonly rpcFrameBytesMax: number
    readonly backpressureBytesMax: number
    readonly idleTimeoutSeconds: number
  }
}

/** Pipelined answers of a busy service are many more bytes than a browser's; it may have so many times a browser's share unread. */
const rpcBackpressureTimes = 64

/** The msgpack-RPC port for the shop's services: raw TCP, pipelined. The first call is `auth [key]`, unless the port is open to loopback. */
export class RpcListener {
  private readonly parts: RpcListenerParts
  private readonly server: Server
  private readonly rpcConnections = new Set<RpcConnection>()
  private readonly log: Log

  constructor(parts: RpcListenerParts) {
    this.parts = parts
    this.log = parts.world.log
    const { tls } = parts.settings
    this.server =
      tls === undefined
        ? createServer({ noDelay: true }, (socket) => this.accept(socket))
        : createSecureServer({ cert: tls.certificate, key: tls.key, noDelay: true }, (socket) => this.accept(socket))
  }

  /** Resolves with the port once it listens; rejects with the system's error. */
  listen(): Promise<number> {
    const { rpcHost, rpcPort } = this.parts.settings
    return new Promise((resolve, reject) => {
      this.server.once('error', reject)
      this.server.listen(rpcPort, rpcHost, () => {
        this.server.off('error', reject)
        this.server.on('error', (error) => this.log.error({ error: String(error) }, 'the RPC port failed'))
        const address = this.server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : rpcPort)
      })
    })
  }

  /** Tells those who watch the SKU. */
  publish(view: SkuView, notification: Notification): void {
    for (const connection of this.rpcConnections) if (connection.watched.has(view.settings.sku)) connection.notify(notification)
  }

  /** Accepts no more, and tells everyone to go elsewhere. */
  drain(withinMs: number): void {
    this.server.close()
    const notification = new Notification('drain', { withinMs })
    for (const connection of this.rpcConnections) connection.notify(notification)
  }

  close(): void {
    this.server.close()
    for (const connection of this.rpcConnections) connection.close('drain')
  }

  private accept(socket: Socket): void {
    const { parts } = this
    const { core } = parts
    const address = limitedAs(socket.remoteAddress ?? '')
    // On loopback without a key everyone is an operator, who has to be able to take a ban back.
    const refused = core.admission.refusesConnection(address, !parts.settings.rpcOpen)
    if (refused !== undefined) {
      refuseSocket(socket, refused)
      return
    }
    const unreadMax = parts.settings.backpressureBytesMax * rpcBackpressureTimes
    const connection = new RpcConnection(socket, address, unreadMax, core.admission.framePace(), core.counters)
    if (parts.settings.rpcOpen) connection.identity = { role: 'operator', key: loopbackKey, proof: '' }
    this.rpcConnections.add(connection)
    core.opened(connection)
    const splitter = new StreamSplitter(parts.settings.rpcFrameBytesMax)
    socket.setTimeout(parts.settings.idleTimeoutSeconds * 1000, () => connection.close('idle'))
    socket.on('data', (chunk) => {
      this.read(connection, splitter, chunk)
      parts.world.timers.catchUp()
    })
    socket.on('error', (error) => this.log.debug({ address, error: String(error) }, 'an RPC connection broke'))
    socket.on('close', () => {
      core.closed(connection)
      this.rpcConnections.delete(connection)
      core.admission.disconnected(address)
    })
  }

  private read(connection: RpcConnection, splitter: StreamSplitter, chunk: Buffer): void {
    const { dispatcher } = this.parts.core
    // It still sends and does not even read why it was refused.
    if (connection.closing) return connection.close('slow')
    try {
      let at = 0
      // Hot calls are read where they are as long as nothing is carried over from the chunk before.
      if (splitter.pendingBytes === 0) {
        const now = this.parts.world.clock.now()
        for (let end = 1; end > 0; at = Math.max(at, end)) end = dispatcher.hot(connection, chunk, at, chunk.length, now)
      }
      if (at < chunk.length)
        splitter.feed(at === 0 ? chunk : chunk.subarray(at), (bytes, from, to) => this.message(connection, bytes, from, to))
    } catch (error) {
      this.refuseStream(connection, error)
    }
  }

  private message(connection: RpcConnection, bytes: Uint8Array, from: number, to: number): void {
    const { dispatcher } = this.parts.core
    if (connection.closing || dispatcher.hot(connection, bytes, from, to) === to) return
    // Nobody has said yet who this is.
    const verdict = connection.identity.role === 'nobody' ? connection.pace.take(this.parts.world.clock.monotonic()) : 'read'
    if (verdict === 'closed') return this.closePaced(connection)
    const message = decodeMessage(bytes, from, to)
    if (verdict === 'refused') {
      this.parts.core.counters.layers.frames++
      return dispatcher.refuseEarly(connection, message, connection.pace.retryAfterMs)
    }
    if (message.kind === 'request' && message.method === 'auth') this.authenticate(connection, message)
    else dispatcher.general(connection, message)
  }

  private closePaced(connection: RpcConnection): void {
    this.parts.core.counters.pacedClosed++
    connection.close('rate-limited')
  }

  private authenticate(connection: RpcConnection, message: Message & { readonly kind: 'request' }): void {
    const [key] = message.params
    const identity = typeof key === 'string' && message.params.length === 1 ? this.parts.identities.ofKey(key) : undefined
    const writer = new MsgpackWriter()
    if (identity === undefined || identity.role === 'nobody') writeError(writer, message.msgid, refusal('UNAUTHORIZED'))
    else {
      connection.identity = identity
      writeResult(writer, message.msgid, { role: identity.role })
    }
    connection.respond(writer.bytes, 0, writer.length)
    connection.flush()
    if (connection.identity.role === 'nobody') connection.close('unauthorized')
  }

  /** A stream that has lost its shape cannot be followed any further: one error with msgid 0 says why, then it ends. */
  private refuseStream(connection: RpcConnection, error: unknown): void {
    const code = error instanceof TooLarge ? 'TOO_LARGE' : error instanceof Malformed ? 'MALFORMED' : undefined
    if (code === undefined) throw error
    this.parts.core.counters.malformed++
    const writer = new MsgpackWriter()
    writeError(writer, 0, refusal(code, error instanceof Malformed ? error.message : undefined))
    connection.respond(writer.bytes, 0, writer.length)
    connection.close(code === 'TOO_LARGE' ? 'too-large' : 'malformed')
  }
}

/** One error with msgid 0 says why. It is little, and nobody waits for it to be taken. */
function refuseSocket(socket: Socket, error: Refusal): void {
  const writer = new MsgpackWriter()
  writeError(writer, 0, error)
  // Whoever is gone by now need not hear it.
  socket.on('error', () => {})
  socket.end(writer.finish(), () => socket.destroy())
}
