import { createServer } from 'node:net'
import type { World } from '../cluster/world.ts'
import { codeTable, type Refusal, refusal } from '../protocol/codes.ts'
import { decodeJsonMessage, decodeMessage, jsonSubprotocol, msgpackSubprotocol, tokenSubprotocolPrefix } from '../protocol/envelope.ts'
import { Malformed } from '../protocol/msgpack-reader.ts'
import { type ClientAddress, plainAddress } from './client-address.ts'
import type { GatewayCore } from './gateway-core.ts'
import { endForGood, statusLine } from './http-answer.ts'
import { type HttpRoute, serveCall, serveRoute } from './http.ts'
import { type Identity, type IdentityCheck, nobody } from './identity.ts'
import { JsonText } from './json-text.ts'
import { Notification } from './notification.ts'
import { PublicReads } from './public-reads.ts'
import type { SkuView } from './sku-view.ts'
import type { StaticFile } from './static-files.ts'
import { StaticServer } from './static-server.ts'
import type { TlsFiles } from './tls-files.ts'
import {
  type HttpRequest,
  type HttpResponse,
  listenOn,
  type TemplatedApp,
  type us_listen_socket,
  type us_socket_context_t,
  type Uws,
} from './uws.ts'
import { type SocketData, stockTopic, WebSocketConnection } from './web-socket-connection.ts'

export interface WebServerParts {
  readonly uws: Uws
  readonly world: World
  readonly core: GatewayCore
  readonly identities: IdentityCheck
  readonly clientAddress: ClientAddress
  readonly files: ReadonlyMap<string, StaticFile>
  /** More routes by path, the demo's for example. */
  readonly routes: ReadonlyMap<string, HttpRoute>
  readonly settings: {
    readonly host: string
    readonly webPort: number
    readonly webPortShared?: boolean
    readonly tls?: TlsFiles | undefined
    readonly trustUserHeader: string
    readonly assetOrigin: string
    readonly wsFrameBytesMax: number
    readonly httpBodyBytesMax: number
    readonly backpressureBytesMax: number
    readonly idleTimeoutSeconds: number
  }
}

/** The web port cannot be listened on; the cause is the system's error. */
export class PortFault extends Error {
  readonly code = 'PORT'

  constructor(host: string, port: number, cause: unknown) {
    super(`port ${port} on ${host} cannot be listened on`, { cause })
  }
}

/**
 * The web port: WebSockets, HTTP calls and the page. Callbacks of uWebSockets.js are synchronous, and what they are given is copied or used up before
 * they return (FACTS: its memory is gone afterwards).
 */
export class WebServer {
  private readonly parts: WebServerParts
  private readonly app: TemplatedApp
  private readonly peers = new PeerNames()
  private listening: us_listen_socket | undefined
  private draining = false

  constructor(parts: WebServerParts) {
    this.parts = parts
    this.app = appOf(parts.uws, parts.settings.tls)
    this.route()
  }

  /** Resolves with the port once it listens; rejects with {@link PortFault}. */
  listen(): Promise<number> {
    const { host, webPort, webPortShared } = this.parts.settings
    return new Promise((resolve, reject) => {
      listenOn(this.app, { host, port: webPort, isShared: webPortShared === true }, (socket) => {
        if (socket === false) return whyNotListening(host, webPort, (cause) => reject(new PortFault(host, webPort, cause)))
        this.listening = socket
        resolve(this.parts.uws.us_socket_local_port(socket))
      })
    })
  }

  /** Sends a SKU's stock to all WebSockets that watch it, encoded once per codec. */
  publish(view: SkuView, notification: Notification): void {
    const { sku } = view.settings
    if (this.app.numSubscribers(stockTopic(sku, true)) > 0) this.app.publish(stockTopic(sku, true), notification.json, false)
    if (this.app.numSubscribers(stockTopic(sku, false)) > 0) this.app.publish(stockTopic(sku, false), notification.msgpack, true)
  }

  /** Accepts no more, and asks every WebSocket to go elsewhere within the time. */
  drain(withinMs: number): void {
    this.draining = true
    this.stopListening()
    const notification = new Notification('drain', { withinMs })
    for (const connection of this.parts.core.connections) if (connection.transport === 'ws') connection.notify(notification)
  }

  close(): void {
    this.stopListening()
    this.app.close()
  }

  private stopListening(): void {
    if (this.listening !== undefined) this.parts.uws.us_listen_socket_close(this.listening)
    this.listening = undefined
  }

  private route(): void {
    const { app, parts } = this
    const { settings, core } = parts
    const { timers } = parts.world
    const statics = new StaticServer({ files: parts.files, assetOrigin: settings.assetOrigin, counters: core.counters.reads })
    const httpParts = { core, jsonText: new JsonText(), bodyBytesMax: settings.httpBodyBytesMax }
    app.ws<SocketData>('/v1/ws', {
      compression: parts.uws.DISABLED,
      maxPayloadLength: settings.wsFrameBytesMax,
      maxBackpressure: settings.backpressureBytesMax,
      idleTimeout: settings.idleTimeoutSeconds,
      sendPingsAutomatically: true,
      upgrade: (res, req, context) => this.upgrade(res, req, context),
      open: (socket) => {
        const data = socket.getUserData()
        const { role } = data.identity
        const pace = role === 'user' || role === 'nobody' ? core.admission.framePace() : undefined
        const connection = new WebSocketConnection(socket, data, pace, core.counters)
        data.connection = connection
        core.opened(connection)
        timers.catchUp()
      },
      message: (socket, message, isBinary) => {
        const { connection, json } = socket.getUserData()
        if (connection !== undefined) this.message(connection, message, isBinary, json)
        timers.catchUp()
      },
      dropped: () => {
        core.counters.dropped++
      },
      close: (socket) => {
        const { connection, address } = socket.getUserData()
        core.admission.disconnected(address)
        if (connection === undefined) return
        connection.closed()
        core.closed(connection)
      },
    })
    const reads = new PublicReads(httpParts)
    for (const [path, serve] of reads.routes()) {
      const read = (res: HttpResponse, req: HttpRequest): void => {
        serve(res, req, this.addressOf(req, this.peerOf(res)))
        timers.catchUp()
      }
      app.get(path, read).head(path, read)
    }
    app.post('/v1/call/:method', (res, req) => {
      const peer = this.peerOf(res)
      const address = this.addressOf(req, peer)
      const banned = core.admission.refusesAddress(address)
      if (banned === undefined) serveCall(httpParts, res, req, this.identityOf(req, peer), address)
      else refuseCall(res, banned)
      timers.catchUp()
    })
    app.any('/*', (res, req) => {
      const route = parts.routes.get(req.getUrl())
      if (route === undefined) statics.serve(res, req)
      else serveRoute(route, settings.httpBodyBytesMax, parts.world.log, res, req)
    })
  }

  /** Decides who this is at once: asynchronous upgrades have a history of bugs. A socket without a valid token may still read what is public. */
  private upgrade(res: HttpResponse, req: HttpRequest, context: us_socket_context_t): void {
    const { parts } = this
    const offered = req
      .getHeader('sec-websocket-protocol')
      .split(',')
      .map((one) => one.trim())
    const peer = this.peerOf(res)
    const address = this.addressOf(req, peer)
    // Before the token is looked at, which costs more than all of this.
    const refused = this.draining ? drainingRefusal : parts.core.admission.refusesConnection(address)
    if (refused !== undefined) return refuseUpgrade(res, refused)
    const data = this.dataOf(res, req, peer, address, offered)
    if (data === undefined) return parts.core.admission.disconnected(address)
    const spoken = data.json ? jsonSubprotocol : msgpackSubprotocol
    res.upgrade(data, req.getHeader('sec-websocket-key'), spoken, req.getHeader('sec-websocket-extensions'), context)
  }

  /** Who it is and what is spoken; undefined if the upgrade has been refused. */
  private dataOf(res: HttpResponse, req: HttpRequest, peer: string, address: string, offered: readonly string[]): SocketData | undefined {
    const token = offered.find((one) => one.startsWith(tokenSubprotocolPrefix))?.slice(tokenSubprotocolPrefix.length)
    const bearer = token === undefined ? req.getHeader('authorization') : `Bearer ${token}`
    const identity = this.identityOf(req, peer, bearer)
    const json = offered.includes(jsonSubprotocol)
    const refused =
      json || offered.includes(msgpackSubprotocol)
        ? bearer !== '' && identity.role === 'nobody'
          ? refusal('UNAUTHORIZED', 'The token is wrong or expired.')
          : this.parts.core.admission.refusesIdentity(identity)
        : refusal('MALFORMED', `Ask for the subprotocol ${jsonSubprotocol} or ${msgpackSubprotocol}.`)
    if (refused === undefined) return { identity, address, json, connection: undefined }
    refuseUpgrade(res, refused)
    return undefined
  }

  private message(connection: WebSocketConnection, message: ArrayBuffer, isBinary: boolean, json: boolean): void {
    const { dispatcher, counters } = this.parts.core
    if (!connection.isOpen) return
    const { pace } = connection
    const verdict = pace === undefined ? 'read' : pace.take(this.parts.world.clock.monotonic())
    if (verdict === 'closed') {
      counters.pacedClosed++
      return connection.close('rate-limited')
    }
    try {
      if (pace !== undefined && verdict === 'refused') {
        counters.layers.frames++
        const early = json ? decodeJsonMessage(textOf(message)) : decodeMessage(new Uint8Array(message))
        return dispatcher.refuseEarly(connection, early, pace.retryAfterMs)
      }
      counters.passed.frames++
      if (json) {
        dispatcher.jsonMessage(connection, textOf(message))
        return
      }
      if (!isBinary) throw new Malformed('a text frame on a msgpack socket')
      dispatcher.frame(connection, new Uint8Array(message))
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      counters.malformed++
      connection.close('malformed')
    }
  }

  private identityOf(req: HttpRequest, peer: string, bearer?: string): Identity {
    const { trustUserHeader } = this.parts.settings
    const user = trustUserHeader === '' ? '' : req.getHeader(trustUserHeader)
    if (user !== '' && this.parts.clientAddress.isTrusted(peer)) return this.parts.identities.ofTrustedHeader(user)
    const authorization = bearer ?? req.getHeader('authorization')
    if (!/^bearer /i.test(authorization)) return nobody
    return this.parts.identities.ofBearer(authorization.slice(7).trim())
  }

  /** The other end of the socket, or who a trusted balancer says is behind it: with the PROXY protocol (version 2), before the first request. */
  private peerOf(res: HttpResponse): string {
    const peer = this.peers.nameOf(res)
    if (!this.parts.clientAddress.isProxy(peer)) return peer
    const proxied = res.getProxiedRemoteAddressAsText()
    return proxied.byteLength === 0 ? peer : plainAddress(utf8.decode(proxied))
  }

  private addressOf(req: HttpRequest, peer: string): string {
    const { clientAddress } = this.parts
    const first = req.getHeader('x-forwarded-for')
    return clientAddress.of(peer, first !== '' && clientAddress.isProxy(peer) ? everyLineOf(req, 'x-forwarded-for') : first)
  }
}

/** A header that came in several lines, as one. `getHeader` gives the first, which is the client's own where a proxy adds a line for itself. */
function everyLineOf(req: HttpRequest, name: string): string {
  const lines: string[] = []
  req.forEach((key, value) => {
    if (key === name) lines.push(value)
  })
  return lines.join(',')
}

/** Names of the sockets' other ends. Behind a proxy, or under load from one machine, one follows another: the last name is kept. */
class PeerNames {
  private bytes = new Uint8Array(0)
  private name = ''

  nameOf(res: HttpResponse): string {
    const text = new Uint8Array(res.getRemoteAddressAsText())
    if (!equal(text, this.bytes)) {
      this.name = plainAddress(utf8.decode(text))
      this.bytes = text.slice()
    }
    return this.name
  }
}

/** uWebSockets.js says only that it cannot listen. */
function whyNotListening(host: string, port: number, tell: (cause: unknown) => void): void {
  const server = createServer()
  server.once('error', tell)
  server.listen(port, host, () => server.close(() => tell(new Error('the port was not free a moment ago'))))
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function textOf(message: ArrayBuffer): string {
  try {
    return utf8.decode(message)
  } catch {
    throw new Malformed('not UTF-8')
  }
}

function appOf(uws: Uws, tls: TlsFiles | undefined): TemplatedApp {
  return tls === undefined ? uws.App() : uws.SSLApp({ cert_file_name: tls.certificateFile, key_file_name: tls.keyFile })
}

/** In words, for browsers show the page nothing of it. */
function refuseUpgrade(res: HttpResponse, { code, message, retryAfterMs }: Refusal): void {
  res.cork(() => {
    res.writeStatus(statusLine(codeTable[code].status)).writeHeader('Content-Type', 'text/plain')
    if (retryAfterMs !== undefined) res.writeHeader('Retry-After', String(Math.ceil(retryAfterMs / 1000)))
    endForGood(res, `${code}: ${message}`)
  })
}

/** A call that is not read at all; its connection ends with it. */
function refuseCall(res: HttpResponse, error: Refusal): void {
  res.cork(() => {
    res.writeStatus(statusLine(codeTable[error.code].status)).writeHeader('Content-Type', 'application/json')
    endForGood(res, JSON.stringify({ error }))
  })
}

const drainingRefusal = refusal('BUSY', 'This gateway is about to stop.')
