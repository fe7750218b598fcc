import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { connectRpc } from '../protocol/client/rpc-client.ts'
import { connectSocket } from '../protocol/client/socket-client.ts'
import type { RunningNode } from './running-node.ts'

export interface Shopped {
  /** Buys that ended as they should, by transport. */
  readonly rpc: number
  readonly ws: number
  readonly http: number
  readonly failures: readonly string[]
}

/** Between two buys of one transport. */
const pauseMs = 25
const buyDeadlineMs = 10_000

/**
 * Shoppers who mind their own business while others misbehave: on every transport they buy one unit after another, each for a user of its own, and
 * every buy has to be a hold within its deadline.
 */
export class GoodShopper {
  private readonly node: RunningNode
  private readonly sku: string
  private readonly counts = { rpc: 0, ws: 0, http: 0 }
  private readonly failures: string[] = []
  private readonly done: Promise<unknown>
  private isDone = false
  private users = 0

  /** `sku` has units for everybody. */
  constructor(node: RunningNode, sku: string) {
    this.node = node
    this.sku = sku
    this.done = Promise.all([this.byRpc(), this.bySocket(), this.byHttp()])
  }

  async stop(): Promise<Shopped> {
    this.isDone = true
    await this.done
    return { ...this.counts, failures: this.failures }
  }

  private async byRpc(): Promise<void> {
    const rpc = connectRpc({ url: this.node.rpcUrl, key: this.node.secrets.backendKey, deadlineMs: buyDeadlineMs })
    await this.repeat('rpc', async (user) => (await rpc.as(user).buy(this.sku)).state)
    rpc.close()
  }

  /** A shopper comes with a socket of its own and goes again. */
  private bySocket(): Promise<void> {
    return this.repeat('ws', async (user) => {
      const client = connectSocket({ url: this.node.socketUrl, token: this.node.tokenOf(user), WebSocket, deadlineMs: buyDeadlineMs })
      try {
        const { state } = await client.buy(this.sku)
        return state
      } finally {
        client.close()
      }
    })
  }

  private byHttp(): Promise<void> {
    return this.repeat('http', async (user) => {
      const response = await fetch(`${this.node.webUrl}/v1/call/buy`, {
        method: 'POST',
        body: JSON.stringify([this.sku]),
        headers: { authorization: `Bearer ${this.node.tokenOf(user)}` },
        signal: AbortSignal.timeout(buyDeadlineMs),
      })
      const body: unknown = await response.json()
      return String(Reflect.get(Object(Reflect.get(Object(body), 'result')), 'state'))
    })
  }

  private async repeat(transport: 'rpc' | 'ws' | 'http', buy: (user: string) => Promise<string>): Promise<void> {
    while (!this.isDone) {
      try {
        const state = await buy(`good-${transport}-${++this.users}`)
        if (state === 'held') this.counts[transport]++
        else this.failures.push(`${transport}: ${state}`)
      } catch (error) {
        this.failures.push(`${transport}: ${String(error)} ${new Date().toISOString()}`)
      }
      await pause(pauseMs)
    }
  }
}
