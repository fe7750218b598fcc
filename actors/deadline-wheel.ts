import { pageOfWords } from './page-memory.ts'

/**
 * Deadlines of one shard: what ends when. Entries fall into buckets of {@link granularityMs}; an entry is two numbers, so that half a million
 * holds a second make no objects. Nothing is ever taken out early: whoever receives a due entry checks whether it still applies.
 */
export class DeadlineWheel {
  private readonly buckets = new Map<number, Bucket>()
  private cursor = Number.MAX_SAFE_INTEGER
  private entries = 0
  private lastKey = -1
  private lastBucket: Bucket | undefined

  get size(): number {
    return this.entries
  }

  add(at: number, group: number, item: number): void {
    const key = Math.floor(at / granularityMs)
    // The holds of a batch end together, so most entries go where the last one went.
    let bucket = key === this.lastKey ? this.lastBucket : this.buckets.get(key)
    if (bucket === undefined) {
      bucket = new Bucket()
      this.buckets.set(key, bucket)
      if (key < this.cursor) this.cursor = key
    }
    this.lastKey = key
    this.lastBucket = bucket
    bucket.add(group, item)
    this.entries++
  }

  /**
   * Gives out at most `limit` entries of buckets that have passed; returns how many. An entry comes up to {@link granularityMs} after its time,
   * never before. `each` may add entries.
   */
  due(now: number, limit: number, each: (group: number, item: number) => void): number {
    const last = Math.floor(now / granularityMs) - 1
    let given = 0
    while (this.entries > 0 && this.cursor <= last && given < limit) {
      const key = this.cursor
      const bucket = this.buckets.get(key)
      if (bucket === undefined) {
        this.skipGap(last)
        continue
      }
      while (bucket.taken < bucket.length && given < limit) {
        const at = bucket.taken++ * 2
        this.entries--
        given++
        each(bucket.pairs[at] as number, bucket.pairs[at + 1] as number)
      }
      if (bucket.taken < bucket.length) break
      this.buckets.delete(key)
      if (key === this.lastKey) this.lastBucket = undefined
      // `each` may have put an entry before this bucket; then the cursor stands there already.
      if (this.cursor === key) this.cursor++
    }
    if (this.entries === 0) this.cursor = Number.MAX_SAFE_INTEGER
    return given
  }

  /** Moves the cursor to the next bucket: step by step if it can be near, else by a look at all of them (a deadline at time 0 lies billions of steps back). */
  private skipGap(last: number): void {
    if (last - this.cursor <= this.buckets.size) {
      this.cursor++
      return
    }
    let next = Number.MAX_SAFE_INTEGER
    for (const key of this.buckets.keys()) if (key < next) next = key
    this.cursor = next
  }
}

export const granularityMs = 50

class Bucket {
  pairs: Uint32Array = new Uint32Array(8)
  length = 0
  taken = 0

  add(group: number, item: number): void {
    if (this.length * 2 === this.pairs.length) {
      const larger = pageOfWords(this.pairs.length * 2)
      larger.set(this.pairs)
      this.pairs = larger
    }
    this.pairs[this.length * 2] = group
    this.pairs[this.length * 2 + 1] = item
    this.length++
  }
}
