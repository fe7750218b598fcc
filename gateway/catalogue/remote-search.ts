import type { MetricSink } from '../../cluster/metrics.ts'
import type { DocumentChange, RemoteIndex, SearchFound } from '../../cluster/search-index.ts'
import type { Timer, World } from '../../cluster/world.ts'
import type { ProductId } from '../../protocol/ids.ts'
import type { SearchDocument, SearchQuestion } from '../../protocol/search.ts'
import type { Catalogue, ProductChange } from './catalogue.ts'
import type { FeederLease } from './feeder-lease.ts'

export interface RemoteSearchParts {
  readonly index: RemoteIndex
  readonly lease: FeederLease
  readonly catalogue: Catalogue
  readonly world: World
  /** What the index is told of a product. */
  readonly changeOf: (change: ProductChange) => DocumentChange
  /** Products that are in sales. */
  readonly onSale: () => Iterable<ProductId>
  readonly pages: () => AsyncIterable<readonly SearchDocument[]>
}

const renewEveryMs = 2_000
/** So long nobody asks an index that has just failed. */
const awayMs = 2_000
const changesAtOnce = 50
/** Changes that wait for the index; with more it is brought up from the catalogue instead. */
const waitingMax = 10_000

/**
 * An index that all gateways share, fed by one of them. What could not be fed, because the index was away or another gateway has the feeding now, is brought
 * up from the catalogue. While it is away, or nobody has filled it yet, whoever searches is sent to the index of the process.
 */
export class RemoteSearch {
  readonly counts = { answered: 0, failures: 0, rebuilds: 0 }
  private readonly parts: RemoteSearchParts
  private timer: Timer | undefined
  private awayUntil = 0
  private wasAway = false
  /** Everything that has changed so far is in the index, or in the line before it. */
  private isUp = false
  private waiting = 0
  private feeding: Promise<unknown> = Promise.resolve()
  private work: Promise<void> | undefined
  private isClosed = false

  constructor(parts: RemoteSearchParts) {
    this.parts = parts
  }

  start(): void {
    this.timer = this.parts.world.timers.every(renewEveryMs, () => this.look())
    this.look()
  }

  /** Undefined if somebody else has to be asked. */
  async search(question: SearchQuestion): Promise<SearchFound | undefined> {
    const { index, lease, world } = this.parts
    if (lease.fedTo === null || world.clock.monotonic() < this.awayUntil) return undefined
    try {
      const found = await index.search(question)
      this.counts.answered++
      if (this.wasAway) world.log.info({}, 'Elasticsearch answers again')
      this.wasAway = false
      return found === 'busy' ? undefined : found
    } catch (error) {
      this.failed(error)
      return undefined
    }
  }

  /** What has changed, if this gateway is the one that feeds. */
  apply(changes: readonly DocumentChange[]): void {
    const { lease, index, catalogue } = this.parts
    if (!lease.isHeld || !this.isUp) {
      this.isUp = false
      return
    }
    if (this.waiting + changes.length > waitingMax) {
      this.isUp = false
      return
    }
    this.waiting += changes.length
    const revision = catalogue.revision
    this.feeding = this.feeding
      .then(async () => {
        if (!this.isUp) return
        await index.apply(changes)
        if (this.isUp && revision !== undefined) lease.hasFed(revision)
      })
      .catch((error: unknown) => {
        this.isUp = false
        this.failed(error)
      })
      .finally(() => {
        this.waiting -= changes.length
      })
  }

  /** Makes the whole index anew, if this gateway feeds it. */
  rebuild(): void {
    if (this.parts.lease.isHeld) this.run(() => this.fill())
  }

  collect(sink: MetricSink): void {
    const { answered, failures, rebuilds } = this.counts
    sink.counter('sluice_elastic_searches_total', 'Searches that Elasticsearch has answered', answered)
    sink.counter('sluice_elastic_failures_total', 'Requests that Elasticsearch did not answer as it should', failures)
    sink.counter('sluice_elastic_rebuilds_total', 'Times that this gateway made the index in Elasticsearch anew', rebuilds)
    sink.gauge('sluice_elastic_feeder', 'Whether this gateway feeds Elasticsearch', this.parts.lease.isHeld ? 1 : 0)
  }

  /** Ends the feeding, in order, so that the next gateway goes on at once. */
  async farewell(): Promise<void> {
    this.timer?.cancel()
    this.isUp = false
    await this.parts.lease.giveBack().catch((error: unknown) => {
      this.parts.world.log.debug({ error: String(error) }, 'another gateway feeds Elasticsearch when this lease has run out')
    })
  }

  close(): void {
    this.isClosed = true
    this.timer?.cancel()
  }

  private look(): void {
    const { lease, world } = this.parts
    const wasHeld = lease.isHeld
    lease.renew().then(
      () => {
        if (this.isClosed || !lease.isHeld) return
        if (!wasHeld) this.isUp = false
        this.run(() => this.bringUp())
      },
      (error: unknown) => world.log.debug({ error: String(error) }, 'who feeds Elasticsearch cannot be looked up'),
    )
  }

  private run(work: () => Promise<void>): void {
    this.work ??= work()
      .catch((error: unknown) => {
        this.isUp = false
        this.failed(error)
      })
      .finally(() => {
        this.work = undefined
      })
  }

  private async bringUp(): Promise<void> {
    const { index, lease, catalogue, changeOf, onSale } = this.parts
    if ((await index.prepare()) === 'made' || lease.fedTo === null) return this.fill()
    if (this.isUp) return
    // From here on changes go into the line by themselves; what came before is read.
    this.isUp = true
    for await (const changes of catalogue.changesAfter(lease.fedTo, changesAtOnce)) {
      if (changes === 'all') return this.fill()
      await index.apply(changes.map(changeOf))
    }
    const products = [...onSale()]
    for (let at = 0; at < products.length; at += changesAtOnce) {
      const some: DocumentChange[] = []
      for (const product of products.slice(at, at + changesAtOnce)) {
        const content = await catalogue.product(product)
        if (content !== 'busy') some.push(changeOf({ product, content }))
      }
      await index.apply(some)
    }
    if (this.isUp) lease.hasFed(catalogue.revision ?? lease.fedTo)
  }

  private async fill(): Promise<void> {
    const { index, lease, catalogue, pages, world } = this.parts
    const revision = catalogue.revision ?? null
    this.isUp = true
    const documents = await index.rebuild(pages())
    this.counts.rebuilds++
    lease.hasFed(revision)
    world.log.info({ documents }, 'the index in Elasticsearch is made')
  }

  private failed(error: unknown): void {
    if (this.isClosed) return
    const { world } = this.parts
    this.counts.failures++
    this.awayUntil = world.clock.monotonic() + awayMs
    if (!this.wasAway)
      world.log.warn({ error: String(error) }, 'Elasticsearch does not answer as it should; searches go to the index of this process')
    this.wasAway = true
  }
}
