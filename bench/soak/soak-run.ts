import { readdirSync, statSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { realWorld } from '../../ops/world.ts'
import { connectRpc, type RpcClient } from '../../protocol/client/rpc-client.ts'
import { mixWire } from '../load/call-mix.ts'
import { newRun } from '../load/peer-load.ts'
import { thisCommit, thisMachine } from '../machine.ts'
import { startSluiceCluster } from '../servers/cluster-peer.ts'
import { startSluice, type StartedSluice } from '../servers/sluice-peer.ts'
import { measureBound } from './at-the-bound.ts'
import { readProcess } from './process-memory.ts'
import type { SoakOptions } from './soak-options.ts'
import { soakProgress } from './soak-progress.ts'
import { findingsOf, hundredths, type SoakReport, type SoakSample, summaryOf } from './soak-report.ts'
import { openSoakSale, restock, soakMix, visitedSkus } from './soak-sale.ts'
import { SteadyLoad } from './steady-load.ts'
import { Visitors } from './visitors.ts'

const host = '127.0.0.1'
const connections = 16
/** As deep as a node's default limit per connection, so that what is due is sent. */
const depth = 1_024
const sampleSeconds = { least: 1, most: 5 } as const
const samplesMin = 240
const restockEvery = 10
const visitorsPerVisit = 50
/** A quarter of the usual, so that each journal is compacted again and again while it is looked at. */
const snapshotEveryBytes = 16 * 1024 * 1024
const boundSeconds = { least: 2, most: 20 } as const
const boundShare = 1 / 60

/** The whole soak. Rejects with a {@link BenchFault}, or when it is stopped. */
export async function runSoak(options: SoakOptions, stop: AbortSignal): Promise<SoakReport> {
  const { peer, nodeFlags } = options
  const started = {
    transport: 'rpc',
    run: newRun(),
    snapshots: true,
    settings: { snapshotEveryBytes },
    takesPayments: true,
    nodeFlags,
  } as const
  const shop = await (peer === 'sluice'
    ? startSluice({ ...started, durability: 'fsync' })
    : startSluiceCluster({ ...started, durability: 'everysec' }))
  const client = connectRpc({ url: `tcp://${host}:${shop.rpcPort}`, key: shop.operatorKey, repeatBusy: false })
  try {
    await openSoakSale(client)
    return await new Soak(options, shop, client, stop).run()
  } finally {
    client.close()
    await shop.stop()
  }
}

class Soak {
  private readonly options: SoakOptions
  private readonly shop: StartedSluice
  private readonly client: RpcClient
  private readonly stop: AbortSignal
  private readonly world = realWorld({ debug: () => {}, info: () => {}, warn: () => {}, error: () => {} })
  private readonly seconds: number
  private readonly samples: SoakSample[] = []
  private restocked = 0

  constructor(options: SoakOptions, shop: StartedSluice, client: RpcClient, stop: AbortSignal) {
    this.options = options
    this.shop = shop
    this.client = client
    this.stop = stop
    this.seconds = options.minutes * 60
  }

  async run(): Promise<SoakReport> {
    const { options, shop, world } = this
    const at = new Date().toISOString()
    const plan = { rate: options.rate, connections, depth }
    const usersEach = Math.ceil(options.users / connections)
    const wire = mixWire(soakMix(usersEach), newRun(), shop.operatorKey)
    const load = await SteadyLoad.start({ host, port: shop.rpcPort, wire }, plan, world.timers)
    const visitors = new Visitors(
      {
        url: `ws://${host}:${shop.webPort}/v1/ws`,
        skus: visitedSkus,
        people: options.visits * visitorsPerVisit,
        perSecond: options.visits,
      },
      world,
    )
    try {
      await this.watch(load, visitors)
      const seconds = Math.round(Math.min(boundSeconds.most, Math.max(boundSeconds.least, this.seconds * boundShare)))
      const bound = await measureBound({
        ...{
          client: this.client,
          host,
          rpcPort: shop.rpcPort,
          key: shop.operatorKey,
          timers: world.timers,
          plan,
          seconds,
          stop: this.stop,
        },
        memory: async () => Object.values((await this.readProcesses()).processes).reduce((sum, { anonymous }) => sum + anonymous, 0),
      })
      const warmupSeconds = Math.round(options.warmup * 60)
      const settled = this.samples.filter(({ atSeconds }) => atSeconds >= warmupSeconds)
      const findings = findingsOf(settled)
      return {
        what: commandOf(options),
        commit: thisCommit(),
        machine: thisMachine(),
        at,
        peer: options.peer,
        minutes: options.minutes,
        warmupSeconds,
        rate: options.rate,
        users: usersEach * connections,
        visitsPerSecond: options.visits,
        findings,
        grows: findings.some(({ verdict }) => verdict === 'grows'),
        ...summaryOf(settled),
        visits: visitors.outcomes,
        restocked: this.restocked,
        bound,
        samples: this.samples,
      }
    } finally {
      load.stop()
      await visitors.close()
    }
  }

  /** Looks again and again, and keeps the shop in stock. */
  private async watch(load: SteadyLoad, visitors: Visitors): Promise<void> {
    const everySeconds = Math.min(sampleSeconds.most, Math.max(sampleSeconds.least, this.seconds / samplesMin))
    const progress = soakProgress(this.options.peer, this.seconds)
    const from = performance.now()
    let restockAt = restockEvery
    try {
      for (let due = everySeconds; due <= this.seconds; due += everySeconds) {
        await delay(Math.max(0, due * 1000 - (performance.now() - from)), undefined, { signal: this.stop })
        const sample = await this.look((performance.now() - from) / 1000, load, visitors)
        this.samples.push(sample)
        if (due >= restockAt) {
          restockAt += restockEvery
          this.restocked += await restock(this.client)
        }
        const memory = Object.values(sample.processes).reduce((sum, { resident }) => sum + resident, 0)
        progress.update(sample.atSeconds, `${Math.round(memory / 1024 ** 2)} MB, p99 ${sample.p99Ms} ms`)
      }
    } finally {
      progress.stop()
    }
  }

  private async look(atSeconds: number, load: SteadyLoad, visitors: Visitors): Promise<SoakSample> {
    const { calls, codes, latencies } = load.window()
    return {
      atSeconds: hundredths(atSeconds),
      ...(await this.readProcesses()),
      calls,
      codes,
      p50Ms: latencies.p50Ms,
      p99Ms: latencies.p99Ms,
      present: visitors.present,
      loadAverage: hundredths(loadavg()[0] ?? 0),
    }
  }

  private async readProcesses(): Promise<Pick<SoakSample, 'processes' | 'diskBytes'>> {
    const { processes, folder } = this.shop
    const read = await Promise.all(
      Object.entries(processes).map(async ([name, { pid, opsPort }]) => [name, await readProcess(pid, opsPort)] as const),
    )
    return { processes: Object.fromEntries(read), diskBytes: bytesIn(folder) }
  }
}

function commandOf({ peer, minutes, warmup, rate, users, visits }: SoakOptions): string {
  return `npm run bench:soak -- --peer ${peer} --minutes ${minutes} --warmup ${warmup} --rate ${rate} --users ${users} --visits ${visits}`
}

/** On disk, where a file that is mapped may have more bytes than it takes. */
function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + (statSync(join(parentPath, name), { throwIfNoEntry: false })?.blocks ?? 0) * blockBytes, 0)
}

/** Of `stat`, whatever the file system's are. */
const blockBytes = 512
