import type { Door, RushSite } from '../faults/rush.ts'
import { freePorts } from '../free-ports.ts'
import { RedisServer } from '../servers/redis-server.ts'
import { TcpProxy } from '../servers/tcp-proxy.ts'
import type { Finished } from '../sluice-process.ts'
import type { Role, Server } from './fault-plan.ts'
import { type ClusterMember, type LaunchOptions, secrets, type Settings, SmallCluster } from './small-cluster.ts'

/** No limit on what one address may ask for: a whole crowd comes from it. */
const roomy = { addressRatePerSecond: 1_000_000, addressBurst: 1_000_000, userRatePerSecond: 1_000_000, userBurst: 1_000_000 }

/**
 * A cluster of several processes, each with a line of its own to NATS and to Redis, which can be troubled; a process that is started again has the ports
 * of the one before. Redis has a replica.
 *
 *     const cluster = await FaultyCluster.start({ gateway: 2, actors: 3, orders: 1 })
 *     cluster.node('actors', 0).lines.redis.state = 'held'
 */
export class FaultyCluster implements RushSite {
  readonly secrets = secrets
  readonly servers: SmallCluster
  readonly replica: RedisServer
  private readonly nodes: readonly FaultyNode[]

  private constructor(servers: SmallCluster, replica: RedisServer, nodes: readonly FaultyNode[]) {
    this.servers = servers
    this.replica = replica
    this.nodes = nodes
  }

  static async start(
    counts: Readonly<Record<Role, number>>,
    settings: Settings = {},
    environment: LaunchOptions['environment'] = {},
  ): Promise<FaultyCluster> {
    const [natsPort = 0] = await freePorts(1)
    const servers = await SmallCluster.start({ port: natsPort })
    const replica = await RedisServer.start({ replicaOf: servers.redis })
    // Actors first: gateways that start have somebody to ask.
    const roles: readonly Role[] = ['actors', 'orders', 'gateway']
    const wanted = roles.flatMap((role) => Array.from({ length: counts[role] }, () => role))
    const nodes = await Promise.all(wanted.map((role) => FaultyNode.make(servers, role, { settings, environment })))
    const cluster = new FaultyCluster(servers, replica, nodes)
    try {
      await Promise.all(nodes.map((node) => node.start()))
      return cluster
    } catch (error) {
      await cluster.stop()
      throw error
    }
  }

  get doors(): readonly Door[] {
    return this.all('gateway')
  }

  tokenOf(user: string): string {
    return this.servers.tokenOf(user)
  }

  all(role: Role): readonly FaultyNode[] {
    return this.nodes.filter((node) => node.role === role)
  }

  node(role: Role, index: number): FaultyNode {
    const node = this.all(role)[index]
    if (node === undefined) throw new Error(`there is no ${role} ${index}`)
    return node
  }

  /** Asks every process to stop; resolves with how each ended. The servers stay. */
  terminate(): Promise<readonly Finished[]> {
    return Promise.all(this.nodes.map((node) => node.member.terminate()))
  }

  /** Ends a server as a crash would, or NATS in order, and starts it again. */
  async restart(server: Server, whileDown: () => Promise<void>): Promise<void> {
    const { nats, redis } = this.servers
    await (server === 'nats' ? nats.halt() : redis.kill())
    await whileDown()
    await (server === 'nats' ? nats.resume() : redis.start())
  }

  /** Kills NATS, takes away what JetStream stored, and starts it again. */
  async loseStreams(whileDown: () => Promise<void>): Promise<void> {
    const { nats } = this.servers
    nats.signal('SIGKILL')
    await nats.halt()
    nats.forget()
    await whileDown()
    await nats.resume()
  }

  async stop(): Promise<void> {
    await this.servers.stop()
    await this.replica.remove()
    await Promise.all(this.nodes.map((node) => node.close()))
  }
}

interface NodeWish {
  readonly settings: Settings
  readonly environment: NonNullable<LaunchOptions['environment']>
}

/** One process after another in the same place. */
export class FaultyNode implements Door {
  readonly role: Role
  readonly lines: Readonly<Record<Server, TcpProxy>>
  private readonly servers: SmallCluster
  private readonly wish: NodeWish
  private current: ClusterMember | undefined

  private constructor(servers: SmallCluster, role: Role, wish: NodeWish, lines: Readonly<Record<Server, TcpProxy>>) {
    this.servers = servers
    this.role = role
    this.wish = wish
    this.lines = lines
  }

  static async make(servers: SmallCluster, role: Role, { settings, environment }: NodeWish): Promise<FaultyNode> {
    const [webPort = 0, rpcPort = 0, opsPort = 0] = await freePorts(3)
    const lines = { nats: await TcpProxy.start(servers.nats.port), redis: await TcpProxy.start(servers.redis.port) }
    return new FaultyNode(servers, role, { settings: { ...roomy, ...settings, webPort, rpcPort, opsPort }, environment }, lines)
  }

  get member(): ClusterMember {
    if (this.current === undefined) throw new Error(`the ${this.role} was never started`)
    return this.current
  }

  get rpcUrl(): string {
    return this.member.rpcUrl
  }

  get socketUrl(): string {
    return this.member.socketUrl
  }

  /** Resolves when it is ready. */
  async start(): Promise<void> {
    const { nats, redis } = this.lines
    const { settings, environment } = this.wish
    const lines = { SLUICE_NATS_URL: `nats://127.0.0.1:${nats.port}`, SLUICE_REDIS_URL: `redis://127.0.0.1:${redis.port}` }
    this.current = await this.servers.ready(this.role, settings, { environment: { ...environment, ...lines } })
  }

  async close(): Promise<void> {
    await Promise.all([this.lines.nats.close(), this.lines.redis.close()])
  }
}
