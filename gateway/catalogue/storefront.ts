import type { Bus } from '../../cluster/bus.ts'
import type { MetricSink } from '../../cluster/metrics.ts'
import type { SharedTable } from '../../cluster/shared-table.ts'
import type { World } from '../../cluster/world.ts'
import type { MethodBody } from '../method.ts'
import type { Views } from '../views.ts'
import { catalogueMethods } from './catalogue-methods.ts'
import { Catalogue } from './catalogue.ts'
import { Offers } from './offers.ts'
import { Search, type SearchParts } from './search.ts'

export interface StorefrontParts {
  readonly table: SharedTable
  readonly bus: Bus
  readonly world: World
  readonly views: Views
  readonly search?: StorefrontSearch | undefined
}

export type StorefrontSearch = Pick<SearchParts, 'index' | 'calls' | 'reindexHours' | 'remote'>

/** What people look at before they buy: the products of the catalogue, with what sales offer of them. */
export class Storefront {
  readonly methods: readonly MethodBody[]
  private readonly catalogue: Catalogue
  private readonly offers = new Offers()
  private readonly search: Search | undefined

  constructor(parts: StorefrontParts) {
    const { table, bus, world, views } = parts
    this.catalogue = new Catalogue({ table, bus, world })
    const { catalogue, offers } = this
    views.onChange((view) => offers.take(view))
    this.search = parts.search === undefined ? undefined : new Search({ ...parts.search, catalogue, offers, world })
    this.methods = catalogueMethods({ catalogue, offers, search: this.search })
  }

  /** After the views have been read. */
  async start(): Promise<void> {
    await this.catalogue.start()
    this.search?.start()
  }

  collect(sink: MetricSink): void {
    this.catalogue.collect(sink)
    this.search?.collect(sink)
  }

  close(): void {
    this.catalogue.close()
    this.search?.close()
  }

  /** Before the end: what this gateway does for all of them another one takes over. */
  async farewell(): Promise<void> {
    await this.search?.farewell()
  }
}
