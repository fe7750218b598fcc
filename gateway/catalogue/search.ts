import type { MetricSink } from '../../cluster/metrics.ts'
import type { DocumentChange, RemoteIndex, SearchFound, SearchIndex } from '../../cluster/search-index.ts'
import type { SharedRecord } from '../../cluster/shared-record.ts'
import { delay, type Timer, type World } from '../../cluster/world.ts'
import { parseProductId, type ProductId } from '../../protocol/ids.ts'
import type { Product } from '../../protocol/product.ts'
import type { SearchDocument, SearchQuestion, SearchResult } from '../../protocol/search.ts'
import type { Catalogue } from './catalogue.ts'
import { FeederLease } from './feeder-lease.ts'
import { type Offers, summaryOf } from './offers.ts'
import { QuietMinutes } from './quiet-minutes.ts'
import { RemoteSearch } from './remote-search.ts'

export interface SearchParts {
  readonly catalogue: Catalogue
  readonly offers: Offers
  readonly index: LocalIndex
  readonly world: World
  /** Calls answered so far, by which quiet minutes are told from busy ones. */
  readonly calls: () => number
  /** Between two rebuilds of the whole index; 0 for none. */
  readonly reindexHours: number
  /** An index that all gateways share is asked first; the record says which of them feeds it. */
  readonly remote?: { readonly index: RemoteIndex; readonly record: SharedRecord } | undefined
}

/** The index of this process. */
export interface LocalIndex extends SearchIndex {
  readonly size: number
  readonly worn: number
  onLost(lost: () => void): void
}

export interface SearchStatus {
  readonly engine: 'memory' | 'elasticsearch'
  readonly state: 'building' | 'ready'
  readonly documents: number
  /** When the last rebuild ended, and when the next one is due, in the first quiet minute from then on; null for none. */
  readonly builtAt: number | null
  readonly dueAt: number | null
  readonly callsLastMinute: number | null
  readonly isQuiet: boolean
}

const pageSize = 50
/** A rebuild rests for so many times as long as it works, so that whoever buys hardly notices. */
const restTimes = 3
const restMsMin = 2
const retryMs = 1_000
const hourMs = 3_600_000
const lookMs = 5_000
/** Numbers that are worn out are rebuilt without waiting, when they are more than those in use, and more than these. */
const wornMin = 10_000

/**
 * Finds products. The index follows the catalogue and the sales change by change; a rebuild of the whole, which frees what changes have left behind and
 * repairs what a lost word may have left wrong, waits for a quiet minute. What is found is told as the catalogue and the sales have it now.
 */
export class Search {
  readonly counts = { answered: 0, refused: 0, rebuilds: 0 }
  private readonly parts: SearchParts
  private readonly quiet: QuietMinutes
  private readonly remote: RemoteSearch | undefined
  private timer: Timer | undefined
  private builtAt: number | null = null
  private dueAt: number | null
  private building: Promise<void> | undefined
  private again = false
  private isClosed = false
  private settling: Promise<unknown> = Promise.resolve()
  private readonly changed = new Set<ProductId>()
  private following: Promise<void> | undefined

  constructor(parts: SearchParts) {
    this.parts = parts
    const { catalogue, offers, index, world, calls } = parts
    this.quiet = new QuietMinutes(world.clock, calls())
    this.dueAt = world.clock.now()
    this.remote =
      parts.remote === undefined
        ? undefined
        : new RemoteSearch({
            index: parts.remote.index,
            lease: new FeederLease(parts.remote.record, world),
            catalogue,
            world,
            changeOf: ({ product, content }) => this.changeOf(product, content),
            onSale: () => offers.products(),
            pages: () => this.pages(),
          })
    catalogue.onChange((changes) => {
      if (changes === 'all') this.rebuildAll()
      else this.apply(changes.map(({ product, content }) => this.changeOf(product, content)))
    })
    offers.onChange((product) => {
      this.changed.add(product)
      // Before the first rebuild has begun there is nothing to follow.
      if (this.building !== undefined || this.builtAt !== null) this.follow()
    })
    index.onLost(() => {
      this.builtAt = null
      this.rebuild()
    })
  }

  /** Begins to fill the index. */
  start(): void {
    this.rebuild()
    this.remote?.start()
    this.timer = this.parts.world.timers.every(lookMs, () => this.look())
  }

  /** `building` before the index has been filled for the first time. Rejects if index or catalogue cannot be read. */
  async search(question: SearchQuestion): Promise<SearchResult | 'busy' | 'building'> {
    const elsewhere = await this.remote?.search(question)
    if (elsewhere === undefined && this.builtAt === null) return 'building'
    const found = elsewhere ?? (await this.parts.index.search(question))
    const result = found === 'busy' ? found : await this.told(found)
    if (result === 'busy') this.counts.refused++
    else this.counts.answered++
    return result
  }

  /** Resolves when all that has changed so far is in the index. */
  async settled(): Promise<void> {
    await this.settling
    await this.following
  }

  /** Asks for a rebuild, now or in the next quiet minute. */
  reindex(when: 'now' | 'quiet'): void {
    if (when === 'now') this.rebuildAll()
    else this.dueAt = this.parts.world.clock.now()
  }

  status(): SearchStatus {
    return {
      engine: this.remote === undefined ? 'memory' : 'elasticsearch',
      state: this.builtAt === null || this.building !== undefined ? 'building' : 'ready',
      documents: this.parts.index.size,
      builtAt: this.builtAt,
      dueAt: this.dueAt,
      callsLastMinute: this.quiet.lastMinute === undefined ? null : Math.round(this.quiet.lastMinute),
      isQuiet: this.quiet.isQuiet,
    }
  }

  collect(sink: MetricSink): void {
    const { answered, refused, rebuilds } = this.counts
    sink.counter('sluice_searches_total', 'Searches of the catalogue, by outcome', answered, { outcome: 'answered' })
    sink.counter('sluice_searches_total', 'Searches of the catalogue, by outcome', refused, { outcome: 'refused' })
    sink.counter('sluice_search_rebuilds_total', 'Times that the whole search index was made anew', rebuilds)
    this.remote?.collect(sink)
    sink.gauge('sluice_search_documents', 'Products in the search index of this gateway', this.parts.index.size)
  }

  /** Before the end: the next gateway feeds the shared index. */
  async farewell(): Promise<void> {
    await this.remote?.farewell()
  }

  close(): void {
    this.isClosed = true
    this.timer?.cancel()
    this.remote?.close()
  }

  private look(): void {
    const { index, world, calls } = this.parts
    if (this.quiet.take(calls()) && this.quiet.isQuiet && this.dueAt !== null && world.clock.now() >= this.dueAt) this.rebuildAll()
    else if (index.worn > Math.max(wornMin, index.size)) this.rebuild()
  }

  private rebuildAll(): void {
    this.remote?.rebuild()
    this.rebuild()
  }

  private rebuild(): void {
    if (this.isClosed) return
    if (this.building !== undefined) {
      // The one that is under way may have passed by what this one is for.
      this.again = true
      return
    }
    this.again = false
    this.building = this.build().finally(() => {
      this.building = undefined
      if (this.again) this.rebuild()
    })
  }

  private async build(): Promise<void> {
    const { index, world, reindexHours } = this.parts
    const begun = world.clock.monotonic()
    try {
      const documents = await index.rebuild(this.pages())
      if (this.isClosed) return
      this.counts.rebuilds++
      this.builtAt = world.clock.now()
      // Not all gateways in the same quiet minute.
      this.dueAt = reindexHours === 0 ? null : this.builtAt + reindexHours * hourMs * (0.9 + 0.2 * world.random.next())
      world.log.info({ documents, ms: Math.round(world.clock.monotonic() - begun) }, 'the search index is made')
    } catch (error) {
      if (this.isClosed) return
      world.log.warn({ error: String(error) }, 'the search index could not be made; it is tried again')
      await delay(world.timers, retryMs)
      this.again = true
    }
  }

  /** Every product, a page at a time, with a rest between. */
  private async *pages(): AsyncGenerator<readonly SearchDocument[]> {
    const { catalogue, offers, world } = this.parts
    const written = new Set<string>()
    let begun = world.clock.monotonic()
    for await (const page of catalogue.pages(pageSize)) {
      if (this.isClosed) throw new Error('the gateway closes')
      for (const { product } of page) written.add(product)
      yield page.flatMap((content) => this.changeOf(content.product, content).document ?? [])
      if (page.length === pageSize) await delay(world.timers, Math.max(restMsMin, restTimes * (world.clock.monotonic() - begun)))
      begun = world.clock.monotonic()
    }
    const others = [...offers.products()].filter((product) => !written.has(product))
    // As they are when their page is taken.
    for (let at = 0; at < others.length; at += pageSize)
      yield others.slice(at, at + pageSize).flatMap((product) => this.changeOf(product, undefined).document ?? [])
  }

  private apply(changes: readonly DocumentChange[]): void {
    this.remote?.apply(changes)
    this.settling = this.parts.index.apply(changes).catch((error: unknown) => {
      if (!this.isClosed) this.parts.world.log.warn({ error: String(error) }, 'the search index did not take a change; it is made anew')
      this.rebuild()
    })
  }

  /** Takes in what sales have changed, a few products at a time. */
  private follow(): void {
    this.following ??= this.takeOffers()
      .catch((error: unknown) => {
        if (!this.isClosed) this.parts.world.log.warn({ error: String(error) }, 'the search index did not follow a sale; it is made anew')
        this.rebuild()
      })
      .finally(() => {
        this.following = undefined
        if (this.changed.size > 0 && !this.isClosed) this.follow()
      })
  }

  private async takeOffers(): Promise<void> {
    const some = [...this.changed].slice(0, pageSize)
    for (const product of some) this.changed.delete(product)
    const changes: DocumentChange[] = []
    for (const product of some) {
      const content = await this.parts.catalogue.product(product)
      if (content === 'busy') throw new Error('too many products are being read')
      changes.push(this.changeOf(product, content))
    }
    this.remote?.apply(changes)
    await this.parts.index.apply(changes)
  }

  private changeOf(product: ProductId, content: Product | undefined): DocumentChange {
    const info = this.parts.offers.infoOf(product, content)
    if (info === undefined) return { product, document: undefined }
    const { title, description, categories, priceMinor, state, offers } = info
    const sales = [...new Set(offers.map(({ sale }) => sale))]
    return { product, document: { product, title, description, categories, priceMinor, state, sales } }
  }

  private async told({ total, products, categories }: SearchFound): Promise<SearchResult | 'busy'> {
    const { catalogue, offers } = this.parts
    const ids = products.flatMap((product) => parseProductId(product) ?? [])
    const contents = await Promise.all(ids.map((product) => catalogue.product(product)))
    if (contents.includes('busy')) return 'busy'
    const found = ids.flatMap((product, i) => {
      const content = contents[i]
      const info = content === 'busy' ? undefined : offers.infoOf(product, content)
      return info === undefined ? [] : [summaryOf(info)]
    })
    return { total, products: found, categories }
  }
}
