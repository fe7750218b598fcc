import { loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadSecrets } from '../../ops/secrets.ts'
import { realRandom } from '../../ops/world.ts'
import { connectRpc, type RpcClient } from '../../protocol/client/rpc-client.ts'
import { hashText, shardOfHash } from '../../protocol/hash.ts'
import { BenchFault } from '../bench-fault.ts'
import type { Member } from '../cluster/cluster-member.ts'
import { LocalCluster } from '../cluster/local-cluster.ts'
import { benchSettings, profileWords, settingWords } from '../servers/sluice-sale.ts'
import type { CrowdReport } from './crowd-messages.ts'
import { Crowd } from './crowd.ts'
import { type GatewayMetrics, readGateway, residentBytes, slicesOver } from './gateway-figures.ts'
import { type LineOptions, socketsPerProcessMax } from './line-options.ts'
import { type GatewayFigures, type LineReport, quantile, type RestartFigures } from './line-report.ts'
import { checkShown, type Shown } from './line-truth.ts'
import { OtherPeople } from './other-people.ts'
import { ShardObserver } from './shard-observer.ts'

const sku = 'line'
const shards = 64
/** Before it is measured, so that nothing of the coming is under way any more. */
const settleMs = 2_000
/** After the last change, beside the bound. */
const marginMs = 500
const rpcSample = 500
/** People who neither leave nor are served, so that the line does not run out. */
const spareOthers = 200
const waitMsMax = 300_000
const holdTtlMs = 86_400_000

/** One run of `bench:line`. Rejects with a {@link BenchFault}. */
export async function measureLine(options: LineOptions, tell: (line: string) => void): Promise<LineReport> {
  const { gateways, sockets } = options
  const limits = { ...benchSettings(false), shards, connectionsMax: sockets + 1_000 }
  const cluster = await LocalCluster.start({
    ...{ gateways, actors: 1, orders: 0, nats: 1, durability: 'everysec', replicas: 0, isApart: false },
    nodeFlags: profileWords(options.profile),
    nodeWords: [...settingWords(limits), ...options.nodeWords],
  })
  const crowds: Crowd[] = []
  let rpc: RpcClient | undefined
  let observer: ShardObserver | undefined
  try {
    const { operatorKey } = await loadSecrets(cluster.folder.path, {}, realRandom)
    const gatewayList = gatewaysOf(cluster)
    rpc = connectRpc({ url: `tcp://127.0.0.1:${gatewayList[0]?.ports.rpc}`, key: operatorKey })
    observer = await ShardObserver.connect(cluster.urls.natsUrls[0] ?? '', sku, shardOfHash(hashText(sku), shards))
    await openLine(rpc)
    tell(`cluster of ${cluster.members.map(({ name }) => name).join(', ')}`)
    return await new LineRun({ options, cluster, crowds, rpc, observer, tell }).measure()
  } finally {
    await Promise.all(crowds.map((crowd) => crowd.close()))
    rpc?.close()
    await observer?.close()
    await cluster.stop()
  }
}

/** One unit, which somebody holds for long. */
async function openLine(rpc: RpcClient): Promise<void> {
  await rpc.saleCreate({ sale: sku, title: 'Line', opensAt: 0, skus: [{ sku, title: 'Line', priceMinor: 100, stock: 1, holdTtlMs }] })
  await rpc.saleOpen(sku)
  await rpc.as('holder').buy(sku)
}

interface RunParts {
  readonly options: LineOptions
  readonly cluster: LocalCluster
  readonly crowds: Crowd[]
  readonly rpc: RpcClient
  readonly observer: ShardObserver
  readonly tell: (line: string) => void
}

class LineRun {
  private readonly parts: RunParts
  private readonly others: OtherPeople
  private readonly yardstick = new Crowd()

  constructor(parts: RunParts) {
    this.parts = parts
    const { rpc, options } = parts
    this.others = new OtherPeople(rpc, sku, options.rate * options.seconds + spareOthers)
    parts.crowds.push(this.yardstick)
  }

  async measure(): Promise<LineReport> {
    const { options, crowds, observer, tell } = this.parts
    const list = gatewaysOf(this.parts.cluster)
    const emptyBytes = list.map(({ process }) => residentBytes(process.pid))
    await this.comeAll()
    await sleep(settleMs)
    const fullBytes = list.map(({ process }) => residentBytes(process.pid))

    const before = await Promise.all(list.map(({ ports }) => readGateway(ports.ops)))
    for (const crowd of crowds) crowd.tell({ kind: 'measure' })
    const from = Date.now()
    const departed = observer.truth.departures
    await this.others.go(options.rate, options.seconds, (done) => tell(`${done} s of ${options.seconds}: ${observer.truth.waiting} wait`))
    const took = (Date.now() - from) / 1000
    const after = await Promise.all(list.map(({ ports }) => readGateway(ports.ops)))
    const departures = observer.truth.departures - departed
    const idleLoopDelayP99Ms = rounded((await this.yardstick.report()).loopDelayP99Ms)
    const boundMs = Math.max(...after.map(({ values }) => Math.round((values.get('sluice_position_bound_seconds') ?? 0) * 1000)))
    await sleep(boundMs + marginMs)
    const to = Date.now()
    const reports = await Promise.all(this.people.map((crowd) => crowd.report()))
    if (!observer.isWhole) throw new BenchFault('the observer missed broadcasts, so that nobody knows the truth')

    const found = this.check(reports, from, to)
    const figures = list.map((_, i) =>
      gatewayFigures(before[i], after[i], took, ((fullBytes[i] ?? 0) - (emptyBytes[i] ?? 0)) / (options.sockets / list.length)),
    )
    return {
      sockets: options.sockets,
      gateways: options.gateways,
      departuresPerSecond: Math.round(departures / took),
      seconds: options.seconds,
      boundMs,
      lag: {
        p50Ms: quantile(found.worst, 0.5),
        p99Ms: quantile(found.worst, 0.99),
        mostMs: quantile(found.worst, 1),
        clientsBeyondBound: found.worst.filter((ms) => ms > boundMs).length,
      },
      rises: found.rises,
      tooGood: found.tooGood,
      wrongAtEnd: found.wrongAtEnd,
      askedByRpc: await this.askByRpc(reports),
      framesPerSecond: figures.reduce((sum, { framesPerSecond }) => sum + framesPerSecond, 0),
      gatewayFigures: figures,
      idleLoopDelayP99Ms,
      generatorLoopDelayP99Ms: reports.map(({ loopDelayP99Ms }) => rounded(loopDelayP99Ms)),
      loadAverage: rounded(loadavg()[0] ?? 0),
      ...(options.restart ? { restart: await this.restart() } : {}),
    }
  }

  private get people(): readonly Crowd[] {
    return this.parts.crowds.filter((crowd) => crowd !== this.yardstick)
  }

  /** People with sockets and others, mixed. */
  private async comeAll(): Promise<void> {
    const { options, crowds, cluster, tell } = this.parts
    const { sockets, connectRate } = options
    const processes = Math.ceil(sockets / socketsPerProcessMax)
    const ports = gatewaysOf(cluster).map((gateway) => gateway.ports.web)
    for (let i = 0; i < processes; i++) {
      const first = Math.floor((i * sockets) / processes)
      const count = Math.floor(((i + 1) * sockets) / processes) - first
      const crowd = new Crowd()
      crowds.push(crowd)
      crowd.tell({ kind: 'gateways', ports })
      crowd.tell({ kind: 'come', first, count, sku, localAddress: `127.0.0.${2 + i}`, connectRate: connectRate / processes })
    }
    let told = 0
    await until(async () => {
      const here = this.here()
      await this.others.comeUntil(here / sockets)
      if (Date.now() - told > 2_000) {
        told = Date.now()
        tell(`${here} of ${sockets} sockets wait, and ${this.others.waiting} others`)
      }
      return here === sockets
    }, 'not everybody came')
  }

  private here(): number {
    return this.people.reduce((sum, { counts }) => sum + counts.here, 0)
  }

  private check(reports: readonly CrowdReport[], from: number, to: number) {
    const worst: number[] = []
    let [rises, tooGood, wrongAtEnd] = [0, 0, 0]
    for (const report of reports) {
      const shown = shownOf(report)
      for (const [i, ticket] of report.tickets.entries()) {
        const history = this.parts.observer.truth.historyOf(ticket)
        if (history === undefined) throw new BenchFault(`nobody heard of ticket ${ticket}`)
        const checked = checkShown(history, shown[i] ?? [], from, to)
        worst.push(checked.lagsMs.reduce((most, ms) => Math.max(most, ms), 0))
        rises += checked.rises
        tooGood += checked.tooGood
        if (!checked.isRight) wrongAtEnd++
      }
    }
    worst.sort((a, b) => a - b)
    return { worst, rises, tooGood, wrongAtEnd }
  }

  /** The actor's own word, which comes another way than the broadcasts. */
  private async askByRpc(reports: readonly CrowdReport[]): Promise<{ readonly clients: number; readonly wrong: number }> {
    const { options, rpc } = this.parts
    const step = Math.max(1, Math.floor(options.sockets / rpcSample))
    let [clients, wrong] = [0, 0]
    for (const report of reports) {
      const shown = shownOf(report)
      for (let i = 0; i < report.tickets.length; i += step) {
        const claim = await rpc.as(`w-${report.first + i}`).claim(sku)
        if (claim.state !== 'queued') continue
        clients++
        if (claim.ahead !== shown[i]?.at(-1)?.ahead) wrong++
      }
    }
    return { clients, wrong }
  }

  /** A gateway dies under its clients, and another takes its place. */
  private async restart(): Promise<RestartFigures> {
    const { cluster, tell } = this.parts
    const victim = gatewaysOf(cluster).at(-1)
    if (victim === undefined) throw new BenchFault('there is no gateway')
    const all = this.here()
    const killedAt = Date.now()
    await cluster.end(victim, 'SIGKILL')
    await until(async () => this.people.some(({ counts }) => counts.away > 0), 'nobody noticed that the gateway was killed')
    await cluster.add('gateway')
    const readyAt = Date.now()
    const ports = gatewaysOf(cluster).map((gateway) => gateway.ports.web)
    for (const crowd of this.people) crowd.tell({ kind: 'gateways', ports })
    tell(`a gateway was killed, and another one is ready after ${readyAt - killedAt} ms`)
    await until(async () => this.people.every(({ counts }) => counts.away === 0) && this.here() === all, 'not everybody came back')
    const reports = await Promise.all(this.people.map((crowd) => crowd.report()))
    const backAt = reports.flatMap(({ returnedAt }) => [...returnedAt].filter((at) => at > 0)).sort((a, b) => a - b)
    const backMs = backAt.map((at) => at - readyAt)
    return {
      clients: backAt.length,
      downMs: readyAt - killedAt,
      allBackMs: quantile(backMs, 1),
      backP50Ms: quantile(backMs, 0.5),
      mostInATenth: mostWithin(backMs, 100),
      lost: all - this.here(),
    }
  }
}

function gatewaysOf(cluster: LocalCluster): readonly Member[] {
  return cluster.members.filter(({ kind }) => kind === 'gateway')
}

function shownOf({ tickets, whom, at, ahead }: CrowdReport): readonly (readonly Shown[])[] {
  const shown: Shown[][] = Array.from(tickets, () => [])
  for (const [i, client] of whom.entries()) shown[client]?.push({ at: at[i] as number, ahead: ahead[i] as number })
  return shown
}

function gatewayFigures(
  before: GatewayMetrics | undefined,
  after: GatewayMetrics | undefined,
  seconds: number,
  bytesPerSocket: number,
): GatewayFigures {
  if (before === undefined || after === undefined) throw new BenchFault('a gateway was not asked')
  const rise = (name: string): number => (after.values.get(name) ?? 0) - (before.values.get(name) ?? 0)
  return {
    loopDelayP99Ms: rounded((after.values.get('nodejs_eventloop_lag_p99_seconds') ?? 0) * 1000),
    loopDelayMeanMs: rounded((after.values.get('nodejs_eventloop_lag_mean_seconds') ?? 0) * 1000),
    slicesOver10Ms: Math.round(slicesOver(before, after, 0.01) * 10_000) / 10_000,
    cores: rounded(rise('process_cpu_seconds_total') / seconds),
    bytesPerSocket: Math.round(bytesPerSocket),
    framesPerSecond: Math.round(rise('sluice_position_frames_total') / seconds),
    roundsEncoded: rise('sluice_position_rounds_encoded_total'),
  }
}

/** The most of these rising times that lie within so many ms of each other. */
function mostWithin(times: readonly number[], ms: number): number {
  let most = 0
  let from = 0
  for (const [to, time] of times.entries()) {
    while (time - (times[from] as number) > ms) from++
    most = Math.max(most, to - from + 1)
  }
  return most
}

async function until(isSo: () => Promise<boolean>, otherwise: string): Promise<void> {
  const end = Date.now() + waitMsMax
  while (!(await isSo())) {
    if (Date.now() > end) throw new BenchFault(`${otherwise} within ${waitMsMax / 1000} s`)
    await sleep(50)
  }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
