import { LRUCache } from 'lru-cache'
import type { Clock, Random } from '../cluster/world.ts'

export interface ReadThroughParts<Value> {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly random: Pick<Random, 'next'>
  /** Reads what is kept elsewhere; undefined if there is nothing. What it rejects with, everyone who waits for it gets. */
  readonly read: (key: string) => Promise<Value | undefined>
  /** One more drops the least recently used. */
  readonly entriesMax: number
  /** An entry is read again after a time between these, drawn for each: those that were read together are not read again together. */
  readonly freshMs: readonly [least: number, most: number]
  /** For so long it is believed that there is nothing. */
  readonly absentMs: number
}

interface Entry<Value> {
  readonly value: Value | undefined
  readonly until: number
}

interface Reading<Value> {
  outcome: Promise<Value | undefined>
}

/**
 * A cache in memory before something that is slower. However many ask for a key that is not here at once, it is read once; that there is nothing is
 * remembered too, for a short time. What cannot be read again stands a while longer, so that a source that is away takes nothing with it.
 */
export class ReadThroughCache<Value> {
  readonly counters = { hits: 0, reads: 0, stood: 0 }
  private readonly parts: ReadThroughParts<Value>
  private readonly entries: LRUCache<string, Entry<Value>>
  private readonly underWay = new Map<string, Reading<Value>>()

  constructor(parts: ReadThroughParts<Value>) {
    this.parts = parts
    this.entries = new LRUCache({ max: parts.entriesMax })
  }

  get(key: string): Promise<Value | undefined> {
    const entry = this.entries.get(key)
    if (entry !== undefined && entry.until > this.parts.clock.monotonic()) {
      this.counters.hits++
      return Promise.resolve(entry.value)
    }
    const underWay = this.underWay.get(key)
    if (underWay !== undefined) return underWay.outcome
    const reading: Reading<Value> = { outcome: Promise.resolve(undefined) }
    this.underWay.set(key, reading)
    reading.outcome = this.read(key, entry, reading)
    return reading.outcome
  }

  /** It has changed: whoever asks from now on gets what a read finds that begins after this. */
  invalidate(key: string): void {
    this.entries.delete(key)
    this.underWay.delete(key)
  }

  get size(): number {
    return this.entries.size
  }

  private async read(key: string, known: Entry<Value> | undefined, reading: Reading<Value>): Promise<Value | undefined> {
    this.counters.reads++
    try {
      const value = await this.parts.read(key)
      if (this.ends(key, reading)) this.keep(key, value, value === undefined ? this.parts.absentMs : this.freshMs())
      return value
    } catch (error) {
      if (!this.ends(key, reading) || known === undefined) throw error
      this.counters.stood++
      this.keep(key, known.value, this.parts.absentMs)
      return known.value
    }
  }

  /** Whether it is this read whose outcome counts; from here on no read is under way. */
  private ends(key: string, reading: Reading<Value>): boolean {
    return this.underWay.get(key) === reading && this.underWay.delete(key)
  }

  private keep(key: string, value: Value | undefined, forMs: number): void {
    this.entries.set(key, { value, until: this.parts.clock.monotonic() + forMs })
  }

  private freshMs(): number {
    const [least, most] = this.parts.freshMs
    return least + this.parts.random.next() * (most - least)
  }
}
