import { fileURLToPath } from 'node:url'
import { ActorsRole } from '../actors/actors-role.ts'
import { ownershipLimits } from '../actors/ownership/ownership-limits.ts'
import { PaymentWorker } from '../actors/payment/payment-worker.ts'
import { SimulatedProvider } from '../actors/payment/simulated-provider.ts'
import { sessionLimits } from '../actors/session/session-actor.ts'
import { decodeInner } from '../cluster/call-codec.ts'
import { Calls } from '../cluster/calls.ts'
import { openLmdbStore } from '../cluster/lmdb-store.ts'
import { LocalBus } from '../cluster/local-bus.ts'
import { LocalMembers } from '../cluster/local-members.ts'
import { LocalQueue } from '../cluster/local-queue.ts'
import { StoreFault } from '../cluster/store.ts'
import type { World } from '../cluster/world.ts'
import { Gateway } from '../gateway/gateway.ts'
import type { HttpRoute } from '../gateway/http.ts'
import { IdentityCheck } from '../gateway/identity.ts'
import { loadStaticFiles } from '../gateway/static-files.ts'
import { loadUws, NoUws } from '../gateway/uws.ts'
import { PortFault } from '../gateway/web-server.ts'
import type { RunningNode } from './cli/start-command.ts'
import type { Config } from './config.ts'
import { FollowerThread } from './follower-thread.ts'
import { createMetrics } from './metrics.ts'
import { startOpsServer } from './ops-server.ts'
import { Readiness } from './readiness.ts'
import { loadSecrets } from './secrets.ts'
import { listenFault, StartFault } from './start-fault.ts'

/** What a running node offers to the program around it: the demo, the bench. */
export interface Node extends RunningNode {
  readonly ports: { readonly web: number; readonly ops: number; readonly rpc: number }
  readonly identities: IdentityCheck
  readonly operatorKey: string
}

/** Routes of the program around the node, by path. */
export type Routes = (identities: IdentityCheck) => ReadonlyMap<string, HttpRoute>

const batchEntriesMax = 16_384
const storeRetryMs = 200
/** Its own data folder's leases never run out, so this is only how often it looks after its shards. */
const leaseMs = 3_000
const noRoutes: Routes = () => new Map()

/**
 * The composition root: builds one process that plays every role on the local bus and LMDB. Rejects with a {@link StartFault} of one line, with
 * everything closed again that was opened.
 */
export async function startNode(config: Config, world: World, routes: Routes = noRoutes): Promise<Node> {
  const closers: (() => void | Promise<void>)[] = []
  const closeAll = async (): Promise<void> => {
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close()
  }
  try {
    return await build(config, world, routes, closers, closeAll)
  } catch (error) {
    await closeAll()
    if (error instanceof StoreFault || error instanceof NoUws) throw new StartFault(error.message, error)
    throw error
  }
}

async function build(
  config: Config,
  world: World,
  routes: Routes,
  closers: (() => void | Promise<void>)[],
  closeAll: () => Promise<void>,
): Promise<Node> {
  const { log } = world
  const readiness = new Readiness()
  const metrics = createMetrics()
  const { uws, binary } = loadUws()
  const ops = await startOpsServer({ host: config.opsHost, port: config.opsPort, metrics, readiness, log })
  closers.push(() => ops.close())

  const shards = { inv: config.shards, ses: config.shards }
  const store = await openLmdbStore({
    folder: config.dataFolder,
    durability: config.durability,
    archiveDays: config.archiveDays,
    shards,
    world,
  })
  closers.push(() => store.close())
  // Made only in a folder that is ours.
  const secrets = await loadSecrets(config.dataFolder, config, world.random)
  const bus = new LocalBus(log)
  closers.push(() => bus.close())
  const queue = new LocalQueue(world)
  closers.push(() => queue.close())
  const nodeName = world.random.id(10)
  const calls = new Calls({ bus, world, node: nodeName, shards: config.shards, limits: config })
  closers.push(() => calls.close())

  const ending = new Ending()
  const follower = new FollowerThread(config.dataFolder)
  closers.push(() => follower.close())
  const actors = new ActorsRole({
    node: nodeName,
    store,
    members: new LocalMembers(world.clock),
    isAlone: true,
    bus,
    queue,
    calls,
    world,
    follower,
    shards: config.shards,
    limits: {
      shard: { mailboxBytesMax: config.mailboxBytesMax, batchEntriesMax, tickMs: config.tickMs, storeRetryMs },
      sessions: sessionLimits,
      ownership: ownershipLimits(leaseMs),
      compaction: { snapshotEveryBytes: config.snapshotEveryBytes },
    },
    onUnable: (reason) => ending.fail(reason),
  })
  closers.push(() => actors.close())
  await actors.start()
  metrics.add(actors)

  const provider = new SimulatedProvider(world, { declineShare: config.simulatedDeclineShare, delayMs: config.simulatedDelayMs })
  const worker = new PaymentWorker({ queue, provider, calls, world, limits: { concurrency: config.paymentConcurrency } })
  closers.push(() => worker.close())

  const identities = new IdentityCheck(secrets, () => world.clock.now())
  const files = loadStaticFiles({ '/': pageFolder, '/protocol': protocolFolder })
  const gateway = new Gateway({
    uws,
    world,
    bus,
    calls,
    identities,
    shards: config.shards,
    files,
    routes: routes(identities),
    decodeInner,
    settings: config,
  })
  closers.push(() => gateway.close())
  metrics.add(gateway)
  const { webPort, rpcPort } = await gateway.start().catch((error: unknown) => {
    if (error instanceof PortFault) throw listenFault(error.cause, 'the web server', config.host, config.webPort, '--web-port')
    throw listenFault(error, 'the RPC listener', config.rpcHost, config.rpcPort, '--rpc-port')
  })
  readiness.ready()
  log.info(
    { web: webPort, ops: ops.port, rpc: rpcPort, durability: config.durability, dataFolder: config.dataFolder, server: binary },
    'ready',
  )

  const stop = async (): Promise<void> => {
    if (closers.length === 0) return
    readiness.notReady('stopping')
    await gateway.drain(config.drainSeconds * 1000)
    await closeAll()
    ending.finish()
    log.info({}, 'stopped')
  }
  return { ports: { web: webPort, ops: ops.port, rpc: rpcPort }, identities, operatorKey: secrets.operatorKey, ended: ending.promise, stop }
}

/** A promise with its two ends outside. */
class Ending {
  finish: () => void = () => {}
  fail: (reason: Error) => void = () => {}
  readonly promise = new Promise<void>((resolve, reject) => {
    this.finish = resolve
    this.fail = reject
  })
}

const pageFolder = fileURLToPath(new URL('../gateway/page', import.meta.url))
const protocolFolder = fileURLToPath(new URL('../protocol', import.meta.url))
