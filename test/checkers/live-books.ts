import { comparePositions, type Position, type ShardName } from '../../cluster/store.ts'
import type { Complain } from './findings.ts'
import { type JournalRule, ShardBooks } from './shard-books.ts'
import type { SkuHistory } from './sku-history.ts'

interface LiveBooksParts {
  readonly now: () => number
  readonly complain: Complain
  readonly rules?: readonly JournalRule[]
  /** For so long after a store has lost records, what is said may still be about them: their owner does not know yet. */
  readonly excuseMs?: number
}

/**
 * The books of all shards as far as they are durable in this very moment. Fed with every record when it becomes durable; a store that loses its
 * newest ones says so, and they are kept apart as an excuse for what was said of them.
 */
export class LiveBooks {
  /** Durable records so far, those that were lost included. */
  tick = 0
  /** Records that a store has lost. */
  lostRecords = 0
  /** When that was last, in ms. */
  lostAtMs: number | undefined
  private readonly parts: LiveBooksParts
  private readonly excuseMs: number
  private readonly current = new Map<ShardName, ShardBooks>()
  private readonly lostBooks = new Map<ShardName, ShardBooks[]>()
  private isMuted = false

  constructor(parts: LiveBooksParts) {
    this.parts = parts
    this.excuseMs = parts.excuseMs ?? 5_000
  }

  /** The record is durable from now on; an epoch's opening has `seq` 0 and no bytes. The bytes are copied. */
  applied(shard: ShardName, position: Position, bytes: Uint8Array): void {
    this.of(shard).take(position, bytes.slice(), ++this.tick, this.parts.now())
  }

  /** The records from `from` on are gone. Whoever was told of them is not to blame the shard for it. */
  lost(shard: ShardName, from: Position): void {
    const before = this.of(shard)
    this.lostAtMs = this.parts.now()
    before.lostAtMs = this.lostAtMs
    this.lostBooks.set(shard, [before, ...(this.lostBooks.get(shard) ?? [])])
    const after = this.open(shard)
    // What is wrong with these records was found when they came.
    this.isMuted = true
    for (const { position, bytes, tick, atMs } of before.records) {
      if (comparePositions(position, from) < 0) after.take(position, bytes, tick, atMs)
      else this.lostRecords++
    }
    this.isMuted = false
  }

  /** The books that count. */
  of(shard: ShardName): ShardBooks {
    return this.current.get(shard) ?? this.open(shard)
  }

  get shards(): readonly ShardBooks[] {
    return [...this.current.values()]
  }

  /** The books that count, then those that still are an excuse, the latest first. */
  *explaining(shard: ShardName): Generator<ShardBooks> {
    yield this.of(shard)
    const now = this.parts.now()
    for (const books of this.lostBooks.get(shard) ?? []) if (now <= (books.lostAtMs ?? 0) + this.excuseMs) yield books
  }

  /** A SKU by its name alone, in all books that explain. */
  *explainingSku(sku: string): Generator<{ readonly books: ShardBooks; readonly history: SkuHistory }> {
    for (const shard of this.current.keys()) {
      for (const books of this.explaining(shard)) {
        const history = books.sku(sku)
        if (history !== undefined) yield { books, history }
      }
    }
  }

  *allSkus(): Generator<SkuHistory> {
    for (const books of this.current.values()) yield* books.allSkus
  }

  sku(name: string): SkuHistory | undefined {
    return this.withSku(name)?.history
  }

  /** The books that count of the shard that has this SKU. */
  withSku(name: string): { readonly books: ShardBooks; readonly history: SkuHistory } | undefined {
    for (const books of this.current.values()) {
      const history = books.sku(name)
      if (history !== undefined) return { books, history }
    }
    return undefined
  }

  /** A SKU in all books there ever were, those with lost records included. */
  everOf(sku: string): SkuHistory[] {
    const all = [...this.current.values(), ...[...this.lostBooks.values()].flat()]
    return all.flatMap((books) => books.sku(sku) ?? [])
  }

  private open(shard: ShardName): ShardBooks {
    const books = new ShardBooks(shard, this.parts.rules ?? [], (promise, what) => {
      if (!this.isMuted) this.parts.complain(promise, what)
    })
    this.current.set(shard, books)
    return books
  }
}
