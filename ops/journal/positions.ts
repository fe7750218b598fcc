import { comparePositions, type Position, type ShardName } from '../../cluster/store.ts'

/** `epoch-seq`, as everything names a record of a shard. */
export function positionText({ epoch, seq }: Position): string {
  return `${epoch}-${seq}`
}

/** Undefined if it is none. */
export function parsePosition(text: string): Position | undefined {
  const [, epoch, seq] = /^(\d{1,16})-(\d{1,15})$/.exec(text) ?? []
  const position = { epoch: Number(epoch), seq: Number(seq) }
  return Number.isSafeInteger(position.epoch) && Number.isSafeInteger(position.seq) ? position : undefined
}

/** A place in a shard's journal, by its record or by its time. */
export type Mark = { readonly kind: 'record'; readonly position: Position } | { readonly kind: 'time'; readonly at: number }

interface Placed {
  readonly position: Position
  readonly now: number
}

/** The record comes before the mark. */
export function isBefore({ position, now }: Placed, mark: Mark): boolean {
  return mark.kind === 'record' ? comparePositions(position, mark.position) < 0 : now < mark.at
}

/** The record comes after the mark; one of the same millisecond does not. */
export function isAfter({ position, now }: Placed, mark: Mark): boolean {
  return mark.kind === 'record' ? comparePositions(position, mark.position) > 0 : now > mark.at
}

/** Which shards there are, for people. */
export function shardsText(shards: readonly ShardName[]): string {
  const last = (kind: string): number => shards.filter((shard) => shard.startsWith(kind)).length - 1
  return `inv.0 to inv.${last('inv')} and ses.0 to ses.${last('ses')}`
}
