import type { Calls, Command } from '../cluster/calls.ts'
import type { SkuId } from '../protocol/ids.ts'
import type { ShardKind } from '../protocol/subject.ts'
import type { ClaimFollower } from './claim-follower.ts'
import type { GatewayCounters } from './gateway-counters.ts'
import type { Call, UserCall } from './method.ts'
import type { Presences } from './presence.ts'
import type { Views } from './views.ts'

export interface ForwarderParts {
  readonly calls: Calls
  readonly views: Views
  readonly follower: ClaimFollower
  readonly presences: Presences
  readonly counters: GatewayCounters
}

/** Hands calls of the general path to their shard; the shard's answer goes back to the connection as it is. */
export class Forwarder {
  private readonly parts: ForwarderParts

  constructor(parts: ForwarderParts) {
    this.parts = parts
  }

  /** To the shard of the command's SKU. A user who is connected here hears on every connection what comes of it. */
  toInventory(call: Call | UserCall, command: Command & { readonly sku: SkuId }): void {
    const { calls, views, follower, presences } = this.parts
    const shard = calls.shardOfText(command.sku)
    const row = this.send(call, 'inv', shard, command)
    if (row >= 0)
      follower.expect(row, views.find(command.sku) ?? { sku: command.sku, shard }, 'user' in call ? presences.find(call.user) : undefined)
  }

  /** To the shard of the command's user. */
  toSession(call: Call, command: Command & { readonly user: string }): void {
    const { calls, follower } = this.parts
    const row = this.send(call, 'ses', calls.shardOfText(command.user), command)
    if (row >= 0) follower.expect(row, undefined, undefined)
  }

  private send(call: Call, kind: ShardKind, shard: number, command: Command): number {
    const { connection } = call
    const { calls, counters } = this.parts
    const row = calls.sendCommand(kind, shard, command, call.msgid, connection.index, connection.turn, call.method.index)
    if (row < 0) {
      counters.layers.pending++
      call.refuse('BUSY', undefined, 500)
    } else {
      counters.passed.pending++
      connection.inFlight++
    }
    return row
  }
}
