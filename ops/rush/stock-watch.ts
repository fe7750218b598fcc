import { delay, type Timers } from '../../cluster/world.ts'
import type { SkuStatus } from '../../protocol/results.ts'

export interface StockReport {
  readonly sku: string
  /** Everything that was in stock, on hold, on order or sold when the rush began. */
  readonly units: number
  readonly before: SkuStatus
  readonly after: SkuStatus
  readonly samples: number
  /** Samples in which the units did not add up, the first few of them. */
  readonly broken: readonly SkuStatus[]
}

const sampleEveryMs = 100
/** Without an answer at a time. */
const looksMax = 20
const brokenKept = 10

/**
 * Looks at one SKU ten times a second and holds it to G1: `available + held + ordered + sold` is what it was at the beginning, and none of them is
 * negative. (A restock meanwhile would show as a difference.)
 */
export class StockWatch {
  private readonly timers: Timers
  private readonly ask: () => Promise<SkuStatus>
  private readonly broken: SkuStatus[] = []
  private readonly before: SkuStatus
  private samples = 1
  private stopped = false
  private failure: Error | undefined
  private readonly onBlind: () => void
  private readonly watching: Promise<void>

  private constructor(timers: Timers, ask: () => Promise<SkuStatus>, before: SkuStatus, onBlind: () => void) {
    this.timers = timers
    this.ask = ask
    this.before = before
    this.check(before)
    this.onBlind = onBlind
    this.watching = this.watch()
  }

  /** Rejects if the first look fails; calls `onBlind` if a later one does. */
  static async start(timers: Timers, ask: () => Promise<SkuStatus>, onBlind: () => void): Promise<StockWatch> {
    return new StockWatch(timers, ask, await ask(), onBlind)
  }

  /** Looks a last time. Rejects if a look has failed. */
  async stop(): Promise<StockReport> {
    this.stopped = true
    await this.watching
    if (this.failure !== undefined) throw this.failure
    const after = await this.look()
    const { before, samples, broken } = this
    return { sku: before.sku, units: unitsOf(before), before, after, samples, broken }
  }

  /** Each look is asked for in time, whether or not the one before has its answer: a busy server is what this is for. */
  private async watch(): Promise<void> {
    const looks = new Set<Promise<unknown>>()
    while (!this.stopped) {
      await delay(this.timers, sampleEveryMs)
      if (this.stopped || looks.size >= looksMax) continue
      const look = this.look().finally(() => looks.delete(look))
      looks.add(look)
      look.catch((error: unknown) => {
        this.failure ??= error instanceof Error ? error : new Error(String(error))
        this.onBlind()
      })
    }
    await Promise.allSettled(looks)
  }

  private async look(): Promise<SkuStatus> {
    const status = await this.ask()
    this.samples++
    this.check(status)
    return status
  }

  private check(status: SkuStatus): void {
    const { available, held, ordered, sold } = status
    const isWhole = unitsOf(status) === unitsOf(this.before) && Math.min(available, held, ordered, sold) >= 0
    if (!isWhole && this.broken.length < brokenKept) this.broken.push(status)
  }
}

function unitsOf({ available, held, ordered, sold }: SkuStatus): number {
  return available + held + ordered + sold
}
