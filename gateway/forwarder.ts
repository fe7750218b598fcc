import type { Calls, Command } from '../cluster/calls.ts'
import { op } from '../protocol/entry.ts'
import type { SkuId } from '../protocol/ids.ts'
import type { ShardKind } from '../protocol/subject.ts'
import type { ClaimFollower } from './claim-follower.ts'
import type { GatewayCounters } from './gateway-counters.ts'
import type { Call, UserCall } from './method.ts'
import { holdsClaim, type Presence, type Presences } from './presence.ts'
import type { Rank, ShardGates } from './shard-gates.ts'
import type { Views } from './views.ts'

export interface ForwarderParts {
  readonly calls: Calls
  readonly views: Views
  readonly follower: ClaimFollower
  readonly presences: Presences
  readonly gates: ShardGates
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
    const { calls, views, follower, presences, gates } = this.parts
    const { sku } = command
    const shard = calls.shardOfText(sku)
    const presence = 'user' in call ? presences.find(call.user) : undefined
    const rank = rankOf(call, command, presence)
    const waitMs = gates.refuses(shard, rank)
    if (waitMs !== undefined) return call.refuse('BUSY', undefined, waitMs)
    const row = this.send(call, 'inv', shard, command)
    gates.began(shard, row, rank)
    if (row < 0) return
    follower.expect(row, views.find(sku) ?? { sku, shard }, presence)
  }

  /** Refuses a call that asks others before its command goes to the SKU's shard, if that would be refused there; true if so. */
  refusesEarly(call: UserCall, command: Command & { readonly sku: SkuId }): boolean {
    const { calls, presences, gates } = this.parts
    const waitMs = gates.refuses(calls.shardOfText(command.sku), rankOf(call, command, presences.find(call.user)))
    if (waitMs !== undefined) call.refuse('BUSY', undefined, waitMs)
    return waitMs !== undefined
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

/** Who first has units reserved is no newcomer any more when the command comes here. */
function rankOf({ method }: Call, command: Command & { readonly sku: SkuId }, presence: Presence | undefined): Rank {
  if (method.role === 'operator') return 'operator'
  return command.op === op.buy && !holdsClaim(presence, command.sku) ? 'newcomer' : 'holder'
}
