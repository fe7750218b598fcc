import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { loadSecrets } from '../../ops/secrets.ts'
import { flagOf, variableOf } from '../../ops/settings.ts'
import { realRandom } from '../../ops/world.ts'
import { ServerProcess } from '../servers/server-process.ts'
import { ClusterFolder } from './cluster-folder.ts'
import { type Launch, type Member, type Ready, type Role, roles, together } from './cluster-member.ts'
import type { ClusterPlan } from './cluster-options.ts'
import { type ServerUrls, startServers } from './cluster-servers.ts'

const mainPath = fileURLToPath(new URL('../../ops/main.js', import.meta.url))
/** A clean stop takes as long as clients get to move elsewhere. */
const drainSeconds = 1
/** Three servers keep an order through the loss of one; more only cost time. */
const queueReplicasMax = 3
const nodeStopMs = 60_000

/**
 * The processes of a cluster on this machine, from NATS to gateways.
 *
 *     const cluster = await LocalCluster.start(options)
 *     await cluster.stop()      gateways first, then the other nodes, then the servers
 */
export class LocalCluster {
  readonly folder: ClusterFolder
  readonly members: Member[] = []
  urls: ServerUrls = { natsUrls: [], redisUrl: '' }
  /** Who ended without being asked to. */
  onDeath: (member: Member, how: string) => void = () => {}
  private readonly options: ClusterPlan
  private environment: Readonly<Record<string, string>> = {}
  private started = 0
  private isStopping = false
  private hasDead = false

  private constructor(folder: ClusterFolder, options: ClusterPlan) {
    this.folder = folder
    this.options = options
  }

  /** Rejects with a fault of one line, with everything stopped again that was started; the logs stay. */
  static async start(options: ClusterPlan): Promise<LocalCluster> {
    const cluster = new LocalCluster(await ClusterFolder.open(options.folder), options)
    try {
      cluster.urls = await startServers(options, cluster.folder, cluster.launch)
      await cluster.startNodes()
      return cluster
    } catch (error) {
      cluster.hasDead = true
      await cluster.stop()
      throw error
    }
  }

  /** One more node, like those of the start. */
  add(role: Role): Promise<Member> {
    const index = this.started++
    return this.startNode(role, `${role}-${index + 1}`, this.settingsOf(role, index))
  }

  /** Ends a node that is not missed: as a crash would, or in order. */
  async end(member: Member, how: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.members.splice(this.members.indexOf(member), 1)
    await (how === 'SIGKILL' ? member.process.kill() : member.process.stop(nodeStopMs))
  }

  /** Each kind waits for the one before to end: answers to clients still need actors, and actors their store. */
  async stop(): Promise<void> {
    this.isStopping = true
    for (const kinds of [['gateway'], ['orders', 'actors'], ['server']]) {
      await Promise.all(this.members.filter(({ kind }) => kinds.includes(kind)).map((member) => member.process.stop(nodeStopMs)))
    }
    await this.folder.close(!this.hasDead)
  }

  private async startNodes(): Promise<void> {
    const secrets = await loadSecrets(this.folder.path, {}, realRandom)
    this.environment = {
      [variableOf('natsUrl')]: this.urls.natsUrls.join(','),
      [variableOf('redisUrl')]: this.urls.redisUrl,
      ...Object.fromEntries(Object.entries(secrets).map(([name, value]) => [variableOf(name), value])),
    }
    const counts = { gateway: this.options.gateways, actors: this.options.actors, orders: this.options.orders }
    const starts = roles.flatMap((role) =>
      Array.from({ length: counts[role] }, (_one, i) => this.startNode(role, `${role}-${i + 1}`, this.settingsOf(role, i))),
    )
    this.started = Math.max(...Object.values(counts))
    await together(starts)
  }

  private settingsOf(role: Role, index: number): Readonly<Record<string, string | number>> {
    const { firstPort, durability, nats } = this.options
    const first = role === 'gateway' && firstPort !== undefined ? firstPort + 3 * index : undefined
    const ports = first === undefined ? { webPort: 0, opsPort: 0, rpcPort: 0 } : { webPort: first, opsPort: first + 1, rpcPort: first + 2 }
    const queueReplicas = Math.min(nats, queueReplicasMax)
    return { role, ...ports, durability, queueReplicas, drainSeconds, dataFolder: this.folder.path }
  }

  private startNode(role: Role, name: string, settings: Readonly<Record<string, string | number>>): Promise<Member> {
    const program = this.options.programs?.[role] ?? { path: mainPath, environment: {} }
    const environment = { ...this.environment, ...program.environment }
    const words = Object.entries(settings).flatMap(([setting, value]) => [flagOf(setting), String(value)])
    const args = [...(this.options.nodeFlags ?? []), program.path, 'start', ...words, ...this.options.nodeWords]
    return this.launch({ name, kind: role, path: process.execPath, args, environment, install: 'build it with: npm run build' }, readyNode)
  }

  private readonly launch: Launch = async (command, readyFrom) => {
    const logPath = this.folder.logOf(command.name)
    const { process: started, ready } = await ServerProcess.start({ ...command, logPath, isApart: this.options.isApart }, readyFrom)
    const member = { name: command.name, kind: command.kind, ...ready, logPath, process: started }
    this.members.push(member)
    void started.ended.then((how) => {
      if (this.isStopping || !this.members.includes(member)) return
      this.hasDead = true
      this.onDeath(member, how)
    })
    return member
  }
}

const readyLine = z.object({ text: z.literal('ready'), node: z.string(), web: z.int(), ops: z.int(), rpc: z.int() })

/** The log line of a node that is ready: one JSON object a line. */
function readyNode(line: string): Ready | undefined {
  if (!line.includes('"text":"ready"')) return undefined
  const { node, web, ops, rpc } = readyLine.parse(JSON.parse(line))
  return { node, ports: { web, ops, rpc, server: 0 } }
}
