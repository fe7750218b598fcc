import { afterEach, beforeEach } from 'vitest'
import type { JournalRecord, Opened, ShardName, Store } from './store.ts'

/** One set of data that several stores can be opened over, the way several processes would. */
export interface StoreBench {
  /** Opens one more store. Where only one can own the data, it takes it from the one before. */
  open(): Promise<Store>
  /** Lets `ms` pass by the clock that leases and records are measured by. */
  pass(ms: number): Promise<void>
  /** Longer than a lease that nobody renews; 0 where the next owner waits for nothing. */
  readonly leaseMs: number
  /** Closes what was opened and removes the data. */
  close(): Promise<void>
}

/** What each test of the contract starts from: fresh data and a store over it. */
export class StoreFixture {
  readonly #makeBench: () => Promise<StoreBench>
  #current: { readonly bench: StoreBench; readonly store: Store } | undefined

  constructor(makeBench: () => Promise<StoreBench>) {
    this.#makeBench = makeBench
    beforeEach(() => this.begin())
    afterEach(() => this.end())
  }

  get bench(): StoreBench {
    return this.#now().bench
  }

  get store(): Store {
    return this.#now().store
  }

  async begin(): Promise<void> {
    const bench = await this.#makeBench()
    this.#current = { bench, store: await bench.open() }
  }

  async end(): Promise<void> {
    await this.#current?.bench.close()
    this.#current = undefined
  }

  /** The next store over the same data, once it may own it. */
  async rival(): Promise<Store> {
    const next = await this.bench.open()
    await this.bench.pass(this.bench.leaseMs)
    return next
  }

  #now(): { readonly bench: StoreBench; readonly store: Store } {
    if (this.#current === undefined) throw new Error('no test is running')
    return this.#current
  }
}

export const shard: ShardName = 'inv.0'
export const otherShard: ShardName = 'ses.1'

export async function claimed(by: Store, owner = 'a', of = shard): Promise<number> {
  const lease = await by.claim(of, owner)
  if (lease === 'taken') throw new Error('taken')
  return lease.epoch
}

export async function opened(by: Store, owner = 'a', of = shard): Promise<number> {
  const epoch = await claimed(by, owner, of)
  mustOpen(await by.open(of, epoch))
  return epoch
}

export function mustOpen(outcome: Opened | 'fenced'): Opened {
  if (outcome === 'fenced') throw new Error('fenced')
  return outcome
}

/** Appends to {@link shard} right after its opening. */
export async function appended(by: Store, epoch: number, texts: readonly string[]): Promise<void> {
  for (const [index, text] of texts.entries()) {
    const outcome = await by.append(shard, { epoch, seq: index + 1 }, bytesOf(text))
    if (outcome !== 'stored') throw new Error(outcome)
  }
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

export function textsOf(records: readonly JournalRecord[]): string[] {
  return records.map((record) => textOf(record.bytes))
}

export function positionsOf(records: readonly JournalRecord[]): string[] {
  return records.map(({ position }) => `${position.epoch}-${position.seq}`)
}

export function bytesOf(content: string): Uint8Array {
  return new TextEncoder().encode(content)
}

export function textOf(content: Uint8Array | undefined): string {
  return content === undefined ? '(none)' : new TextDecoder().decode(content)
}
