import { readSecrets } from '../../ops/secrets.ts'
import { BenchFault } from '../bench-fault.ts'
import type { Member, Role } from '../cluster/cluster-member.ts'
import { LocalCluster } from '../cluster/local-cluster.ts'
import type { NodeProgram } from '../links/changed-node.ts'
import { readBusBytes, readNodeMetrics } from './node-metrics.ts'
import type { Peer } from './peer.ts'
import { askRedis } from './redis-client.ts'
import type { ServerCounters } from './server-figures.ts'
import type { StartedSluiceOptions } from './sluice-peer.ts'
import { benchSettings, benchSku, benchUserHeader, openBenchSale, profileWords, settingWords } from './sluice-sale.ts'
import { sluiceWire } from './sluice-wire.ts'
import { TempFolder } from './temp-folder.ts'

const host = '127.0.0.1'
/**
 * The smallest whole cluster: nothing is paid for, but for what has to be sold out before it is measured. In the session of whoever measures, as every peer is, since Linux shares a busy
 * machine's processors among sessions first.
 */
const plan = { gateways: 1, actors: 1, nats: 1, replicas: 0, isApart: false } as const

export interface StartedClusterOptions extends StartedSluiceOptions {
  /** Others than the one that is shipped, by role. */
  readonly programs?: Readonly<Partial<Record<Role, NodeProgram>>>
}

/** Starts a cluster on this machine: a gateway and an actor node, each a process of its own, with NATS between them and Redis below. */
export async function startSluiceCluster(options: StartedClusterOptions): Promise<Peer> {
  const { transport, durability, run, snapshots, isSoldOut = false, profileFolder, programs = {} } = options
  const folder = new TempFolder('cluster')
  let cluster: LocalCluster | undefined
  const stop = async (): Promise<void> => {
    await cluster?.stop()
    await folder.remove()
  }
  try {
    const nodes = { programs, nodeFlags: profileWords(profileFolder), nodeWords: settingWords(benchSettings(snapshots)) }
    cluster = await LocalCluster.start({ ...plan, orders: isSoldOut ? 1 : 0, durability, folder: folder.path, ...nodes })
    const { members } = cluster
    const { web, rpc } = oneOf(members, 'gateway').ports
    const redisPort = Number(new URL(cluster.urls.redisUrl).port)
    if (!snapshots) await keepAof(redisPort)
    const secrets = await readSecrets(folder.path)
    if (secrets === undefined) throw new Error('a cluster without secrets')
    const { operatorKey } = secrets
    await openBenchSale(host, rpc, operatorKey, isSoldOut)
    const identity = { key: operatorKey, userHeader: benchUserHeader }
    return {
      name: 'cluster',
      target: {
        kind: 'sockets',
        host,
        port: transport === 'rpc' ? rpc : web,
        wire: sluiceWire(transport, benchSku, `${host}:${web}`, identity),
        run,
      },
      facts: { server: `cluster of ${members.map(({ name }) => name).join(', ')}`, durability },
      readCounters: () => readCounters(members, redisPort),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function oneOf(members: readonly Member[], kind: Member['kind']): Member {
  const member = members.find((one) => one.kind === kind)
  if (member === undefined) throw new BenchFault(`the cluster has no ${kind}`)
  return member
}

/** As the peer's Redis, it does not rewrite its AOF while it is measured. */
async function keepAof(redisPort: number): Promise<void> {
  await askRedis(redisPort, 'CONFIG', 'SET', 'auto-aof-rewrite-percentage', '0')
}

async function readCounters(members: readonly Member[], redisPort: number): Promise<ServerCounters> {
  const cpuSeconds = Object.fromEntries(members.map(({ name, process }) => [name, process.cpuSeconds()]))
  const [gateway, actors] = [oneOf(members, 'gateway').ports.ops, oneOf(members, 'actors').ports.ops]
  const node = await readNodeMetrics(host, actors)
  const [sent, answered] = await Promise.all([readBusBytes(host, gateway), readBusBytes(host, actors)])
  const lanes = Object.keys({ ...sent, ...answered })
  const bus = Object.fromEntries(lanes.map((lane) => [lane, (sent[lane] ?? 0) + (answered[lane] ?? 0)]))
  const info = `${await askRedis(redisPort, 'INFO', 'memory')}${await askRedis(redisPort, 'INFO', 'stats')}`
  const inRedis = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0)
  const storeNetwork = inRedis('total_net_input_bytes') + inRedis('total_net_output_bytes')
  return { ...node, cpuSeconds, bytes: { ...bus, storeNetwork, storeMemory: inRedis('used_memory') } }
}
