import { connectSocket, type SocketClient, SluiceError } from '../../../protocol/client/index.ts'
import type { Code } from '../../../protocol/codes.ts'
import { msgpackSubprotocol } from '../../../protocol/envelope.ts'
import type { ClaimState } from '../../../protocol/results.ts'
import type { SimDevice } from '../sim-device.ts'
import type { SimProcess } from '../sim-process.ts'
import type { SimSockets } from '../sim-sockets.ts'
import type { Deed, Who, Witness } from './witness.ts'

export interface DeviceParts {
  readonly device: SimDevice
  readonly user: string
  readonly sockets: SimSockets
  readonly witness: Witness
  readonly deadlineMs: number
  /** The true time in ms since the run began, for checkers. */
  readonly now: () => number
}

/** One phone or browser of a user, with the real client on it. What it last heard of each SKU is what its user sees. */
export class Device {
  readonly who: Who
  readonly device: SimDevice
  readonly process: SimProcess
  /** The page that is open, or was last. */
  client: SocketClient
  /** No page is open. */
  isClosed = false
  readonly seen = new Map<string, ClaimState>()
  /** Every order that it has seen paid. */
  readonly paid = new Set<string>()
  /** Calls without an answer. */
  underWay = 0
  /** Since when it is connected and knows all that its user has; undefined while it is not. */
  private knowsSince: number | undefined
  private onlineSince: number
  private readonly parts: DeviceParts

  constructor(parts: DeviceParts) {
    this.parts = parts
    const { device, user } = parts
    this.who = { device: device.process.name, user }
    this.device = device
    this.process = device.process
    this.onlineSince = parts.now()
    // A connection may outlive that its device has no network, and bring what came meanwhile.
    device.world.onNetwork(() => {
      this.onlineSince = this.parts.now()
    })
    this.client = this.connect()
  }

  /** What was asked and has no answer is given up. */
  closePage(): void {
    this.isClosed = true
    this.knowsSince = undefined
    this.client.close()
  }

  /** Anew, knowing nothing but what is remembered of the page before. */
  openPage(): void {
    this.isClosed = false
    this.client = this.connect()
  }

  private connect(): SocketClient {
    const { device, sockets, user, deadlineMs } = this.parts
    const client = connectSocket({
      url: 'ws://shop/v1/ws',
      token: user,
      subprotocol: msgpackSubprotocol,
      WebSocket: sockets.webSocketOf(device),
      world: device.world,
      deadlineMs,
    })
    this.listen(client)
    return client
  }

  /** Since when it could hear of everything; undefined while it cannot. */
  get listensSince(): number | undefined {
    return this.knowsSince === undefined || !this.device.isOnline ? undefined : Math.max(this.knowsSince, this.onlineSince)
  }

  buy(sku: string, qty: number, requestId: string): Promise<Code | undefined> {
    return this.ask(sku, 'buy', () => this.client.buy(sku, { qty, requestId }), requestId, qty)
  }

  leave(sku: string, requestId: string): Promise<Code | undefined> {
    return this.ask(sku, 'leave', () => this.client.leave(sku, { requestId }), requestId)
  }

  checkout(sku: string, payment: string, requestId: string): Promise<Code | undefined> {
    return this.ask(sku, 'checkout', () => this.client.checkout(sku, payment, { requestId }), requestId)
  }

  /** Gives up the order that it last saw, if that is one. */
  async cancel(sku: string): Promise<Code | undefined> {
    const seen = this.seen.get(sku)
    return seen !== undefined && 'order' in seen ? this.ask(sku, 'cancel', () => this.client.cancelOrder(seen.order)) : undefined
  }

  claim(sku: string): Promise<Code | undefined> {
    return this.ask(sku, 'claim', () => this.client.claim(sku))
  }

  /** Resolves with the code of a refusal. */
  private async ask(sku: string, what: Deed, call: () => Promise<ClaimState>, requestId?: string, qty?: number): Promise<Code | undefined> {
    const { witness } = this.parts
    const asked = witness.asks(this.who, sku, what, requestId, qty)
    this.underWay++
    try {
      const claim = await call()
      this.seen.set(sku, claim)
      witness.answered(asked, claim)
      return undefined
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error
      if (error.code === 'UNKNOWN_SKU') this.seen.delete(sku)
      witness.refused(asked, error.code)
      return error.code
    } finally {
      this.underWay--
    }
  }

  private told(sku: string, claim: ClaimState): void {
    if (claim.state === 'paid') this.paid.add(claim.order)
    this.seen.set(sku, claim)
    this.parts.witness.told(this.who, sku, claim)
  }

  private listen(client: SocketClient): void {
    client.on('held', ({ sku, hold, qty, expiresAt }) => this.told(sku, { state: 'held', hold, qty, expiresAt }))
    client.on('expired', ({ sku, ...why }) => this.told(sku, { state: 'expired', ...why }))
    client.on('soldout', ({ sku }) => this.told(sku, { state: 'soldout' }))
    client.on('left', ({ sku }) => this.told(sku, { state: 'none' }))
    client.on('order', ({ sku, updatedAt: _updatedAt, ...order }) => {
      // Perhaps of what was bought long ago: it says nothing of what its user has now.
      const seen = this.seen.get(sku)
      const isSeen = seen !== undefined && 'order' in seen && seen.order === order.order
      if (!isSeen && order.refundedMinor !== undefined) this.parts.witness.refunded(this.who, sku, order)
      else this.told(sku, order)
    })
    client.on('line', ({ sku, ...place }) => this.told(sku, { state: 'queued', ...place }))
    client.on('state', ({ kind }) => {
      if (kind !== 'open' && client === this.client) this.knowsSince = undefined
    })
    client.on('resumed', ({ claims }) => {
      this.knowsSince = this.parts.now()
      for (const { sku, ...claim } of claims) this.told(sku, claim)
      const listed = new Set<string>(claims.map(({ sku }) => sku))
      // What is not listed any more has ended some time ago.
      for (const sku of this.seen.keys()) if (!listed.has(sku)) this.seen.delete(sku)
    })
  }
}
