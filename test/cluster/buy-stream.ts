import type { UserCalls } from '../../protocol/client/rpc-client.ts'

/** Whoever buys for any user, or always for the same one. */
export interface Buyer {
  as(user: string): Pick<UserCalls, 'buy' | 'leave'>
}

/** New users who buy one unit each, a few at a time, one SKU after the other, until told to end. */
export class BuyStream {
  /** Buys that were answered with a hold. */
  done = 0
  readonly failures: string[] = []
  private isEnding = false
  private users = 0
  private readonly lanes: Promise<unknown>

  constructor(buyer: Buyer, skus: readonly string[], atOnce = 16) {
    const lane = async (): Promise<void> => {
      while (!this.isEnding) {
        const user = ++this.users
        const sku = skus[user % skus.length] ?? ''
        try {
          const claim = await buyer.as(`user-${user}`).buy(sku)
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
