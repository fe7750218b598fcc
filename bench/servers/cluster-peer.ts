import { readSecrets } from '../../ops/secrets.ts'
import { BenchFault } from '../bench-fault.ts'
import type { Member, Role } from '../cluster/cluster-member.ts'
import { LocalCluster } from '../cluster/local-cluster.ts'
import type { NodeProgram } from '../links/changed-node.ts'
import { readNodeMetrics } from './node-metrics.ts'
import { askRedis } from './redis-client.ts'
import { type ServerCounters, togetherOf } from './server-figures.ts'
import type { StartedSluice, StartedSluiceOptions } from './sluice-peer.ts'
import { benchSettings, benchSku, benchUserHeader, openBenchSale, profileWords, settingWords } from './sluice-sale.ts'
import { sluiceWire } from './sluice-wire.ts'
import { TempFolder } from './temp-folder.ts'

const host = '127.0.0.1'
/**
 * The smallest whole cluster: nothing is paid for, but for what has to be sold out before it is measured. In the session of whoever measures, as every peer is, since Linux shares a busy
 * machine's processors among sessions first.
 */
const plan = { gateways: 1, nats: 1, replicas: 0, isApart: false } as const

export interface StartedClusterOptions extends StartedSluiceOptions {
  /** Others than the one that is shipped, by role. */
  readonly programs?: Readonly<Partial<Record<Role, NodeProgram>>>
}

/** Starts a cluster on this machine: a gateway and an actor node, each a process of its own, with NATS between them and Redis below. */
export async function startSluiceCluster(options: StartedClusterOptions): Promise<StartedSluice> {
  const { transport, durability, run, snapshots, isSoldOut = false, takesPayments = isSoldOut, actors = 1 } = options
  const { profileFolder, nodeFlags = [], settings = {}, mix, programs = {} } = options
  const folder = new TempFolder('cluster')
  let cluster: LocalCluster | undefined
  const stop = async (): Promise<void> => {
    await cluster?.stop()
    await folder.remove()
  }
  try {
    const nodes = {
      programs,
      nodeFlags: [...nodeFlags, ...profileWords(profileFolder)],
      nodeWords: settingWords({ ...benchSettings(snapshots), ...settings }),
    }
    cluster = await LocalCluster.start({ ...plan, actors, orders: takesPayments ? 1 : 0, durability, folder: folder.path, ...nodes })
    const { members } = cluster
    const { web, rpc } = oneOf(members, 'gateway').ports
    const redisPort = Number(new URL(cluster.urls.redisUrl).port)
    if (!snapshots) await keepAof(redisPort)
    const secrets = await readSecrets(folder.path)
    if (secrets === undefined) throw new Error('a cluster without secrets')
    const { operatorKey } = secrets
    await openBenchSale(host, rpc, operatorKey, options)
    const identity = { key: operatorKey, userHeader: benchUserHeader }
    return {
      name: 'cluster',
      target: {
        kind: 'sockets',
        host,
        port: transport === 'rpc' ? rpc : web,
        wire: mix === undefined ? sluiceWire(transport, benchSku, `${host}:${web}`, identity) : { protocol: 'mix', mix, key: operatorKey },
        run,
      },
      facts: { server: `cluster of ${members.map(({ name }) => name).join(', ')}`, durability },
      readCounters: () => readCounters(members, redisPort),
      stop,
      webPort: web,
      rpcPort: rpc,
      operatorKey,
      folder: folder.path,
      processes: Object.fromEntries(
        members.filter(({ kind }) => kind !== 'server').map(({ name, process, ports }) => [name, { pid: process.pid, opsPort: ports.ops }]),
      ),
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
  const nodes = members.filter(({ kind }) => kind !== 'server')
  const read = await Promise.all(nodes.map(async ({ name, ports }) => [name, await readNodeMetrics(host, ports.ops)] as const))
  const all = togetherOf(Object.fromEntries(read))
  const info = `${await askRedis(redisPort, 'INFO', 'memory')}${await askRedis(redisPort, 'INFO', 'stats')}`
  const inRedis = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0)
  const storeNetwork = inRedis('total_net_input_bytes') + inRedis('total_net_output_bytes')
  return { ...all, cpuSeconds, bytes: { ...all.bytes, storeNetwork, storeMemory: inRedis('used_memory') } }
}
