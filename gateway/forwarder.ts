import type { Calls, Command } from '../cluster/calls.ts'
import type { ShardKind } from '../protocol/subject.ts'
import type { ClaimFollower } from './claim-follower.ts'
import type { GatewayCounters } from './gateway-counters.ts'
import type { Call } from './method.ts'
import type { Views } from './views.ts'

/** Hands calls of the general path to their shard; the shard's answer goes back to the connection as it is. */
export class Forwarder {
  private readonly calls: Calls
  private readonly views: Views
  private readonly follower: ClaimFollower
  private readonly counters: GatewayCounters

  constructor(calls: Calls, views: Views, follower: ClaimFollower, counters: GatewayCounters) {
    this.calls = calls
    this.views = views
    this.follower = follower
    this.counters = counters
  }

  /** To the shard of the command's SKU. */
  toInventory(call: Call, command: Command & { readonly sku: string }): void {
    const row = this.send(call, 'inv', this.calls.shardOfText(command.sku), command)
    if (row >= 0 && call.connection.transport === 'ws') this.follower.expect(row, this.views.find(command.sku))
  }

  /** To the shard of the command's user. */
  toSession(call: Call, command: Command & { readonly user: string }): void {
    this.send(call, 'ses', this.calls.shardOfText(command.user), command)
  }

  private send(call: Call, kind: ShardKind, shard: number, command: Command): number {
    const { connection } = call
    const row = this.calls.sendCommand(kind, shard, command, call.msgid, connection.index, connection.turn, call.method.index)
    if (row < 0) {
      this.counters.layers.pending++
      call.refuse('BUSY', undefined, 500)
    } else connection.inFlight++
    return row
  }
}
