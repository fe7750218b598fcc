import { LRUCache } from 'lru-cache'
import type { Clock, Random } from '../../cluster/world.ts'

export interface ReadThroughParts<Value> {
  /** Undefined if there is nothing under the key. */
  readonly read: (key: string) => Promise<Value | undefined>
  /** Bytes that it takes, about. */
  readonly sizeOf: (value: Value) => number
  readonly clock: Clock
  readonly random: Random
  readonly limits?: Partial<ReadThroughLimits>
}

export interface ReadThroughLimits {
  /** An entry is read again at some moment between these two ages, drawn for each: what was read together is not refreshed together. */
  readonly refreshMsMin: number
  readonly refreshMsMax: number
  /** For so long nobody asks again for what was not there. */
  readonly absentMs: number
  /** After a refresh that failed, the next one. */
  readonly retryMs: number
  readonly bytesMax: number
  readonly entriesMax: number
  /** Keys that are being read at a time. */
  readonly readsMax: number
}

export const readThroughLimits: ReadThroughLimits = {
  refreshMsMin: 600_000,
  refreshMsMax: 1_500_000,
  absentMs: 5_000,
  retryMs: 10_000,
  bytesMax: 64 * 1024 * 1024,
  entriesMax: 100_000,
  readsMax: 1_000,
}

/** Something that changes again and again while it is read is given as it was read last. */
const rereadsMax = 5
const entryBytes = 200

/**
 * The cache before a slower store. A key that is missing is read once, however many ask for it; what is due for a refresh is given as it is, while one
 * read is under way; that there is nothing is remembered too, for a short time. Whoever hears of a change says so by {@link replace}, {@link drop} or {@link dropAll}:
 * what was read before is given to nobody any more, not even to those who have been waiting for it.
 */
export class ReadThrough<Value> {
  readonly counts = { hits: 0, misses: 0, refreshes: 0, failures: 0 }
  private readonly parts: ReadThroughParts<Value>
  private readonly limits: ReadThroughLimits
  private readonly entries: LRUCache<string, Entry<Value>>
  private readonly reads = new Map<string, Read<Value>>()

  constructor(parts: ReadThroughParts<Value>) {
    this.parts = parts
    this.limits = { ...readThroughLimits, ...parts.limits }
    const { entriesMax, bytesMax } = this.limits
    const sizeCalculation = ({ value }: Entry<Value>): number => entryBytes + (value === undefined ? 0 : parts.sizeOf(value))
    this.entries = new LRUCache({ max: entriesMax, maxSize: bytesMax, sizeCalculation })
  }

  get size(): number {
    return this.entries.size
  }

  /** `busy` if too much is being read already. Rejects as the read does, if there is nothing to give instead. */
  async get(key: string): Promise<Value | undefined | 'busy'> {
    const entry = this.entries.get(key)
    if (entry === undefined || (entry.value === undefined && this.isDue(entry))) {
      this.counts.misses++
      return this.read(key)
    }
    this.counts.hits++
    if (this.isDue(entry)) this.refresh(key, entry)
    return entry.value
  }

  /** There is another value now. */
  replace(key: string, value: Value | undefined): void {
    const read = this.reads.get(key)
    if (read !== undefined) read.isOutdated = true
    if (this.entries.has(key)) this.keep(key, value)
  }

  /** It has changed: whoever asks gets what is read from now on. */
  drop(key: string): void {
    const read = this.reads.get(key)
    if (read !== undefined) read.isOutdated = true
    this.entries.delete(key)
  }

  /** Whatever is known may be wrong. */
  dropAll(): void {
    for (const read of this.reads.values()) read.isOutdated = true
    this.entries.clear()
  }

  private isDue({ dueAt }: Entry<Value>): boolean {
    return this.parts.clock.monotonic() >= dueAt
  }

  private refresh(key: string, entry: Entry<Value>): void {
    if (this.reads.has(key) || this.reads.size >= this.limits.readsMax) return
    this.counts.refreshes++
    // If it fails what is known stands, until the next one; it is counted, and the store's own link tells of its trouble.
    entry.dueAt = this.parts.clock.monotonic() + this.limits.retryMs
    this.read(key).catch(() => {})
  }

  private async read(key: string): Promise<Value | undefined | 'busy'> {
    const running = this.reads.get(key)
    if (running !== undefined) return running.outcome
    if (this.reads.size >= this.limits.readsMax) return 'busy'
    const read: Read<Value> = { isOutdated: false, outcome: Promise.resolve(undefined) }
    this.reads.set(key, read)
    read.outcome = this.take(key, read).finally(() => this.reads.delete(key))
    return read.outcome
  }

  private async take(key: string, read: Read<Value>): Promise<Value | undefined> {
    for (let tries = 1; ; tries++) {
      read.isOutdated = false
      try {
        const value = await this.parts.read(key)
        if (!read.isOutdated) {
          this.keep(key, value)
          return value
        }
        if (tries > rereadsMax) return value
      } catch (error) {
        this.counts.failures++
        throw error
      }
    }
  }

  private keep(key: string, value: Value | undefined): void {
    const { refreshMsMin, refreshMsMax, absentMs } = this.limits
    const ageMs = value === undefined ? absentMs : refreshMsMin + this.parts.random.next() * (refreshMsMax - refreshMsMin)
    this.entries.set(key, { value, dueAt: this.parts.clock.monotonic() + ageMs })
  }
}

interface Entry<Value> {
  readonly value: Value | undefined
  dueAt: number
}

interface Read<Value> {
  /** The key has changed since the read began. */
  isOutdated: boolean
  outcome: Promise<Value | undefined>
}
