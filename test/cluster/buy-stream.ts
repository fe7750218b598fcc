import type { RpcClient } from '../../protocol/client/rpc-client.ts'

const atOnce = 16

/** New users who buy one unit each, a few at a time, one SKU after the other, until told to end. */
export class BuyStream {
  /** Buys that were answered with a hold. */
  done = 0
  readonly failures: string[] = []
  private isEnding = false
  private users = 0
  private readonly lanes: Promise<unknown>

  constructor(rpc: RpcClient, skus: readonly string[]) {
    const lane = async (): Promise<void> => {
      while (!this.isEnding) {
        const user = ++this.users
        const sku = skus[user % skus.length] ?? ''
        try {
          const claim = await rpc.as(`user-${user}`).buy(sku)
          if (claim.state === 'held') this.done++
          else this.failures.push(`user-${user} ${sku}: ${claim.state}`)
        } catch (error) {
          this.failures.push(`user-${user} ${sku}: ${String(error)}`)
        }
      }
    }
    this.lanes = Promise.all(Array.from({ length: atOnce }, lane))
  }

  /** Resolves when every buy under way has ended. */
  async end(): Promise<void> {
    this.isEnding = true
    await this.lanes
  }
}
