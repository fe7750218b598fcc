import { comparePositions, type Position, type ShardName } from '../../cluster/store.ts'
import type { Complain } from './findings.ts'

/**
 * One writer and no gaps (G5), by positions alone: a record follows its predecessor, an epoch begins with its opening and is newer than all before,
 * and none is given out twice, not even after the store has lost it. That a shard's time never goes back is the audit's to see.
 */
export class OwnershipCheck {
  private readonly complain: Complain
  private readonly shards = new Map<ShardName, ShardOwnership>()

  constructor(complain: Complain) {
    this.complain = complain
  }

  /** An owner was given this epoch. Asking again gives an owner a newer one. */
  leased(shard: ShardName, epoch: number, owner: string): void {
    const { owners } = this.of(shard)
    const other = owners.get(epoch)
    if (other !== undefined) this.complain('G5', `${shard}: epoch ${epoch} of ${other} was given to ${owner} too`)
    owners.set(epoch, owner)
  }

  /** A record or an opening is durable. */
  applied(shard: ShardName, position: Position): void {
    const of = this.of(shard)
    const { last } = of
    of.applied.push(position)
    if (position.seq === 0) {
      if (of.opened.has(position.epoch)) this.complain('G5', `${shard}: epoch ${position.epoch} was opened twice`)
      else if (position.epoch <= of.newest) this.complain('G5', `${shard}: epoch ${position.epoch} was opened after ${of.newest}`)
      of.opened.add(position.epoch)
    } else if (last === undefined || position.epoch !== last.epoch) {
      const newest = last === undefined ? 'nothing' : `epoch ${last.epoch}`
      this.complain('G5', `${shard}: record ${textOf(position)} was written although ${newest} was opened last`)
    } else if (position.seq !== last.seq + 1) this.complain('G5', `${shard}: record ${textOf(position)} follows ${textOf(last)}`)
  }

  /**
   * The store has lost the records from here on. Epochs that were lost with them stay used, but for one in which nothing was written yet: its owner may not
   * know that it was opened, and open it again.
   */
  lost(shard: ShardName, from: Position): void {
    const of = this.of(shard)
    let written = 0
    for (let { last } = of; last !== undefined && comparePositions(last, from) >= 0; { last } = of) {
      of.applied.pop()
      if (last.seq > 0) written = last.epoch
      else if (last.epoch !== written) of.opened.delete(last.epoch)
    }
  }

  private of(shard: ShardName): ShardOwnership {
    const known = this.shards.get(shard)
    if (known !== undefined) return known
    const made = new ShardOwnership()
    this.shards.set(shard, made)
    return made
  }
}

class ShardOwnership {
  readonly owners = new Map<number, string>()
  readonly opened = new Set<number>()
  readonly applied: Position[] = []

  get newest(): number {
    return Math.max(0, ...this.opened)
  }

  get last(): Position | undefined {
    return this.applied.at(-1)
  }
}

function textOf({ epoch, seq }: Position): string {
  return `${epoch}-${seq}`
}
