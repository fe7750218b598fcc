import { createSigner } from 'fast-jwt'
import { z } from 'zod'
import { NatsServer, type NatsServerOptions } from '../../bench/servers/nats-server.ts'
import { flagOf } from '../../ops/settings.ts'
import { connectRpc, type RpcClient } from '../../protocol/client/rpc-client.ts'
import { type RedisServerOptions, RedisServer } from '../servers/redis-server.ts'
import { type Finished, type ProcessOptions, SluiceProcess } from '../sluice-process.ts'

export const secrets = { jwtSecret: 'j'.repeat(32), backendKey: 'b'.repeat(16), operatorKey: 'o'.repeat(16) }
const settings = { shards: 4, webPort: 0, rpcPort: 0, opsPort: 0, leaseMs: 1_000, drainSeconds: 5, tickMs: 50, simulatedDelayMs: 10 }
const readyWithinMs = 60_000
const readyLine = z.object({ text: z.literal('ready'), node: z.string(), web: z.int(), ops: z.int(), rpc: z.int() })

export type Settings = Readonly<Record<string, string | number>>

/** What a process is started with beside its settings; `environment` goes over the cluster's own. */
export type LaunchOptions = Pick<ProcessOptions, 'environment' | 'program'>

/**
 * A real NATS, a real Redis and processes of Sluice between them, all on this machine and all gone after {@link stop}.
 *
 *     const cluster = await SmallCluster.start()
 *     const gateway = await cluster.ready('gateway')
 */
export class SmallCluster {
  readonly nats: NatsServer
  readonly redis: RedisServer
  private readonly members: ClusterMember[] = []

  private constructor(nats: NatsServer, redis: RedisServer) {
    this.nats = nats
    this.redis = redis
  }

  static async start(nats: NatsServerOptions = {}, redis: RedisServerOptions = {}): Promise<SmallCluster> {
    const natsServer = await NatsServer.start({ jetStream: true, ...nats })
    return new SmallCluster(natsServer, await RedisServer.start(redis))
  }

  /** Starts a process, which may not get ready. */
  launch(role: string, more: Settings = {}, { environment = {}, program }: LaunchOptions = {}): ClusterMember {
    const words = Object.entries({ ...settings, role, ...more }).flatMap(([name, value]) => [flagOf(name), String(value)])
    const shared = { environment: { ...this.environment, ...environment } }
    const run = new SluiceProcess(['start', ...words], program === undefined ? shared : { ...shared, program })
    const member = new ClusterMember(role, run)
    this.members.push(member)
    return member
  }

  async ready(role: string, more: Settings = {}, options: LaunchOptions = {}): Promise<ClusterMember> {
    const member = this.launch(role, more, options)
    await member.untilReady()
    return member
  }

  get environment(): Readonly<Record<string, string>> {
    return {
      SLUICE_NATS_URL: this.nats.url,
      SLUICE_REDIS_URL: this.redis.url,
      SLUICE_JWT_SECRET: secrets.jwtSecret,
      SLUICE_BACKEND_KEY: secrets.backendKey,
      SLUICE_OPERATOR_KEY: secrets.operatorKey,
    }
  }

  tokenOf(user: string): string {
    return createSigner({ key: secrets.jwtSecret, algorithm: 'HS256' })({ sub: user, exp: Math.floor(Date.now() / 1000) + 3_600 })
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()))
    await this.redis.remove()
    await this.nats.stop()
  }
}

/** One process of a cluster. */
export class ClusterMember {
  readonly run: SluiceProcess
  private readonly role: string
  private ports: z.output<typeof readyLine> | undefined

  constructor(role: string, run: SluiceProcess) {
    this.role = role
    this.run = run
  }

  async untilReady(): Promise<void> {
    this.ports = await this.run.waitFor(readyFields, `ready (${this.role})`, readyWithinMs)
  }

  /** Its name on the bus. */
  get name(): string {
    return this.known.node
  }

  get rpcUrl(): string {
    return `tcp://127.0.0.1:${this.known.rpc}`
  }

  get socketUrl(): string {
    return `ws://127.0.0.1:${this.known.web}/v1/ws`
  }

  get opsUrl(): string {
    return `http://127.0.0.1:${this.known.ops}`
  }

  /** A client with the operator's role; the caller closes it. */
  operator(): RpcClient {
    return connectRpc({ url: this.rpcUrl, key: secrets.operatorKey })
  }

  /** Resolves when a line of its log says so. */
  async says(text: string | RegExp): Promise<void> {
    await this.run.waitFor((out) => (out.search(text) === -1 ? undefined : true), `saying ${String(text)}`, readyWithinMs)
  }

  /** Asks it to stop, and resolves with how it ended. */
  terminate(): Promise<Finished> {
    this.run.signal('SIGTERM')
    return this.run.finished
  }

  async kill(): Promise<void> {
    this.run.signal('SIGKILL')
    await this.run.finished
  }

  private get known(): z.output<typeof readyLine> {
    if (this.ports === undefined) throw new Error(`the process is not ready:\n${this.run.log}`)
    return this.ports
  }
}

function readyFields(out: string): z.output<typeof readyLine> | undefined {
  const line = out.split('\n').find((one) => one.includes('"text":"ready"') && one.endsWith('}'))
  return line === undefined ? undefined : readyLine.parse(JSON.parse(line))
}
