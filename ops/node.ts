import type { ActorsRole } from '../actors/actors-role.ts'
import type { Bus } from '../cluster/bus.ts'
import { Calls } from '../cluster/calls.ts'
import { NodeDirectory } from '../cluster/node-directory.ts'
import { type Store, StoreFault } from '../cluster/store.ts'
import type { World } from '../cluster/world.ts'
import type { IdentityCheck } from '../gateway/identity.ts'
import { NoUws } from '../gateway/uws.ts'
import type { RunningNode } from './cli/start-command.ts'
import { Closers } from './closers.ts'
import type { ClusterPortsParts } from './cluster-ports.ts'
import type { Config } from './config.ts'
import { consoleUrl } from './console/console-address.ts'
import { serveConsole } from './console/serve-console.ts'
import { createMetrics } from './metrics.ts'
import type { NodePorts } from './node-ports.ts'
import { startOpsServer } from './ops-server.ts'
import { ProcessMetrics } from './process-metrics.ts'
import { Readiness } from './readiness.ts'
import { startActors } from './roles/actors.ts'
import { type Routes, startGateway } from './roles/gateway.ts'
import { startOrders } from './roles/orders.ts'
import type { RoleParts } from './roles/role-parts.ts'
import { durabilityText } from './setting-kinds.ts'
import { StartFault } from './start-fault.ts'

/** What a running node offers to the program around it: the demo, the bench. */
export interface Node extends RunningNode {
  /** 0 for those that its role does not have. */
  readonly ports: { readonly web: number; readonly ops: number; readonly rpc: number }
  /** Where its role is to let clients in. */
  readonly clients: { readonly identities: IdentityCheck; readonly operatorKey: string } | undefined
}

export interface NodeOptions {
  readonly routes?: Routes
  /** Ends a start that waits for servers. */
  readonly stopping?: AbortSignal
  /** See `ShardHostParts`; no setting leads here. */
  readonly endsWithLease?: boolean
  /** Stands before the store of shards, where something is to be tried that no real one does; no setting leads here. */
  readonly aroundStore?: (store: Store) => Store
  /** Likewise before the bus. */
  readonly aroundBus?: (bus: Bus) => Bus
}

/**
 * The composition root: builds one process with the roles that the config gives it. Rejects with a fault of one line, with everything closed again
 * that was opened.
 */
export async function startNode(config: Config, world: World, options: NodeOptions = {}): Promise<Node> {
  const closers = new Closers()
  try {
    return await build(config, world, options, closers)
  } catch (error) {
    await closers.close()
    if (error instanceof StoreFault || error instanceof NoUws) throw new StartFault(error.message, error)
    throw error
  }
}

async function build(config: Config, world: World, options: NodeOptions, closers: Closers): Promise<Node> {
  const { log } = world
  const readiness = new Readiness(world.clock)
  const metrics = createMetrics()
  const facts = new ProcessMetrics({ role: config.role, shards: config.shards, readiness, world })
  metrics.add(facts)
  closers.add(() => facts.close())
  const ops = await startOpsServer({ host: config.opsHost, port: config.opsPort, metrics, readiness, log })
  closers.add(() => ops.close())

  const node = world.random.id(10)
  const { routes = () => new Map(), stopping = new AbortController().signal, endsWithLease = true } = options
  const ports = around(await portsOf({ config, node, world, metrics, closers, stopping, readiness }), options)
  const calls = new Calls({ bus: ports.bus, world, node, shards: config.shards, limits: config })
  closers.add(() => calls.close())

  const { role } = config
  const ending = new Ending()
  let actors: ActorsRole | undefined
  const directory = new NodeDirectory({
    bus: ports.bus,
    world,
    node,
    report: () => ({ name: node, role, state: readiness.whyNot ?? 'ready', shards: actors?.owned() ?? [] }),
    onDrain: (by) => {
      log.info({ by }, 'asked to drain')
      ending.finish()
    },
  })
  closers.add(() => directory.close())
  const parts: RoleParts = { config, world, node, ports, calls, directory, metrics, ops, closers, readiness, stopping }
  if (role === 'actors' || role === 'all') actors = await startActors(parts, { endsWithLease, onUnable: (reason) => ending.fail(reason) })
  const dead = role === 'orders' || role === 'all' ? await startOrders(parts) : undefined
  const front = role === 'gateway' || role === 'all' ? await startGateway(parts, routes) : undefined
  const hasConsole = front !== undefined && config.console === 'yes'
  if (hasConsole) await serveConsole(parts, front, dead)
  readiness.ready()
  const { webPort: web = 0, rpcPort: rpc = 0, server } = front ?? {}
  log.info(
    {
      role,
      web,
      ops: ops.port,
      rpc,
      durability: durabilityText(config.durability),
      ...ports.facts,
      server,
      ...(hasConsole ? { console: consoleUrl(config, ops.port) } : {}),
    },
    'ready',
  )

  const stop = async (): Promise<void> => {
    if (closers.isEmpty) return
    readiness.notReady('stopping')
    await front?.gateway.drain(config.drainSeconds * 1000)
    await closers.close()
    ending.finish()
    log.info({}, 'stopped')
  }
  return { ports: { web, ops: ops.port, rpc }, clients: front, ended: ending.promise, stop }
}

/** Loads the clients of those servers only that it needs: they are a quarter of a start. */
async function portsOf(parts: Omit<ClusterPortsParts, 'urls'>): Promise<NodePorts> {
  const { config, world, metrics, closers } = parts
  if (config.cluster !== undefined) {
    const { openClusterPorts } = await import('./cluster-ports.ts')
    return openClusterPorts({ ...parts, urls: config.cluster })
  }
  const { openEmbeddedPorts } = await import('./embedded-ports.ts')
  return openEmbeddedPorts(config, world, metrics, closers)
}

function around(ports: NodePorts, { aroundStore = same, aroundBus = same }: NodeOptions): NodePorts {
  const actorPorts = async () => {
    const parts = await ports.actorPorts()
    return { ...parts, store: aroundStore(parts.store) }
  }
  return { ...ports, bus: aroundBus(ports.bus), actorPorts }
}

function same<T>(port: T): T {
  return port
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
