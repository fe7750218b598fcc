import { InventoryActor } from '../../actors/inventory/inventory-actor.ts'
import { Shard } from '../../actors/shard.ts'
import { decodeInner } from '../../cluster/call-codec.ts'
import { Calls } from '../../cluster/calls.ts'
import { LocalBucket } from '../../cluster/local-bucket.ts'
import { LocalBus } from '../../cluster/local-bus.ts'
import { shardName } from '../../cluster/store.ts'
import { delay, type World } from '../../cluster/world.ts'
import { Admission } from '../../gateway/admission.ts'
import { BanTable } from '../../gateway/ban-table.ts'
import { Challenges } from '../../gateway/challenges.ts'
import { ClaimFollower } from '../../gateway/claim-follower.ts'
import type { ClaimReport } from '../../gateway/claim-questions.ts'
import { Connections } from '../../gateway/connection.ts'
import { Dispatcher } from '../../gateway/dispatcher.ts'
import { GatewayCounters } from '../../gateway/gateway-counters.ts'
import { admissionRate, LeasedTokens, portionMs } from '../../gateway/leased-tokens.ts'
import { type MethodBody, methodTable } from '../../gateway/method.ts'
import { Presences } from '../../gateway/presence.ts'
import { Responder } from '../../gateway/responder.ts'
import { ShardGates } from '../../gateway/shard-gates.ts'
import { Views } from '../../gateway/views.ts'
import { LoopTimers } from '../../ops/loop-timers.ts'
import { realClock, realRandom } from '../../ops/world.ts'
import type { ShardView } from '../../protocol/broadcast.ts'
import { op } from '../../protocol/entry.ts'
import { packInner } from '../../protocol/inner-codec.ts'
import { publicSubject, shardSubject } from '../../protocol/subject.ts'
import { benchSettings } from './bench-sale.ts'
import { benchSku, newBuyers } from './buy-calls.ts'
import { CountingConnection } from './counting-connection.ts'
import { ForgetfulStore } from './forgetful-store.ts'
import type { MicroSuite } from './micro-case.ts'

const connectionCount = 32
const depth = 64
const tickMs = 100
/** Buys after which the shard begins anew, so that memory stays bounded. */
const buysMax = 2_000_000
/** Newcomers that are let in: what is measured is the asking. */
const plentyPerSecond = 1_000_000_000

/**
 * A `buy` from the bytes that a socket delivered to the bytes that a socket is given, through the real gateway, bus and shard: everything that
 * `bench:load` measures but sockets and the disk.
 */
export const buyPath: MicroSuite = async () => {
  const free = await RenewedPath.open(undefined)
  const rated = await RenewedPath.open(plentyPerSecond)
  const operations = connectionCount * depth
  const name = `path: ${connectionCount} x ${depth} buys, without sockets and disk`
  return {
    cases: [
      { name, operations, unit: 'buy', run: () => free.round() },
      { name: `${name}, newcomers rated`, operations, unit: 'buy', run: () => rated.round() },
    ],
    close: async () => {
      await free.close()
      await rated.close()
    },
  }
}

/** Begins anew now and then. */
class RenewedPath {
  private path: BuyPath
  private readonly newcomersPerSecond: number | undefined
  private buys = 0

  private constructor(path: BuyPath, newcomersPerSecond: number | undefined) {
    this.path = path
    this.newcomersPerSecond = newcomersPerSecond
  }

  static async open(newcomersPerSecond: number | undefined): Promise<RenewedPath> {
    return new RenewedPath(await BuyPath.open(newcomersPerSecond), newcomersPerSecond)
  }

  async round(): Promise<void> {
    if (this.buys >= buysMax) {
      await this.path.close()
      this.path = await BuyPath.open(this.newcomersPerSecond)
      this.buys = 0
    }
    this.buys += connectionCount * depth
    await this.path.round()
  }

  close(): Promise<void> {
    return this.path.close()
  }
}

class BuyPath {
  private readonly dispatcher: Dispatcher
  private readonly calls: Calls
  private readonly shard: Shard
  private readonly views: Views
  private readonly connections: readonly CountingConnection[]
  private readonly newcomers: LeasedTokens | undefined
  private readonly nextCalls = newBuyers(connectionCount * depth)

  private constructor(parts: {
    dispatcher: Dispatcher
    calls: Calls
    shard: Shard
    views: Views
    connections: readonly CountingConnection[]
    newcomers: LeasedTokens | undefined
  }) {
    this.dispatcher = parts.dispatcher
    this.calls = parts.calls
    this.shard = parts.shard
    this.views = parts.views
    this.connections = parts.connections
    this.newcomers = parts.newcomers
  }

  static async open(newcomersPerSecond: number | undefined): Promise<BuyPath> {
    const bus = new LocalBus(world.log)
    const calls = new Calls({ bus, world, node: 'bench', shards: 1, limits: { pendingMax: 65_536, callDeadlineMs: 10_000 } })
    const shard = await Shard.open(
      {
        name: shardName('inv', 0),
        subject: shardSubject('inv', 0),
        publicSubject: publicSubject(0),
        actor: new InventoryActor(0),
        store: new ForgetfulStore(),
        bus,
        world,
        limits: { mailboxBytesMax: 64 * 1024 * 1024, batchEntriesMax: 16_384, tickMs, storeRetryMs: 200 },
        onLost: (reason) => {
          throw reason
        },
      },
      1,
    )
    await calls.request('inv', 0, {
      op: op.configure,
      payload: packInner({ settings: benchSettings(1_000_000_000), incarnation: 'bench1' }),
    })
    await calls.request('inv', 0, { op: op.setPhase, sku: benchSku, payload: packInner({ phase: 'open' }) })
    const newcomers = newcomersPerSecond === undefined ? undefined : newcomersAt(newcomersPerSecond)
    const { dispatcher, views, connections: table } = gatewayOver(bus, calls)
    dispatcher.useNewcomers(newcomers)
    await views.load()
    newcomers?.start()
    while (newcomers?.take() === false) await delay(world.timers, portionMs)
    const connections = Array.from({ length: connectionCount }, () => new CountingConnection())
    for (const connection of connections) table.add(connection)
    return new BuyPath({ dispatcher, calls, shard, views, connections, newcomers })
  }

  /** Every connection sends its calls and gets its answers. */
  async round(): Promise<void> {
    const block = this.nextCalls()
    const length = block.length / connectionCount
    for (const [i, connection] of this.connections.entries()) {
      connection.answers = 0
      const to = (i + 1) * length
      for (let at = i * length; at < to;) at = this.dispatcher.hot(connection, block, at, to)
    }
    while (this.connections.some((connection) => connection.answers < depth)) {
      await new Promise<void>((resolve) => {
        setImmediate(resolve)
      })
    }
  }

  async close(): Promise<void> {
    this.newcomers?.close()
    this.views.close()
    await this.shard.close()
    this.calls.close()
  }
}

const world: World = {
  clock: realClock,
  timers: new LoopTimers(realClock),
  random: realRandom,
  log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
}

function newcomersAt(ratePerSecond: number): LeasedTokens {
  const bucket = new LocalBucket(admissionRate(ratePerSecond), realClock)
  return new LeasedTokens({ bucket, world, holder: 'bench', ratePerSecond })
}

function gatewayOver(bus: LocalBus, calls: Calls): { dispatcher: Dispatcher; views: Views; connections: Connections } {
  const { clock, timers, log } = world
  const counters = new GatewayCounters()
  const connections = new Connections()
  const views = new Views({ bus, calls, clock, timers, log, shards: 1, tickMs, decodeView: (bytes) => decodeInner<ShardView>(bytes) })
  const presences = new Presences({ attached: () => {}, detached: () => {} })
  const decodeReports = (bytes: Uint8Array) => decodeInner<readonly ClaimReport[]>(bytes)
  const follower = new ClaimFollower({ calls, views, presences, clock, log, decodeReports, tellSession: () => {}, stillAttached: () => {} })
  const many = Number.MAX_SAFE_INTEGER
  const limits = {
    connectionsMax: many,
    connectionsPerAddressMax: many,
    handshakeRatePerSecond: many,
    handshakeBurst: many,
    addressHandshakeRatePerSecond: many,
    addressHandshakeBurst: many,
    frameRatePerSecond: many,
    frameBurst: many,
    addressesMax: 200_000,
    sharedNetworks: [],
    sharedNetworkTimes: 1,
    perConnectionInFlightMax: many,
    addressRatePerSecond: many,
    addressBurst: many,
    userRatePerSecond: many,
    userBurst: many,
  }
  const responder = new Responder(counters, (run) => world.timers.soon(run))
  const admission = new Admission(limits, world, counters)
  const methods = methodTable(hotMethods)
  const bans = new BanTable(clock)
  const challenges = new Challenges({ issuer: undefined, settings: noChallenges, views, clock, counters })
  const gates = new ShardGates({ shards: 1, calls, settings: { shardCallsMax: 65_536, overloadLatencyMs: 250 }, counters, world })
  return {
    dispatcher: new Dispatcher({
      calls,
      clock,
      log,
      connections,
      views,
      presences,
      methods,
      admission,
      audited: undefined,
      bans,
      challenges,
      gates,
      follower,
      responder,
      counters,
    }),
    views,
    connections,
  }
}

const noChallenges = { challengeAbovePerSecond: 0, challengeSteps: 1, challengeServices: 'no' } as const

const hotMethods = (['buy', 'leave', 'claim'] as const).map((name): MethodBody => ({
  name,
  role: 'user',
  run: () => {
    throw new Error('the bench sends hot calls only')
  },
}))
