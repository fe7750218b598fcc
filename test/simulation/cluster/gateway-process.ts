import { SeedBox } from '../../../actors/draw/seed-box.ts'
import { decodeInner } from '../../../cluster/call-codec.ts'
import { Calls } from '../../../cluster/calls.ts'
import { delay, type World } from '../../../cluster/world.ts'
import type { CloseReason, UserSocket } from '../../../gateway/connection.ts'
import { GatewayCore } from '../../../gateway/gateway-core.ts'
import { type Identity, nobody } from '../../../gateway/identity.ts'
import { encodeLines, type LineEncoder, type LineFrame } from '../../../gateway/line-frames.ts'
import type { Notification } from '../../../gateway/notification.ts'
import type { AnnounceDraw } from '../../../gateway/operator-methods.ts'
import { msgpackSubprotocol, tokenSubprotocolPrefix } from '../../../protocol/envelope.ts'
import { hashText } from '../../../protocol/hash.ts'
import { parseUserId } from '../../../protocol/ids.ts'
import { Malformed } from '../../../protocol/msgpack-reader.ts'
import type { Hubs } from '../hubs.ts'
import type { Shape } from '../shape.ts'
import type { SimProcess } from '../sim-process.ts'
import type { Accepted, ServerSocket } from '../sockets/server-end.ts'
import { drawKey } from './draw-key.ts'

/** A process with the role `gateway`: the real core, with simulated sockets in place of uWebSockets.js. */
export interface SimGateway {
  readonly core: GatewayCore
  readonly calls: Calls
}

/** The token of whoever may do everything; every other token is a user's id. */
export const operatorToken = 'operator'

export function startGateway(process: SimProcess, hubs: Hubs, shape: Shape): SimGateway {
  const { world, name } = process
  const bus = hubs.network.connect(process)
  const calls = new Calls({ bus, world, node: name, shards: shape.shards, limits: shape })
  const lineEncoder = slowEncoder(world)
  const seeds = new SeedBox(drawKey)
  const announceDraw: AnnounceDraw = (settings) => seeds.announce(settings, world.random)
  const settings = { ...generous, ...shape }
  const core = new GatewayCore({ world, bus, calls, shards: shape.shards, decodeInner, lineEncoder, announceDraw, settings })
  const watchers: Watchers = new Map()
  core.onPublish((view, notification) => {
    for (const connection of watchers.get(view.settings.sku) ?? []) connection.notify(notification)
  })
  const listen = (): void => {
    world.log.info({}, 'listens')
    hubs.sockets.listen(process, ({ protocols }) => accept(core, protocols, watchers))
  }
  // As a real gateway does: no port is open before the views are read.
  core.start().then(listen, (error: unknown) => world.log.error({ error: String(error) }, 'a gateway did not start'))
  return { core, calls }
}

/** In place of a worker thread, for rounds of any size. Takes its time, which is longer now and then than the gateway waits, and fails now and then. */
function slowEncoder({ random, timers }: World): LineEncoder {
  return {
    framesMin: 2,
    encode: async (round) => {
      const luck = random.next()
      if (luck < 0.02) throw new Error('the queue is full')
      await delay(timers, luck < 0.04 ? 1_000 : Math.floor(random.next() * 50))
      return encodeLines(round)
    },
  }
}

const closedByServer = 4000

/** Limits of the edge have tests of their own; here they would only keep the shards from being reached. */
const generous = {
  challengeAbovePerSecond: 0,
  challengeSteps: 1,
  challengeServices: 'no',
  connectionsMax: 1_000,
  connectionsPerAddressMax: 1_000,
  handshakeRatePerSecond: 1_000_000,
  handshakeBurst: 1_000_000,
  addressHandshakeRatePerSecond: 1_000_000,
  addressHandshakeBurst: 1_000_000,
  frameRatePerSecond: 1_000_000,
  frameBurst: 1_000_000,
  addressesMax: 1_000,
  sharedNetworks: [],
  sharedNetworkTimes: 1,
  perConnectionInFlightMax: 64,
  addressRatePerSecond: 1_000_000,
  addressBurst: 1_000_000,
  userRatePerSecond: 1_000,
  userBurst: 1_000,
} as const

function accept(core: GatewayCore, protocols: readonly string[], watchers: Watchers): Accepted {
  const identity = identityOf(protocols)
  return { protocol: msgpackSubprotocol, open: (socket) => serve(core, new SimConnection(socket, identity, watchers), socket, watchers) }
}

function serve(core: GatewayCore, connection: SimConnection, socket: ServerSocket, watchers: Watchers): void {
  core.opened(connection)
  socket.onMessage((data) => {
    try {
      if (typeof data === 'string') throw new Malformed('a text frame on a msgpack socket')
      core.dispatcher.frame(connection, data)
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      connection.close('malformed')
    }
  })
  socket.onClose(() => {
    for (const of of watchers.values()) of.delete(connection)
    core.closed(connection)
  })
}

function identityOf(protocols: readonly string[]): Identity {
  const token = protocols.find((one) => one.startsWith(tokenSubprotocolPrefix))?.slice(tokenSubprotocolPrefix.length)
  if (token === operatorToken) return { role: 'operator', key: 'operator', proof: '' }
  const user = parseUserId(token ?? '')
  if (user === undefined) return nobody
  return {
    role: 'user',
    user,
    userBytes: new TextEncoder().encode(user),
    userHash: hashText(user),
    proof: '',
    expiresAt: Number.POSITIVE_INFINITY,
  }
}

/** Who gets the public stock of a SKU. */
type Watchers = Map<string, Set<SimConnection>>

/** One WebSocket that speaks msgpack. A client that does not read is closed, as by the real server, so that it resumes. */
class SimConnection implements UserSocket {
  readonly transport = 'ws'
  readonly codec = 'msgpack'
  readonly address: string
  readonly identity: Identity
  inFlight = 0
  index = -1
  turn = 0
  private readonly socket: ServerSocket
  private readonly watchers: Watchers

  constructor(socket: ServerSocket, identity: Identity, watchers: Watchers) {
    this.socket = socket
    this.address = socket.address
    this.identity = identity
    this.watchers = watchers
  }

  respond(bytes: Uint8Array, from: number, to: number): void {
    this.send(bytes.subarray(from, to))
  }

  notify(notification: Notification): void {
    this.send(notification.msgpack)
  }

  tellPlace({ msgpack }: LineFrame): boolean {
    if (this.socket.bufferedBytes > 0) return false
    this.send(msgpack)
    return true
  }

  watch(sku: string, on: boolean): void {
    const of = this.watchers.get(sku) ?? new Set()
    this.watchers.set(sku, of)
    if (on) of.add(this)
    else of.delete(this)
  }

  /** Every answer is a frame of its own. */
  flush(): void {}

  close(reason: CloseReason): void {
    this.socket.close(closedByServer, reason)
  }

  private send(bytes: Uint8Array): void {
    if (this.socket.send(bytes) === 'dropped') this.close('slow')
  }
}
