import { randomInt } from 'node:crypto'
import { LoopTimers } from '../../ops/loop-timers.ts'
import { realClock } from '../../ops/world.ts'
import { connectRpc, type RpcClient } from '../../protocol/client/rpc-client.ts'
import { residentBytes } from '../line/gateway-figures.ts'
import { changedNode } from '../links/changed-node.ts'
import { progressBar } from '../load/load-progress.ts'
import { type LoadPlan, runLoad, type LoadTally } from '../load/load-run.ts'
import { runDigits } from '../load/wire.ts'
import { readFunnel } from '../servers/node-metrics.ts'
import { startSluice, type StartedNode } from '../servers/sluice-peer.ts'
import { benchSku } from '../servers/sluice-sale.ts'
import { type CheckoutFigures, Holders } from './checkouts.ts'
import { type FloodCase, type FloodOptions, usualCap } from './flood-options.ts'
import { type FloodFigures, type PhaseFigures, phaseOf } from './flood-report.ts'

const host = '127.0.0.1'
const checkoutsPerSecond = 50
const capSecondsMax = 4
const memoryEveryMs = 500
/** As many calls at a time as show what the node serves, and as many as a flood may have under way. */
const shapes = {
  ws: { capacity: { connections: 256, depth: 2 }, flood: { connections: 256, depth: 1_024 } },
  http: { capacity: { connections: 512, depth: 1 }, flood: { connections: 4_096, depth: 1 } },
} as const

/** One flood, on a node of its own. */
export async function runFlood(one: FloodCase, options: FloodOptions, stop: AbortSignal): Promise<FloodFigures> {
  const run = randomInt(36 ** runDigits)
    .toString(36)
    .padStart(runDigits, '0')
  const node = await startSluice({
    transport: one.transport,
    durability: 'everysec',
    run,
    snapshots: false,
    program: changedNode({ slowStore: { perSecond: capOf(one, options) } }),
  })
  const client = connectRpc({ url: `tcp://${host}:${node.rpcPort}`, key: node.operatorKey, repeatBusy: false })
  try {
    return await new Flood(one, options, node, client, stop).run()
  } finally {
    client.close()
    await node.stop()
  }
}

function capOf({ transport }: FloodCase, { cap }: FloodOptions): number {
  return cap ?? usualCap[transport]
}

class Flood {
  private readonly one: FloodCase
  private readonly options: FloodOptions
  private readonly node: StartedNode
  private readonly client: RpcClient
  private readonly stop: AbortSignal
  private readonly timers = new LoopTimers(realClock)

  constructor(one: FloodCase, options: FloodOptions, node: StartedNode, client: RpcClient, stop: AbortSignal) {
    this.one = one
    this.options = options
    this.node = node
    this.client = client
    this.stop = stop
  }

  async run(): Promise<FloodFigures> {
    const { seconds, warmup: warmupSeconds, times } = this.options
    const holders = await Holders.of(this.client, benchSku, Math.ceil(checkoutsPerSecond * seconds * 2))
    const shape = shapes[this.one.transport]
    const capacity = await this.load('capacity', {
      ...shape.capacity,
      seconds: Math.min(seconds, capSecondsMax),
      warmupSeconds: 1,
      rate: undefined,
    })
    const capPerSecond = capacity.calls / capacity.seconds
    const plan = { ...shape.flood, seconds, warmupSeconds }
    const half = await this.phase('half of it', { ...plan, rate: capPerSecond / 2 }, holders)
    const flood = await this.phase(`${times} times as much`, { ...plan, rate: capOf(this.one, this.options) * times }, holders)
    return { ...this.one, times, capPerSecond: Math.round(capPerSecond), half, flood, layers: await readFunnel(host, this.node.opsPort) }
  }

  private async phase(name: string, plan: LoadPlan & { readonly rate: number }, holders: Holders): Promise<PhaseFigures> {
    const memory = new MemoryLog(this.node.pid)
    let checkingOut: Promise<CheckoutFigures> | undefined
    const measuring = (): void => {
      memory.start()
      checkingOut = holders.checkOut(checkoutsPerSecond, plan.seconds, this.timers, this.stop)
      // Awaited below; if the load fails first, that is what has to be told.
      checkingOut.catch(() => {})
    }
    try {
      const tally = await this.load(name, plan, measuring)
      const checkouts = await checkingOut
      if (checkouts === undefined) throw new Error('a load ended before it was measured')
      return phaseOf(plan.rate, tally, checkouts, memory.samples)
    } finally {
      memory.stop()
    }
  }

  /** From 127.0.0.1, or each connection from an address of its own. */
  private async load(name: string, plan: LoadPlan, measuring: () => void = () => {}): Promise<LoadTally> {
    const progress = progressBar(`${this.one.transport}, ${this.one.addresses} address: ${name}`, plan)
    try {
      const target = { ...this.node.target, isFromMany: this.one.addresses === 'many' }
      return await runLoad(
        plan,
        target,
        { measuring, measured: () => {}, progress: (...args) => progress.update(...args) },
        this.stop,
        this.timers,
      )
    } finally {
      progress.stop()
    }
  }
}

/** The node's memory while a phase is measured. */
class MemoryLog {
  readonly samples: number[] = []
  private readonly pid: number
  private timer: NodeJS.Timeout | undefined

  constructor(pid: number) {
    this.pid = pid
  }

  start(): void {
    this.samples.push(residentBytes(this.pid))
    this.timer = setInterval(() => this.samples.push(residentBytes(this.pid)), memoryEveryMs)
  }

  stop(): void {
    clearInterval(this.timer)
  }
}
