import type { Bus } from '../cluster/bus.ts'
import type { CallResult } from '../cluster/call-codec.ts'
import { type Calls, sampledOf } from '../cluster/calls.ts'
import type { MetricSink, MetricSource } from '../cluster/metrics.ts'
import type { NodeDirectory } from '../cluster/node-directory.ts'
import type { SharedRecord } from '../cluster/shared-record.ts'
import type { SharedTable } from '../cluster/shared-table.ts'
import type { Timer, World } from '../cluster/world.ts'
import type { ClaimNotice, OrderNotice, ShardView } from '../protocol/broadcast.ts'
import { frameKind, kindOfFrame } from '../protocol/frame.ts'
import { unpackInner } from '../protocol/inner-codec.ts'
import { Admission, type AdmissionLimits, bannedRefusal } from './admission.ts'
import { AttachRounds } from './attach-rounds.ts'
import type { AuditLog } from './audit-log.ts'
import { auditMethods } from './audit-methods.ts'
import { AuditedCalls } from './audited-calls.ts'
import { banMethods } from './ban-methods.ts'
import { BanTable } from './ban-table.ts'
import { Bans } from './bans.ts'
import type { SearchParts } from './catalogue/search.ts'
import { Storefront } from './catalogue/storefront.ts'
import { type ChallengeIssuer, type ChallengeSettings, Challenges } from './challenges.ts'
import { ClaimFollower } from './claim-follower.ts'
import type { ClaimReport } from './claim-questions.ts'
import { clusterMethods } from './cluster-methods.ts'
import { type Connection, Connections, type UserSocket } from './connection.ts'
import { Dispatcher } from './dispatcher.ts'
import { drawMethods } from './draw-methods.ts'
import { eraseMethods } from './erase-method.ts'
import { Forwarder } from './forwarder.ts'
import { GatewayCounters } from './gateway-counters.ts'
import { collectGateway, collectSkus } from './gateway-metrics.ts'
import { type KeyMethodsParts, keyMethods } from './key-methods.ts'
import type { LeasedTokens } from './leased-tokens.ts'
import { limitMethods } from './limit-methods.ts'
import type { LineEncoder } from './line-frames.ts'
import type { LimitValues, LiveLimits } from './live-limits.ts'
import { type MethodTable, methodTable } from './method.ts'
import { Notification } from './notification.ts'
import { type AnnounceDraw, operatorMethods } from './operator-methods.ts'
import { orderMethods } from './order-methods.ts'
import { PositionRounds } from './position-rounds.ts'
import { Presences } from './presence.ts'
import { publicMethods } from './public-methods.ts'
import { Responder } from './responder.ts'
import { SaleNews } from './sales.ts'
import { SessionLink } from './session-link.ts'
import { type OverloadSettings, ShardGates } from './shard-gates.ts'
import type { SkuView } from './sku-view.ts'
import { bannedAmong, expiredAmong } from './unwelcome.ts'
import { UserInfos } from './user-infos.ts'
import { userMethods } from './user-methods.ts'
import { userServiceMethods } from './user-service-methods.ts'
import { Views } from './views.ts'

export interface GatewayCoreParts {
  readonly world: World
  readonly bus: Bus
  readonly calls: Calls
  readonly shards: number
  /** The processes around this one. */
  readonly directory?: Pick<NodeDirectory, 'nodes' | 'drain'>
  /** Without one, all frames are encoded by the event loop. */
  readonly lineEncoder?: LineEncoder
  /** Makes the seed of a new draw. */
  readonly announceDraw: AnnounceDraw
  /** Keeps what operators do; without it nothing does. */
  readonly audit?: { readonly log: AuditLog; readonly pseudonymOf: (user: string) => string }
  /** Limits that can be changed; without it settings stay. */
  readonly limits?: LiveLimits
  /** Keys that can be changed, and who goes by them. */
  readonly keys?: Omit<KeyMethodsParts, 'clock' | 'random'>
  /** Keeps the bans; without it there are none. */
  readonly bans?: SharedRecord
  /** Keeps the products; without it there is no catalogue. */
  readonly products?: SharedTable
  /** Finds products; without it they cannot be searched. */
  readonly search?: Pick<SearchParts, 'index' | 'reindexHours' | 'remote'>
  /** Lets newcomers in at the rate of the cluster; without it all of them. */
  readonly newcomers?: Newcomers
  /** Does so at another rate, where that can be changed. */
  readonly newcomersAt?: (ratePerSecond: number) => Newcomers
  /** Decodes answers that carry bytes. */
  readonly decodeInner: <T>(bytes: Uint8Array) => CallResult<T>
  /** Makes and checks proofs of work; without it nobody is asked for any. */
  readonly proofs?: ChallengeIssuer | undefined
  readonly settings: AdmissionLimits &
    ChallengeSettings &
    OverloadSettings & {
      readonly lineFrameBudgetPerSecond: number
      readonly tickMs: number
      readonly attachEveryMs: number
      /** RPC connections need no key, for they come from this machine: bans do not hold for them. */
      readonly rpcOpen?: boolean
    }
}

/** Who says whether another newcomer may come in. */
export type Newcomers = Pick<LeasedTokens, 'take' | 'retryAfterMs' | 'start' | 'close' | 'collect'>

/** Tells everyone on one transport who watches the SKU. */
export type Publish = (view: SkuView, notification: Notification) => void

/** A socket, as against a single HTTP call. */
type LastingConnection = (UserSocket & { readonly transport: 'ws' }) | (Connection & { readonly transport: 'rpc' })

/** Between two looks for token buckets that are full again. */
/** For sessions to hear who is not here any more. */
const farewellMsMax = 2_000
/** Between two looks for connections whose token has expired; their calls are refused at once. */
const expiryMs = 1_000

/**
 * What a gateway knows and does, whatever its clients speak: who is let in, what is answered here, what goes to a shard, and what clients are told.
 * Transports bring connections and their bytes, and are told what to publish.
 */
export class GatewayCore implements MetricSource {
  readonly counters = new GatewayCounters()
  readonly connections = new Connections()
  readonly methods: MethodTable
  readonly views: Views
  readonly presences: Presences
  readonly admission: Admission
  readonly dispatcher: Dispatcher
  private readonly parts: GatewayCoreParts
  private readonly bans: Bans | undefined
  private readonly storefront: Storefront | undefined
  private readonly infos: UserInfos
  private readonly responder: Responder
  private readonly sessions: SessionLink
  private readonly rounds: PositionRounds
  private readonly attachRounds: AttachRounds
  private readonly follower: ClaimFollower
  private readonly challenges: Challenges
  private newcomers: Newcomers | undefined
  private admittedPerSecond: number | undefined
  private isStarted = false
  readonly gates: ShardGates
  private readonly publishers: Publish[] = []
  private readonly timers: Timer[] = []

  constructor(parts: GatewayCoreParts) {
    this.parts = parts
    const { calls, bus, world, settings, decodeInner, shards, directory } = parts
    const { clock, timers, log } = world
    this.newcomers = parts.newcomers
    this.bans = parts.bans === undefined ? undefined : new Bans({ record: parts.bans, bus, world, onChange: () => this.endBanned() })
    this.sessions = new SessionLink(calls, world, (user) => this.follower.mayHaveMissed(user))
    this.presences = new Presences(this.sessions)
    this.attachRounds = new AttachRounds({
      presences: this.presences,
      stillAttached: (user) => this.sessions.stillAttached(user),
      roundMs: settings.attachEveryMs,
    })
    this.views = new Views({
      bus,
      calls,
      clock,
      timers,
      log,
      shards,
      tickMs: settings.tickMs,
      decodeView: (bytes) => decodeInner<ShardView>(bytes),
    })
    const { views, presences } = this
    this.storefront = parts.products === undefined ? undefined : this.storefrontOf(parts.products)
    const decodeReports = (bytes: Uint8Array) => decodeInner<readonly ClaimReport[]>(bytes)
    const follower = new ClaimFollower({
      calls,
      views,
      presences,
      clock,
      log,
      decodeReports,
      tellSession: (user, sku, claim) => this.sessions.claimed(user, sku, claim),
      stillAttached: (user) => this.sessions.stillAttached(user),
    })

    const challenges = new Challenges({ issuer: parts.proofs, settings, views, clock, counters: this.counters })
    this.challenges = challenges
    const gates = new ShardGates({ shards, calls, settings, counters: this.counters, world })
    this.gates = gates
    this.infos = new UserInfos({ calls, bus, world })
    const forwarder = new Forwarder({ calls, views, follower, presences, gates, counters: this.counters })
    this.methods = methodTable(
      userMethods({ forwarder, calls, views, follower, presences, challenges, counters: this.counters, clock, decodeReports }),
      publicMethods(views),
      eraseMethods({ calls, shards, infos: this.infos }),
      userServiceMethods({ forwarder, calls, infos: this.infos }),
      operatorMethods({ forwarder, calls, views, random: world.random, announceDraw: parts.announceDraw }),
      orderMethods({ calls, random: world.random }),
      drawMethods(forwarder, calls),
      directory === undefined ? [] : clusterMethods({ directory, shards }),
      this.bans === undefined ? [] : banMethods(this.bans, clock),
      this.storefront?.methods ?? [],
      parts.audit === undefined ? [] : auditMethods(parts.audit.log),
      parts.limits === undefined ? [] : limitMethods(parts.limits),
      parts.keys === undefined ? [] : keyMethods({ ...parts.keys, clock, random: world.random }),
    )
    const banTable = this.bans?.table ?? new BanTable(clock)
    this.admission = new Admission(settings, world, this.counters, banTable)
    const responder = new Responder(this.counters, (run) => world.timers.soon(run))
    this.responder = responder
    const { connections, admission, methods, counters } = this
    this.dispatcher = new Dispatcher({
      calls,
      clock,
      connections,
      views,
      methods,
      admission,
      audited: parts.audit === undefined ? undefined : auditedCalls(parts.audit, world),
      bans: banTable,
      challenges,
      gates,
      follower,
      presences,
      responder,
      counters,
      log,
    })
    this.dispatcher.useNewcomers(parts.newcomers)
    parts.limits?.onChange((values) => {
      if (this.isStarted) this.useLimits(values)
    })
    parts.keys?.keys.onChange((book) => {
      parts.keys?.identities.use(book)
      this.endExpired()
    })
    this.follower = follower
    this.rounds = new PositionRounds({
      views,
      presences,
      clock,
      timers,
      log,
      counters,
      encoder: parts.lineEncoder,
      budgetPerSecond: settings.lineFrameBudgetPerSecond,
      tickMs: settings.tickMs,
    })

    calls.useNotices((frame) => {
      if (kindOfFrame(frame) === frameKind.orderNotice) {
        const { user, order } = unpackInner<OrderNotice>(frame.slice(2))
        follower.refunded(user, order)
      } else {
        const { user, sku, claim } = unpackInner<ClaimNotice>(frame.slice(2))
        follower.noticed(user, sku, claim)
      }
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

  /** A transport that publishes. */
  onPublish(publish: Publish): void {
    this.publishers.push(publish)
  }

  /** Reads the views and begins to tell of changes; false if the signal ended the wait for shards that answer. */
  async start(signal?: AbortSignal): Promise<boolean> {
    const { timers } = this.parts.world
    const { tickMs } = this.parts.settings
    if ((await this.bans?.start(signal)) === false) return false
    const { limits, keys } = this.parts
    if ((await keys?.keys.start(signal)) === false) return false
    if ((await limits?.start(signal)) === false) return false
    if (limits !== undefined) this.useLimits(limits.values)
    if (!(await this.views.load(signal))) return false
    await this.storefront?.start()
    this.newcomers?.start()
    this.isStarted = true
    this.gates.start()
    this.timers.push(
      timers.every(tickMs, () => {
        this.challenges.measure()
        this.rounds.run()
        this.follower.askAgain()
        this.attachRounds.run(tickMs)
      }),
      timers.every(expiryMs, () => this.endExpired()),
    )
    return true
  }

  /** A connection that lasts has opened, its identity known. */
  opened(connection: LastingConnection): void {
    const { transport, identity } = connection
    this.connections.add(connection)
    this.counters.opened[transport]++
    this.counters.open[transport]++
    if (identity.role === 'user' && connection.transport === 'ws') this.follower.joined(this.presences.join(identity.user, connection))
  }

  closed(connection: LastingConnection): void {
    const { transport, identity } = connection
    this.connections.remove(connection)
    this.counters.open[transport]--
    if (identity.role === 'user' && connection.transport === 'ws') this.presences.leave(identity.user, connection)
  }

  collect(sink: MetricSink): void {
    collectGateway(sink, this.counters, this.methods)
    sink.gauge('sluice_pending_calls', 'Calls that wait for an answer of a shard', this.parts.calls.pending.size)
    this.parts.calls.latencies.tell(sink, 'sluice_call_seconds', `Until a shard answered a call, of one call in ${sampledOf}`)
    sink.counter('sluice_call_timeouts_total', 'Calls that no shard answered in time', this.parts.calls.timeouts)
    sink.counter('sluice_frames_resent_total', 'Frames sent again because nobody had the shard', this.parts.calls.resent)
    sink.counter('sluice_view_resyncs_total', 'Views read whole because of a gap or a new epoch', this.views.resyncs)
    sink.counter('sluice_view_stale_total', 'Buys that went to their shard because the view was too old to refuse them', this.views.stale)
    sink.gauge(
      'sluice_position_bound_seconds',
      'Time within which every client here hears of a change of its place',
      this.rounds.boundMs / 1000,
    )
    this.infos.collect(sink)
    sink.gauge('sluice_users_connected', 'Users with a WebSocket here', this.presences.size)
    if (this.bans !== undefined) sink.gauge('sluice_bans', 'Users and ranges of addresses that are kept out', this.bans.list().length)
    this.newcomers?.collect(sink)
    this.gates.collect(sink)
    this.storefront?.collect(sink)
    collectSkus(sink, [...this.views.all()])
  }

  /** Before the end: whoever is still here is not any more. */
  async farewell(): Promise<void> {
    await Promise.all([this.sessions.farewell(this.presences.users(), farewellMsMax), this.storefront?.farewell()])
  }

  close(): void {
    for (const timer of this.timers) timer.cancel()
    this.rounds.close()
    this.newcomers?.close()
    this.parts.limits?.close()
    this.parts.keys?.keys.close()
    this.gates.close()
    this.bans?.close()
    this.storefront?.close()
    this.sessions.close()
    this.infos.close()
    this.views.close()
  }

  private storefrontOf(table: SharedTable): Storefront {
    const { bus, world } = this.parts
    const { views, counters } = this
    const search = this.parts.search === undefined ? undefined : { ...this.parts.search, calls: () => counters.allAnswered }
    return new Storefront({ table, bus, world, views, search })
  }

  private publish(notification: Notification, view: SkuView): void {
    for (const publish of this.publishers) publish(view, notification)
  }

  /** Calls that have reached a shard are done; their answers find nobody. */
  private endBanned(): void {
    if (this.bans === undefined) return
    for (const connection of bannedAmong(this.connections, this.bans.table, this.parts.settings.rpcOpen === true)) {
      this.counters.bannedClosed++
      if (connection.transport === 'rpc') this.responder.refusal(connection, 0, 0, bannedRefusal)
      connection.close('banned')
    }
  }

  /** Limits that operators have set, in the place of settings. */
  private useLimits(values: LimitValues): void {
    this.admission.use(values)
    this.challenges.use(values)
    this.gates.use(values)
    const { newcomersAt } = this.parts
    const { admitPerSecond } = values
    if (newcomersAt === undefined || admitPerSecond === this.admittedPerSecond) return
    this.admittedPerSecond = admitPerSecond
    this.newcomers?.close()
    this.newcomers = admitPerSecond === 0 ? undefined : newcomersAt(admitPerSecond)
    this.dispatcher.useNewcomers(this.newcomers)
    if (this.isStarted) this.newcomers?.start()
  }

  private endExpired(): void {
    const { keys, world } = this.parts
    for (const connection of expiredAmong(this.connections, keys?.identities, world.clock.now())) connection.close('unauthorized')
  }
}

function auditedCalls({ log: audit, pseudonymOf }: NonNullable<GatewayCoreParts['audit']>, { clock, random, log }: World): AuditedCalls {
  return new AuditedCalls({ audit, clock, random, log, pseudonymOf })
}
