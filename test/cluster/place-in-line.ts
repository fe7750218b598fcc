import type { SocketClient } from '../../protocol/client/socket-client.ts'

/** Somebody who waits in line with a socket: what was told of the place, and when a server that goes was left. */
export class PlaceInLine {
  ticket = 0
  /** Every position that was told, in order. */
  readonly aheads: number[] = []
  /** Times of `performance.now()`. */
  readonly leftAt: number[] = []
  readonly shop: SocketClient
  private readonly sku: string

  constructor(shop: SocketClient, sku: string) {
    this.shop = shop
    this.sku = sku
    shop.on('line', (event) => {
      if (event.sku === sku) this.aheads.push(event.ahead)
    })
    shop.on('resumed', ({ claims }) => {
      for (const claim of claims) if (claim.sku === sku && claim.state === 'queued') this.aheads.push(claim.ahead)
    })
    shop.on('state', (state) => {
      if (state.kind === 'waiting' && state.reason === 'the server is going away') this.leftAt.push(performance.now())
    })
  }

  async join(): Promise<void> {
    this.ticket = await this.ask('buy')
  }

  /** The ticket as the shop knows it now. */
  async look(): Promise<number> {
    return this.ask('claim')
  }

  private async ask(method: 'buy' | 'claim'): Promise<number> {
    const claim = await this.shop[method](this.sku)
    if (claim.state !== 'queued') throw new Error(`not in line but ${claim.state}`)
    this.aheads.push(claim.ahead)
    return claim.ticket
  }
}
