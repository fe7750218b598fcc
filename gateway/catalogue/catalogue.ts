import type { Bus, Served } from '../../cluster/bus.ts'
import type { MetricSink } from '../../cluster/metrics.ts'
import type { SharedTable, TableRow } from '../../cluster/shared-table.ts'
import type { Timer, World } from '../../cluster/world.ts'
import { parseProductId, type ProductId } from '../../protocol/ids.ts'
import { packInner, unpackInner } from '../../protocol/inner-codec.ts'
import { catalogueNews, isCatalogueNews, type Product } from '../../protocol/product.ts'
import { catalogueSubject } from '../../protocol/subject.ts'
import { ReadThrough, type ReadThroughLimits } from './read-through.ts'

export interface CatalogueParts {
  readonly table: SharedTable
  readonly bus: Bus
  readonly world: World
  readonly limits?: Partial<ReadThroughLimits>
}

/** A product that has another content now, or none. */
export interface ProductChange {
  readonly product: ProductId
  readonly content: Product | undefined
}

/** `all`: it cannot be said which. */
export type CatalogueListener = (changes: readonly ProductChange[] | 'all') => void

/** Whether there are changes is looked up so often, for word of them may be lost. */
const lookEveryMs = 500
const changesAtOnce = 200

/**
 * The products of the shop, which all gateways share: read through a cache, written by operators. Whoever writes tells the others that there is something new, and
 * each reads what; one that missed the word finds it at its next look.
 */
export class Catalogue {
  private readonly parts: CatalogueParts
  private readonly cache: ReadThrough<Kept>
  private readonly listeners: CatalogueListener[] = []
  private served: Served | undefined
  private timer: Timer | undefined
  private seen: number | undefined
  private reading: Promise<void> | undefined
  private readAgain = false
  private couldRead = true

  constructor(parts: CatalogueParts) {
    this.parts = parts
    const { table, limits = {} } = parts
    this.cache = new ReadThrough({
      read: async (key) => keptOf(await table.get(key)),
      sizeOf: ({ bytes }) => bytes,
      clock: parts.world.clock,
      random: parts.world.random,
      limits,
    })
  }

  onChange(listener: CatalogueListener): void {
    this.listeners.push(listener)
  }

  /** Looks for the first time. A table that is away keeps nobody from starting. */
  async start(): Promise<void> {
    this.served = this.parts.bus.serve(catalogueSubject, (frame) => {
      if (isCatalogueNews(frame)) this.look()
    })
    this.timer = this.parts.world.timers.every(lookEveryMs, () => this.look())
    await this.read().catch((error: unknown) => this.couldNotRead(error))
  }

  /** `busy` if too many are being read. Rejects with a `StoreFault` if the product is not known here and cannot be read. */
  async product(id: ProductId): Promise<Product | undefined | 'busy'> {
    const kept = await this.cache.get(id)
    return kept === 'busy' ? kept : kept?.content
  }

  put(products: readonly Product[]): Promise<'stored' | 'full'> {
    return this.write(products.map((product) => ({ key: product.product, bytes: packInner(product) })))
  }

  async remove(ids: readonly ProductId[]): Promise<void> {
    await this.write(ids.map((key) => ({ key, bytes: undefined })))
  }

  size(): Promise<number> {
    return this.parts.table.size()
  }

  /** Changes up to it are known here; undefined before the catalogue could be read. */
  get revision(): number | undefined {
    return this.seen
  }

  /** All products, a page at a time, as they are when their page is read. */
  async *pages(pageSize: number): AsyncGenerator<readonly Product[]> {
    let after = 0
    for (;;) {
      const page = await this.parts.table.walk(after, pageSize)
      after = page.rows.at(-1)?.revision ?? after
      yield page.rows.flatMap((row) => changeOf(row).content ?? [])
      if (page.isEnd) return
    }
  }

  /** What has changed after a revision, a page at a time; ends with `all` if that cannot be known. */
  async *changesAfter(revision: number, pageSize: number): AsyncGenerator<readonly ProductChange[] | 'all'> {
    let after = revision
    for (;;) {
      const page = await this.parts.table.changesAfter(after, pageSize)
      if (page === 'again') {
        yield 'all'
        return
      }
      after = page.rows.at(-1)?.revision ?? after
      yield page.rows.map(changeOf)
      if (page.isEnd) return
    }
  }

  collect(sink: MetricSink): void {
    const { hits, misses, refreshes, failures } = this.cache.counts
    for (const [outcome, count] of Object.entries({ hit: hits, miss: misses, refresh: refreshes, failure: failures }))
      sink.counter('sluice_catalogue_reads_total', 'Products looked up in the cache of this gateway, by what came of it', count, {
        outcome,
      })
    sink.gauge('sluice_catalogue_cached', 'Products and absences in the cache of this gateway', this.cache.size)
  }

  close(): void {
    this.timer?.cancel()
    this.served?.close()
  }

  private async write(changes: Parameters<SharedTable['write']>[0]): Promise<'stored' | 'full'> {
    if ((await this.parts.table.write(changes)) === 'full') return 'full'
    // This gateway has to have it before the operator hears of it.
    await this.read()
    this.parts.bus.send(catalogueSubject, catalogueNews)
    return 'stored'
  }

  private look(): void {
    // One that is under way may have passed by what is new.
    if (this.reading !== undefined) this.readAgain = true
    else
      this.read().then(
        () => {
          this.couldRead = true
        },
        (error: unknown) => this.couldNotRead(error),
      )
  }

  private couldNotRead(error: unknown): void {
    if (this.couldRead)
      this.parts.world.log.warn({ error: String(error) }, 'the catalogue cannot be read; products that are known are told as they were')
    this.couldRead = false
  }

  /** One at a time, so that what was read earlier does not take the place of what was read later. */
  private async read(): Promise<void> {
    while (this.reading !== undefined) await this.reading.catch(() => {})
    this.readAgain = false
    this.reading = this.takeChanges().finally(() => {
      this.reading = undefined
      if (this.readAgain) this.look()
    })
    return this.reading
  }

  private async takeChanges(): Promise<void> {
    const { table } = this.parts
    for (;;) {
      const after = this.seen
      const changes = after === undefined ? 'again' : await table.changesAfter(after, changesAtOnce)
      if (changes === 'again') {
        this.seen = await table.last()
        this.cache.dropAll()
        if (after !== undefined) this.tell('all')
        return
      }
      const found = changes.rows.map(changeOf)
      for (const [i, row] of changes.rows.entries()) this.cache.replace(row.key, keptOf(row.bytes, found[i]?.content))
      this.seen = changes.rows.at(-1)?.revision ?? after
      if (found.length > 0) this.tell(found)
      if (changes.isEnd) return
    }
  }

  private tell(changes: readonly ProductChange[] | 'all'): void {
    for (const listener of this.listeners) listener(changes)
  }
}

interface Kept {
  readonly content: Product
  readonly bytes: number
}

function keptOf(bytes: Uint8Array | undefined, content?: Product): Kept | undefined {
  return bytes === undefined ? undefined : { content: content ?? unpackInner<Product>(bytes), bytes: bytes.length }
}

function changeOf({ key, bytes }: TableRow): ProductChange {
  const content = bytes === undefined ? undefined : unpackInner<Product>(bytes)
  const product = parseProductId(key)
  if (product === undefined) throw new Error(`${key} is no product`)
  return { product, content }
}
