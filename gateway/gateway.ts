import type { Bus } from '../cluster/bus.ts'
import type { CallResult } from '../cluster/call-codec.ts'
import type { Calls } from '../cluster/calls.ts'
import type { MetricSink, MetricSource } from '../cluster/metrics.ts'
import type { Timer, World } from '../cluster/world.ts'
import type { ClaimNotice, ShardView } from '../protocol/broadcast.ts'
import { unpackInner } from '../protocol/inner-codec.ts'
import { Admission, type AdmissionLimits } from './admission.ts'
import { ClaimFollower, type ClaimReport } from './claim-follower.ts'
import { ClientAddress } from './client-address.ts'
import { Connections } from './connection.ts'
import { Dispatcher } from './dispatcher.ts'
import { Forwarder } from './forwarder.ts'
import { GatewayCounters } from './gateway-counters.ts'
import { collectGateway, collectSku } from './gateway-metrics.ts'
import type { HttpRoute } from './http.ts'
import type { IdentityCheck } from './identity.ts'
import { type MethodTable, methodTable } from './method.ts'
import { Notification } from './notification.ts'
import { operatorMethods } from './operator-methods.ts'
import { PositionRounds } from './position-rounds.ts'
import { Presences } from './presence.ts'
import { publicMethods } from './public-methods.ts'
import { Responder } from './responder.ts'
import { RpcListener, type RpcListenerParts } from './rpc-listener.ts'
import { SaleNews } from './sales.ts'
import { SessionLink } from './session-link.ts'
import type { StaticFile } from './static-files.ts'
import { userMethods } from './user-methods.ts'
import type { Uws } from './uws.ts'
import { Views } from './views.ts'
import { WebServer, type WebServerParts } from './web-server.ts'

export interface GatewayParts {
  readonly uws: Uws
  readonly world: World
  readonly bus: Bus
  readonly calls: Calls
  readonly identities: IdentityCheck
  readonly shards: number
  readonly files: ReadonlyMap<string, StaticFile>
  readonly routes: ReadonlyMap<string, HttpRoute>
  /** Decodes answers that carry bytes. */
  readonly decodeInner: <T>(bytes: Uint8Array) => CallResult<T>
  readonly settings: AdmissionLimits &
    WebServerParts['settings'] &
    RpcListenerParts['settings'] & {
      readonly trustedProxies: readonly string[]
      readonly lineFrameBudgetPerSecond: number
      readonly tickMs: number
    }
}

/** Between two looks for token buckets that are full again. */
const sweepMs = 10_000
/** Between two looks for whether everyone has gone. */
const drainLookMs = 50
/** Between two looks for connections whose token has expired; their calls are refused at once. */
const expiryMs = 1_000

/** The access layer of one process: who is let in, what is answered here, what goes to a shard, and what clients are told. */
export class Gateway implements MetricSource {
  readonly counters: GatewayCounters
  readonly methods: MethodTable
  readonly views: Views
  readonly presences: Presences
  private readonly parts: GatewayParts
  private readonly connections = new Connections()
  private readonly admission: Admission
  private readonly web: WebServer
  private readonly rpc: RpcListener
  private readonly sessions: SessionLink
  private readonly rounds: PositionRounds
  private readonly timers: Timer[] = []

  constructor(parts: GatewayParts) {
    this.parts = parts
    const { calls, bus, world, settings, decodeInner, shards } = parts
    const { clock, log } = world
    this.sessions = new SessionLink(calls, world)
    this.presences = new Presences(this.sessions)
    this.views = new Views({
      bus,
      calls,
      clock,
      log,
      shards,
      tickMs: settings.tickMs,
      decodeView: (bytes) => decodeInner<ShardView>(bytes),
    })
    const { views, presences } = this
    const decodeReports = (bytes: Uint8Array) => decodeInner<readonly ClaimReport[]>(bytes)
    const follower = new ClaimFollower({
      calls,
      views,
      presences,
      clock,
      log,
      decodeReports,
      tellSession: (user, sku, claim) => this.sessions.claimed(user, sku, claim),
    })

    this.counters = new GatewayCounters()
    const forwarder = new Forwarder({ calls, views, follower, presences, counters: this.counters })
    this.methods = methodTable(
      userMethods({ forwarder, calls, views, follower, presences, decodeReports }),
      publicMethods(views),
      operatorMethods({ forwarder, calls, views, random: world.random }),
    )
    this.admission = new Admission(settings, clock, this.counters)
    const responder = new Responder(this.counters, (run) => world.timers.soon(run))
    const { connections, admission, methods, counters } = this
    const dispatcher = new Dispatcher({
      calls,
      clock,
      connections,
      views,
      methods,
      admission,
      follower,
      presences,
      responder,
      counters,
      log,
    })
    const shared = { ...parts, dispatcher, connections, admission, counters, presences }
    this.web = new WebServer({ ...shared, clientAddress: new ClientAddress(settings.trustedProxies) })
    this.rpc = new RpcListener(shared)
    this.rounds = new PositionRounds({
      views,
      presences,
      clock,
      counters,
      budgetPerSecond: settings.lineFrameBudgetPerSecond,
      tickMs: settings.tickMs,
    })

    calls.useNotices((frame) => {
      const { user, sku, claim } = unpackInner<ClaimNotice>(frame.slice(2))
      follower.noticed(user, sku, claim)
    })
    const saleNews = new SaleNews()
    views.onChange((view, change) => {
      this.publish(new Notification('sku', view.status()), view)
      const news = saleNews.of(view, change)
      if (news === undefined) return
      const notification = new Notification('sale', news.sale)
      for (const one of news.skus) this.publish(notification, one)
    })
  }

  /** Reads the views, then opens the ports; resolves with their numbers. */
  async start(): Promise<{ readonly webPort: number; readonly rpcPort: number }> {
    const { timers } = this.parts.world
    await this.views.load()
    const rpcPort = await this.rpc.listen()
    const webPort = await this.web.listen()
    this.timers.push(
      timers.every(this.parts.settings.tickMs, () => this.rounds.run()),
      timers.every(sweepMs, () => this.admission.sweep()),
      timers.every(expiryMs, () => this.endExpired()),
    )
    return { webPort, rpcPort }
  }

  /**
   * Accepts nobody new and asks everyone to go elsewhere; resolves when nobody is left or the time is over. Calls that come in meanwhile are still
   * answered.
   */
  drain(withinMs: number): Promise<void> {
    this.web.drain(withinMs)
    this.rpc.drain(withinMs)
    const { clock, timers } = this.parts.world
    const until = clock.monotonic() + withinMs
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.connections.size > 0 && clock.monotonic() < until) return
        timer.cancel()
        resolve()
      }
      const timer = timers.every(drainLookMs, look)
      look()
    })
  }

  collect(sink: MetricSink): void {
    collectGateway(sink, this.counters, this.methods)
    sink.gauge('sluice_pending_calls', 'Calls that wait for an answer of a shard', this.parts.calls.pending.size)
    sink.counter('sluice_call_timeouts_total', 'Calls that no shard answered in time', this.parts.calls.timeouts)
    sink.counter('sluice_frames_resent_total', 'Frames sent again because nobody had the shard', this.parts.calls.resent)
    sink.counter('sluice_view_resyncs_total', 'Views read whole because of a gap or a new epoch', this.views.resyncs)
    sink.gauge('sluice_users_connected', 'Users with a WebSocket here', this.presences.size)
    for (const view of this.views.all()) collectSku(sink, view.status())
  }

  close(): void {
    for (const timer of this.timers) timer.cancel()
    this.sessions.close()
    this.views.close()
    this.rpc.close()
    this.web.close()
  }

  private publish(notification: Notification, view: Parameters<WebServer['publish']>[0]): void {
    this.web.publish(view, notification)
    this.rpc.publish(view, notification)
  }

  private endExpired(): void {
    const now = this.parts.world.clock.now()
    for (const connection of this.connections) {
      if (connection.identity.role === 'user' && connection.identity.expiresAt <= now) connection.close('unauthorized')
    }
  }
}
