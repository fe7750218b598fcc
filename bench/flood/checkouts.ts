import { delay, type Timers } from '../../cluster/world.ts'
import { type RpcClient, SluiceError } from '../../protocol/client/rpc-client.ts'
import { type Latencies, LatencyLog } from '../load/latency-log.ts'

/** What became of the checkouts of one phase. */
export interface CheckoutFigures extends Latencies {
  readonly done: number
  /** Refusals, and whatever else went wrong, by code. */
  readonly codes: Readonly<Record<string, number>>
}

const stepMs = 2
const atOnce = 200

/** People who hold a unit each, and check it out at a steady rate: those whom a flood of newcomers must not hurt. */
export class Holders {
  private readonly client: RpcClient
  private readonly sku: string
  private readonly count: number
  private next = 0

  private constructor(client: RpcClient, sku: string, count: number) {
    this.client = client
    this.sku = sku
    this.count = count
  }

  /** Gives so many people a hold. */
  static async of(client: RpcClient, sku: string, count: number): Promise<Holders> {
    for (let from = 0; from < count; from += atOnce) {
      const to = Math.min(count, from + atOnce)
      await Promise.all(Array.from({ length: to - from }, (_, i) => client.as(nameOf(from + i)).buy(sku)))
    }
    return new Holders(client, sku, count)
  }

  /** Checks out on schedule for so long, whatever becomes of the ones before; latencies count from when each was due. */
  async checkOut(perSecond: number, seconds: number, timers: Timers, stop: AbortSignal): Promise<CheckoutFigures> {
    const log = new LatencyLog()
    const codes: Record<string, number> = {}
    const underWay: Promise<void>[] = []
    let done = 0
    const one = async (holder: number, dueAt: number): Promise<void> => {
      try {
        await this.client.as(nameOf(holder)).checkout(this.sku, 'card')
        done++
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error
        codes[error.code] = (codes[error.code] ?? 0) + 1
      }
      log.record(performance.now() - dueAt)
    }
    const from = performance.now()
    for (let call = 0; call < perSecond * seconds && this.next < this.count;) {
      const dueAt = from + (call * 1000) / perSecond
      stop.throwIfAborted()
      if (dueAt > performance.now()) await delay(timers, stepMs)
      else {
        underWay.push(one(this.next++, dueAt))
        call++
      }
    }
    await Promise.all(underWay)
    return { done, codes, ...log.latencies() }
  }
}

function nameOf(holder: number): string {
  return `holder-${holder}`
}
