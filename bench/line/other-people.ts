import { setTimeout as sleep } from 'node:timers/promises'
import type { RpcClient } from '../../protocol/client/rpc-client.ts'

/** Calls under way at once. */
const lanes = 32
const beatMs = 100
const deadlineMs = 60_000

/** People without sockets, who stand between the others, and leave or are served. */
export class OtherPeople {
  private readonly rpc: RpcClient
  private readonly sku: string
  private readonly count: number
  private readonly names: string[] = []
  private came = 0

  constructor(rpc: RpcClient, sku: string, count: number) {
    this.rpc = rpc
    this.sku = sku
    this.count = count
  }

  get waiting(): number {
    return this.names.length
  }

  /** Lets them come until this part of all of them is there. */
  async comeUntil(part: number): Promise<void> {
    const due = Math.floor(this.count * part)
    const lane = async (): Promise<void> => {
      while (this.came < due) {
        const name = `other-${this.came++}`
        await this.rpc.as(name).buy(this.sku, { deadlineMs })
        this.names.push(name)
      }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
  }

  /** For so many seconds: half of `rate` leave from anywhere, and as many are served from the head. */
  async go(rate: number, seconds: number, tell: (seconds: number) => void): Promise<void> {
    const began = performance.now()
    const underWay: Promise<unknown>[] = []
    let [left, served, told] = [0, 0, 0]
    for (let passedMs = 0; passedMs < seconds * 1000; passedMs = performance.now() - began) {
      const due = Math.floor((passedMs * rate) / 2_000)
      while (left < due && this.names.length > 0) {
        const [name = ''] = this.names.splice(Math.floor(Math.random() * this.names.length), 1)
        underWay.push(this.rpc.as(name).leave(this.sku, { deadlineMs }))
        left++
      }
      if (served < due) {
        underWay.push(this.rpc.restock(this.sku, due - served, { deadlineMs }))
        served = due
      }
      if (passedMs / 1000 >= told + 5) tell((told += 5))
      await sleep(beatMs)
    }
    await Promise.all(underWay)
  }
}
