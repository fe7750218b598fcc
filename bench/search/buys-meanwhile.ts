import { z } from 'zod'
import { connectRpc, type RpcClient } from '../../protocol/client/rpc-client.ts'
import { type LoadPlan, runLoad } from '../load/load-run.ts'
import { newRun } from '../load/peer-load.ts'
import { runningSluice, startSluice } from '../servers/sluice-peer.ts'
import { benchSku, benchUserHeader } from '../servers/sluice-sale.ts'
import { InventedShop } from './invented-shop.ts'
import type { SearchOptions } from './search-options.ts'

/** Latencies of `buy` in one turn, in ms. */
export interface BuyTurn {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly errors: number
  /** Of the time that was measured, the share in which the index was being made. */
  readonly rebuilding: number
}

export interface BuyFigures {
  readonly rate: number
  readonly seconds: number
  readonly without: readonly BuyTurn[]
  readonly with: readonly BuyTurn[]
  /** Medians of the turns, and their ratio. */
  readonly p99WithoutMs: number
  readonly p99WithMs: number
  readonly ratio: number
}

const connections = 32
const productsPerCall = 100
const lookMs = 50
/** Whoever wants a load to stop ends the whole process. */
const never = new AbortController().signal
const statusSchema = z.object({ search: z.object({ state: z.string(), documents: z.number() }) })

/** Buys on schedule from a node with that many products, in turns with a rebuild of its index and without. */
export async function measureBuys(options: SearchOptions, say: (line: string) => void): Promise<BuyFigures> {
  const { products, rate, rounds, seconds } = options
  const peer = await startSluice({ transport: 'rpc', durability: 'fsync', run: newRun(), snapshots: false })
  const { host, port } = peer.target
  const rpc = connectRpc({ url: `tcp://${host}:${port}` })
  try {
    await fillShop(rpc, products)
    await untilReady(rpc, products)
    say(`a node has ${products} products; ${rate} buys a second, ${rounds} turns of ${seconds} s each`)
    const plan: LoadPlan = { connections, depth: 1_024, seconds, warmupSeconds: 2, rate }
    const turns: Record<'without' | 'with', BuyTurn[]> = { without: [], with: [] }
    for (let round = 0; round < rounds; round++) {
      for (const kind of ['without', 'with'] as const) {
        const rebuilds = kind === 'with' ? new Rebuilds(rpc) : undefined
        const shopper = runningSluice({
          transport: 'rpc',
          host,
          port,
          opsPort: 0,
          key: undefined,
          sku: benchSku,
          userHeader: benchUserHeader,
          run: newRun(),
        })
        const listener = { measuring: () => rebuilds?.begin(), measured: () => rebuilds?.end(), progress: () => {} }
        const { latencies, errors } = await runLoad(plan, shopper.target, listener, never)
        const turn = { p50Ms: latencies.p50Ms, p99Ms: latencies.p99Ms, errors, rebuilding: (await rebuilds?.share()) ?? 0 }
        turns[kind].push(turn)
        say(
          `  ${kind} a rebuild: p50 ${turn.p50Ms} ms, p99 ${turn.p99Ms} ms${kind === 'with' ? `, rebuilding ${Math.round(turn.rebuilding * 100)} % of the time` : ''}`,
        )
        await untilReady(rpc, products)
      }
    }
    const [p99WithoutMs, p99WithMs] = [median(turns.without), median(turns.with)]
    return { rate, seconds, ...turns, p99WithoutMs, p99WithMs, ratio: Math.round((p99WithMs / p99WithoutMs) * 100) / 100 }
  } finally {
    rpc.close()
    await peer.stop()
  }
}

/** Keeps a rebuild going for as long as is measured. */
class Rebuilds {
  private readonly rpc: RpcClient
  private isOn = false
  private looks = 0
  private busyLooks = 0
  private work: Promise<void> = Promise.resolve()

  constructor(rpc: RpcClient) {
    this.rpc = rpc
  }

  begin(): void {
    this.isOn = true
    this.work = this.goOn()
  }

  end(): void {
    this.isOn = false
  }

  async share(): Promise<number> {
    await this.work
    return this.looks === 0 ? 0 : this.busyLooks / this.looks
  }

  private async goOn(): Promise<void> {
    await this.rpc.call('catalogue.reindex', ['now'], { repeat: true })
    while (this.isOn) {
      await pause(lookMs)
      const { search } = await statusOf(this.rpc)
      this.looks++
      if (search.state === 'building') this.busyLooks++
      else await this.rpc.call('catalogue.reindex', ['now'], { repeat: true })
    }
  }
}

async function fillShop(rpc: RpcClient, products: number): Promise<void> {
  const shop = new InventedShop()
  for (let at = 0; at < products; at += productsPerCall) {
    const some = Array.from({ length: Math.min(productsPerCall, products - at) }, (_, n) => ({ ...shop.product(at + n) }))
    await rpc.call('catalogue.put', [some], { repeat: true })
  }
}

async function untilReady(rpc: RpcClient, products: number): Promise<void> {
  for (;;) {
    const { search } = await statusOf(rpc)
    // The bench's own SKU is found too.
    if (search.state === 'ready' && search.documents >= products) return
    await pause(lookMs)
  }
}

async function statusOf(rpc: RpcClient): Promise<z.output<typeof statusSchema>> {
  return statusSchema.parse(await rpc.call('catalogue.status', [], { repeat: true }))
}

function median(turns: readonly BuyTurn[]): number {
  const sorted = turns.map(({ p99Ms }) => p99Ms).sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
