import { vi } from 'vitest'
import type { LinePlace } from '../../protocol/client/operator-calls.ts'
import type { RpcClient } from '../../protocol/client/rpc-client.ts'

/** People without a browser: they take what the test wants to be taken, and see the line as the server does. */
export class OtherShoppers {
  private readonly rpc: RpcClient
  private count = 0

  constructor(rpc: RpcClient) {
    this.rpc = rpc
  }

  /** Somebody asks for one unit; resolves with their name. */
  async ask(sku: string): Promise<string> {
    const user = `shopper-${++this.count}`
    await this.rpc.as(user).buy(sku)
    return user
  }

  async letGo(user: string, sku: string): Promise<void> {
    await this.rpc.as(user).leave(sku)
  }

  /** Resolves when the unit is sold. */
  async pay(user: string, sku: string): Promise<void> {
    const { sold } = await this.rpc.skuStatus(sku)
    await this.rpc.as(user).checkout(sku, 'tok_ok')
    await vi.waitUntil(async () => (await this.rpc.skuStatus(sku)).sold > sold, { timeout: 20_000 })
  }

  /** Everything that is free is sold but for one unit, which the one holds whose name this resolves with. */
  async leaveOneHeld(sku: string): Promise<string> {
    const { available } = await this.rpc.skuStatus(sku)
    const users = await Promise.all(Array.from({ length: available }, () => this.ask(sku)))
    const [holder = '', ...buyers] = users
    await Promise.all(buyers.map((user) => this.rpc.as(user).checkout(sku, 'tok_ok')))
    await vi.waitUntil(async () => (await this.rpc.skuStatus(sku)).ordered === 0, { timeout: 20_000 })
    return holder
  }

  /** Where someone stands in the line; undefined if they are not in it. */
  async place(user: string, sku: string): Promise<LinePlace | undefined> {
    return (await this.rpc.lineList(sku)).find((place) => place.user === user)
  }
}
