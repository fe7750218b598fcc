import type { Bus } from '../../cluster/bus.ts'
import type { MetricSink } from '../../cluster/metrics.ts'
import type { SharedTable } from '../../cluster/shared-table.ts'
import type { World } from '../../cluster/world.ts'
import type { MethodBody } from '../method.ts'
import type { Views } from '../views.ts'
import { catalogueMethods } from './catalogue-methods.ts'
import { Catalogue } from './catalogue.ts'
import { Offers } from './offers.ts'

export interface StorefrontParts {
  readonly table: SharedTable
  readonly bus: Bus
  readonly world: World
  readonly views: Views
}

/** What people look at before they buy: the products of the catalogue, with what sales offer of them. */
export class Storefront {
  readonly methods: readonly MethodBody[]
  private readonly catalogue: Catalogue
  private readonly offers = new Offers()

  constructor(parts: StorefrontParts) {
    const { table, bus, world, views } = parts
    this.catalogue = new Catalogue({ table, bus, world })
    const { catalogue, offers } = this
    views.onChange((view) => offers.take(view))
    this.methods = catalogueMethods({ catalogue, offers })
  }

  start(): Promise<void> {
    return this.catalogue.start()
  }

  collect(sink: MetricSink): void {
    this.catalogue.collect(sink)
  }

  close(): void {
    this.catalogue.close()
  }
}
