import { createServer, type Server } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { RpcClient } from '../../protocol/client/rpc-client.ts'
import { type ClusterMember, type Settings, SmallCluster } from '../cluster/small-cluster.ts'
import { freePorts } from '../free-ports.ts'
import { listenOn, portOf } from '../loopback.ts'
import { ProviderServer } from '../payment/provider-server.ts'
import { until } from '../servers/until.ts'
import { pageOf } from './every-role.ts'
import { PrometheusServer, type Target } from './prometheus-server.ts'

type Role = 'gateway' | 'actors' | 'orders'

const secret = 'between-the-two-of-us-and-nobody-else'
const office = { SLUICE_OFFICE_URL: 'http://127.0.0.1:9', SLUICE_OFFICE_SECRET: secret }

/** As `npm run cluster` has it, with a second worker that asks another provider. */
const topology: readonly (readonly [name: string, role: Role, more: Settings])[] = [
  ['gateway-1', 'gateway', { admitPerSecond: 10_000 }],
  ['gateway-2', 'gateway', { admitPerSecond: 10_000 }],
  ['actors-1', 'actors', {}],
  ['actors-2', 'actors', {}],
  ['actors-3', 'actors', {}],
  ['orders-1', 'orders', {}],
  ['orders-2', 'orders', { paymentProvider: 'http', paymentDeadlineMs: 1_000 }],
]

/** A cluster of real processes with a real Prometheus that watches it, and one target more, which says what the test has it say. */
export class WatchedCluster {
  readonly cluster: SmallCluster
  readonly provider: ProviderServer
  readonly prometheus: PrometheusServer
  /** The page of metrics of a target of its own. */
  told = ''
  private readonly nodes: Map<string, ClusterMember>
  private readonly opsPorts: ReadonlyMap<string, number>
  private readonly teller: Server

  private constructor(
    parts: Pick<WatchedCluster, 'cluster' | 'provider' | 'prometheus'>,
    nodes: Map<string, ClusterMember>,
    opsPorts: ReadonlyMap<string, number>,
    teller: Server,
  ) {
    this.cluster = parts.cluster
    this.provider = parts.provider
    this.prometheus = parts.prometheus
    this.nodes = nodes
    this.opsPorts = opsPorts
    this.teller = teller
    teller.on('request', (_, response) => response.end(this.told))
  }

  static async start(): Promise<WatchedCluster> {
    const ports = await freePorts(topology.length)
    const opsPorts = new Map(topology.map(([name], i) => [name, ports[i] ?? 0]))
    const cluster = await SmallCluster.start()
    const provider = await ProviderServer.start({ secret })
    const teller = createServer()
    await listenOn(teller, 0)
    const nodes = topology.map(([name, role]): Target => ({ job: role, name, address: `127.0.0.1:${opsPorts.get(name)}` }))
    const prometheus = await PrometheusServer.start([...nodes, { job: 'all', name: 'teller', address: `127.0.0.1:${portOf(teller)}` }])
    const watched = new WatchedCluster({ cluster, provider, prometheus }, new Map(), opsPorts, teller)
    await Promise.all(topology.map(([name]) => watched.launch(name)))
    return watched
  }

  /** Starts a process, for the first time or again, on the same ops port. */
  async launch(name: string): Promise<void> {
    const [, role, more] = topology.find(([one]) => one === name) ?? []
    if (role === undefined) throw new Error(`there is no ${name}`)
    const environment = { ...office, SLUICE_PAYMENT_URL: this.provider.url, SLUICE_PAYMENT_SECRET: secret }
    const opsPort = this.opsPorts.get(name) ?? 0
    this.nodes.set(name, await this.cluster.ready(role, { ...more, opsPort }, role === 'gateway' ? {} : { environment }))
  }

  node(name: string): ClusterMember {
    const node = this.nodes.get(name)
    if (node === undefined) throw new Error(`there is no ${name}`)
    return node
  }

  page(name: string): Promise<string> {
    return pageOf(this.node(name).opsUrl)
  }

  operator(): RpcClient {
    return this.node('gateway-1').operator()
  }

  /** Resolves when the alert fires, with its summaries. */
  async fires(alert: string, about = /./): Promise<readonly string[]> {
    let summaries: readonly string[] = []
    await until(async () => {
      summaries = (await this.summariesOf(alert)).filter((summary) => about.test(summary))
      return summaries.length > 0
    }, alertWithinMs)
    return summaries
  }

  async clears(alert: string): Promise<void> {
    await until(async () => (await this.summariesOf(alert)).length === 0, alertWithinMs)
  }

  /** Of those that fire. Not more often than alerts are looked at, for Prometheus has scrapes to make. */
  private async summariesOf(alert: string): Promise<readonly string[]> {
    await delay(lookEveryMs)
    const firing = (await this.prometheus.firing()).filter(({ labels }) => labels['alertname'] === alert)
    return firing.map(({ annotations }) => annotations['summary'] ?? '')
  }

  async stop(): Promise<void> {
    await this.prometheus.stop()
    await this.cluster.stop()
    await this.provider.stop()
    this.teller.closeAllConnections()
    this.teller.close()
  }
}

const alertWithinMs = 120_000
const lookEveryMs = 500
