import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Calls } from '../../cluster/calls.ts'
import { op } from '../../protocol/entry.ts'

/** What calls from outside of the work feel of it: a steady stream of `buy`s, each measured from the moment at which it should have been sent. */
export interface Felt {
  readonly calls: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly mostMs: number
  /**
   * Processor time that the loop had used up whenever it came to see which calls were due: what a call waits for on a machine that does nothing else. From the
   * scheduler's figures of this thread, so on Linux only.
   */
  readonly loopP99Ms: number
  readonly loopMostMs: number
}

const everyMs = 4

/** Buys of new users at one SKU, one every {@link everyMs}, whether or not those before have been answered. */
export class CallsMeanwhile {
  private readonly latencies: number[] = []
  private readonly stretches: number[] = []
  private usedMs = threadMs()
  private readonly begin = performance.now()
  private readonly timer: NodeJS.Timeout
  private readonly calls: Calls
  private readonly shard: number
  private readonly sku: string
  private readonly name: string
  private sent = 0
  private answered = 0

  constructor(calls: Calls, shard: number, sku: string, name: string) {
    this.calls = calls
    this.shard = shard
    this.sku = sku
    this.name = name
    this.timer = setInterval(() => this.sendDue(), everyMs)
  }

  /** Waits for the answers to what was sent. */
  async end(): Promise<Felt> {
    clearInterval(this.timer)
    while (this.answered < this.sent) await sleep(everyMs)
    const [p50Ms, p99Ms, mostMs] = quantilesOf(this.latencies)
    const [, loopP99Ms, loopMostMs] = quantilesOf(this.stretches)
    return { calls: this.latencies.length, p50Ms, p99Ms, mostMs, loopP99Ms, loopMostMs }
  }

  /** Everything that should have gone out by now: a loop that stood still makes up for it, and those calls have waited. */
  private sendDue(): void {
    const usedMs = threadMs()
    this.stretches.push(usedMs - this.usedMs)
    this.usedMs = usedMs
    for (; this.dueAt(this.sent) <= performance.now(); this.sent++) {
      const dueAt = this.dueAt(this.sent)
      const user = `${this.name}-${this.sent}`
      void this.calls
        .request('inv', this.shard, { op: op.buy, sku: this.sku, user, qty: 1, requestId: user, payload: noBytes })
        .then(() => {
          this.answered++
          this.latencies.push(performance.now() - dueAt)
        })
    }
  }

  private dueAt(number: number): number {
    return this.begin + number * everyMs
  }
}

const noBytes = new Uint8Array(0)

/** Processor time of the main thread, which has the process's id; proc(5). */
function threadMs(): number {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ', 1)[0]) / 1e6
}

/** p50, p99 and the most. */
function quantilesOf(values: readonly number[]): readonly [number, number, number] {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number): number => Math.round((sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0) * 100) / 100
  return [at(0.5), at(0.99), at(1)]
}
