import type { Refusal } from '../../protocol/codes.ts'
import type { Op } from '../../protocol/entry.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import type { ShardKind } from '../../protocol/subject.ts'

/** The part of `Calls` (cluster/calls.ts) that orders need: one command to one shard, and what it answered. Resolves in any case. */
export interface ShardCalls {
  request(kind: ShardKind, shard: number, command: ShardCommand): Promise<ShardAnswer>
  shardOfText(text: string): number
}

export interface ShardCommand {
  readonly op: Op
  readonly sku?: string
  readonly user?: string
  readonly payload: Uint8Array
}

export type ShardAnswer = { readonly error: null; readonly result: Plain } | { readonly error: Refusal; readonly result: null }
