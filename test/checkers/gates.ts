import type { ShardName } from '../../cluster/store.ts'

/**
 * When the store last let a process speak for a shard: it took a record of it, or said that its last one is still the newest. Moments are counted, and
 * the questions that are asked in between have moments too.
 */
export class Gates {
  private moment = 0
  private readonly opened = new Map<string, number>()
  private readonly broadcastAt = new Map<string, number>()

  /** Later than all before. */
  next(): number {
    return ++this.moment
  }

  open(process: string, shard: ShardName): void {
    this.opened.set(`${process} ${shard}`, this.next())
  }

  hasOpenedSince(moment: number, process: string, shard: ShardName): boolean {
    return (this.opened.get(`${process} ${shard}`) ?? 0) > moment
  }

  /** Whether there was a gate for this broadcast alone; the next needs another one. */
  letsBroadcast(process: string, shard: ShardName): boolean {
    const key = `${process} ${shard}`
    const before = this.broadcastAt.get(key) ?? 0
    this.broadcastAt.set(key, this.next())
    return this.hasOpenedSince(before, process, shard)
  }
}
