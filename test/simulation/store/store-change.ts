import type { Position, ShardName, Snapshot } from '../../../cluster/store.ts'

/** Something that became durable. */
export type StoreChange =
  | { readonly kind: 'claim' | 'renew' | 'release'; readonly shard: ShardName; readonly epoch: number; readonly owner: string }
  | { readonly kind: 'open' | 'append'; readonly shard: ShardName; readonly position: Position; readonly bytes: Uint8Array }
  | { readonly kind: 'snapshot'; readonly shard: ShardName; readonly position: Position; readonly snapshot: Snapshot }
  | { readonly kind: 'put'; readonly shard: ShardName; readonly epoch: number; readonly key: string; readonly bytes: Uint8Array }
  | { readonly kind: 'rewrite'; readonly shard: ShardName; readonly count: number }
  | { readonly kind: 'delete'; readonly shard: ShardName; readonly epoch: number; readonly key: string }

/** A change with when it happened, in ms since 1970, and the process that had asked for it. */
export type Applied = StoreChange & { readonly at: number; readonly by: string }

export interface StoreObserver {
  /** In the very step in which it becomes durable; the process that asked does not know yet. */
  onApplied?(applied: Applied): void
  /** A process has been told that its last record is the shard's newest: it may speak. */
  onStands?(shard: ShardName, by: string): void
  /** A process has brought a chunk of a snapshot, and does not know yet. */
  onStaged?(by: string): void
  /** A failover undid these, oldest first. */
  onLost?(lost: readonly Applied[]): void
}

/** Takes a change down, with what undoes it. Changes are undone in the opposite order only, newest first. */
export type NoteChange = (change: StoreChange, undo: () => void) => void

/** One terse line for the trace. */
export function describeChange(change: StoreChange): string {
  const { kind, shard } = change
  switch (change.kind) {
    case 'claim':
    case 'renew':
    case 'release':
      return `${shard} ${kind} ${change.epoch} ${change.owner}`
    case 'open':
      return `${shard} open ${positionText(change.position)}`
    case 'append':
      return `${shard} append ${positionText(change.position)} ${change.bytes.length}b`
    case 'snapshot':
      return `${shard} snapshot ${positionText(change.position)}`
    case 'put':
      return `${shard} put ${change.key} ${change.bytes.length}b`
    case 'rewrite':
      return `${shard} rewrite ${change.count} archived records`
    case 'delete':
      return `${shard} delete ${change.key}`
  }
}

export function positionText({ epoch, seq }: Position): string {
  return `${epoch}-${seq}`
}
