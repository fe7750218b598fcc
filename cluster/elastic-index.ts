import { Client, type estypes } from '@elastic/elasticsearch'
import { categoriesToldMax, type SearchDocument, type SearchQuestion } from '../protocol/search.ts'
import type { DocumentChange, RemoteIndex, SearchFound } from './search-index.ts'
import type { World } from './world.ts'

export interface ElasticOptions {
  /** With commas between several nodes. */
  readonly url: string
  /** An API key. */
  readonly key?: string | undefined
  /** Authorities (PEM) that vouch for the nodes. */
  readonly ca?: string | undefined
  readonly world: World
}

/** The alias under which products are found; the indices behind it are called `<alias>-<time>-<chance>`. */
export const elasticAlias = 'sluice-products'
const searchMsMax = 1_000
const workMsMax = 30_000
const chanceLength = 6

/** Every product's words are in one field too, for all words of a question have to be in a product, and not in one of its fields. */
const template: estypes.IndicesPutIndexTemplateRequest = {
  name: elasticAlias,
  index_patterns: [`${elasticAlias}-*`],
  template: {
    settings: {
      // The furthest page that may be asked for (protocol/search.ts).
      max_result_window: 10_100,
      analysis: { analyzer: { default: { type: 'custom', tokenizer: 'standard', filter: ['lowercase', 'asciifolding'] } } },
    },
    mappings: {
      dynamic: 'strict',
      properties: {
        product: { type: 'keyword' },
        title: { type: 'text', copy_to: 'words' },
        description: { type: 'text', copy_to: 'words' },
        categories: { type: 'keyword', copy_to: 'words', fields: { words: { type: 'text' } } },
        words: { type: 'text' },
        priceMinor: { type: 'long' },
        state: { type: 'keyword' },
        sales: { type: 'keyword' },
        isOnSale: { type: 'boolean' },
      },
    },
  },
}

/**
 * Products in Elasticsearch, under an alias that a rebuild moves in one step. Writes carry versions that rise with the time at which a document was made:
 * of two that are made for the same product the later one stands, whichever comes first and whoever sends it.
 */
export class ElasticIndex implements RemoteIndex {
  readonly #client: Client
  readonly #world: World
  /** The index that is being made. */
  #next: string | undefined
  #lastVersion = 0

  constructor({ url, key, ca, world }: ElasticOptions) {
    this.#world = world
    this.#client = new Client({
      nodes: url.split(','),
      // Who asks again is whoever asked: a search goes to another index meanwhile, and changes are brought up later.
      maxRetries: 0,
      requestTimeout: workMsMax,
      ...(key === undefined ? {} : { auth: { apiKey: key } }),
      ...(ca === undefined ? {} : { tls: { ca } }),
    })
  }

  async prepare(): Promise<'there' | 'made'> {
    const { indices } = this.#client
    if (await indices.existsAlias({ name: elasticAlias })) return 'there'
    await indices.putIndexTemplate(template)
    await indices.create({ index: this.#newName(), aliases: { [elasticAlias]: {} } })
    return 'made'
  }

  apply(changes: readonly DocumentChange[]): Promise<void> {
    const version = this.#version()
    const targets = this.#next === undefined ? [elasticAlias] : [elasticAlias, this.#next]
    return this.#bulk(targets.flatMap((target) => changes.flatMap((change) => operationsOf(target, change, version))))
  }

  async rebuild(pages: AsyncIterable<readonly SearchDocument[]>): Promise<number> {
    const { indices } = this.#client
    await indices.putIndexTemplate(template)
    const next = this.#newName()
    await indices.create({ index: next })
    this.#next = next
    try {
      for await (const page of pages) {
        // As old as the page: what changes from here on is newer.
        const version = this.#version()
        await this.#bulk(page.flatMap((document) => operationsOf(next, { product: document.product, document }, version)))
      }
      await indices.refresh({ index: next })
      const { count } = await this.#client.count({ index: next })
      const old = await this.#indicesBehind()
      await indices.updateAliases({
        actions: [...old.map((index) => ({ remove: { index, alias: elasticAlias } })), { add: { index: next, alias: elasticAlias } }],
      })
      if (old.length > 0) await indices.delete({ index: [...old] })
      return count
    } catch (error) {
      await indices.delete({ index: next, ignore_unavailable: true }).catch(() => {})
      throw error
    } finally {
      this.#next = undefined
    }
  }

  async search(question: SearchQuestion): Promise<SearchFound> {
    const { hits, aggregations } = await this.#client.search<unknown, Found>(requestOf(question), { requestTimeout: searchMsMax })
    const total = typeof hits.total === 'number' ? hits.total : (hits.total?.value ?? 0)
    const buckets = aggregations?.categories.buckets
    return {
      total,
      products: hits.hits.flatMap(({ _id }) => _id ?? []),
      categories: Array.isArray(buckets) ? buckets.map(({ key, doc_count }) => ({ name: String(key), count: doc_count })) : [],
    }
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  async #bulk(operations: Operations): Promise<void> {
    if (operations.length === 0) return
    const { items } = await this.#client.bulk({ operations })
    for (const item of items) {
      const { status, error } = item.index ?? item.delete ?? { status: 0 }
      // A conflict: something newer is there. Not found: it is out already.
      if (status >= 300 && status !== 409 && status !== 404)
        throw new Error(`Elasticsearch did not take a product: ${error?.reason ?? status}`)
      if (status === 404 && item.index !== undefined) throw new Error('the index of the products is gone')
    }
  }

  async #indicesBehind(): Promise<readonly string[]> {
    const found = await this.#client.indices.getAlias({ name: elasticAlias }, { ignore: [404] })
    return Object.keys(found).filter((name) => name.startsWith(`${elasticAlias}-`))
  }

  #newName(): string {
    const { clock, random } = this.#world
    return `${elasticAlias}-${clock.now()}-${random.id(chanceLength)}`
  }

  /** Microseconds, and never the same again. */
  #version(): number {
    this.#lastVersion = Math.max(this.#lastVersion + 1, this.#world.clock.now() * 1_000)
    return this.#lastVersion
  }
}

interface Found {
  readonly categories: estypes.AggregationsStringTermsAggregate
}

type Operations = NonNullable<estypes.BulkRequest['operations']>

function operationsOf(target: string, { product, document }: DocumentChange, version: number): Operations {
  // Elasticsearch would make an index of the name of an alias that is missing.
  const isAlias = target === elasticAlias
  const at = { _index: target, _id: product, version, version_type: 'external' as const, ...(isAlias ? { require_alias: true } : {}) }
  return document === undefined ? [{ delete: at }] : [{ index: at }, { ...document, isOnSale: document.state !== 'none' }]
}

/** The body of a search. */
function requestOf({ text, sale, category, state, priceMin, priceMax, skip, limit }: SearchQuestion): estypes.SearchRequest {
  const filter: estypes.QueryDslQueryContainer[] = [
    ...(sale === undefined ? [] : [{ term: { sales: sale } }]),
    ...(state === undefined ? [] : [state === 'onsale' ? { term: { isOnSale: true } } : { term: { state } }]),
    ...(priceMin === undefined && priceMax === undefined
      ? []
      : [
          {
            range: {
              priceMinor: { ...(priceMin === undefined ? {} : { gte: priceMin }), ...(priceMax === undefined ? {} : { lte: priceMax }) },
            },
          },
        ]),
  ]
  const hasWords = /[\p{L}\p{N}]/u.test(text)
  return {
    index: elasticAlias,
    from: skip,
    size: limit,
    _source: false,
    track_total_hits: true,
    query: { bool: { filter, ...(hasWords ? wordsOf(text) : {}) } },
    ...(hasWords ? {} : { sort: [{ isOnSale: 'desc' }, { product: 'asc' }] }),
    // Counted in all categories, also when one is chosen.
    aggs: { categories: { terms: { field: 'categories', size: categoriesToldMax } } },
    ...(category === undefined ? {} : { post_filter: { term: { categories: category } } }),
  }
}

function wordsOf(query: string): estypes.QueryDslBoolQuery {
  return {
    must: {
      bool: {
        should: [
          { match_bool_prefix: { words: { query, operator: 'and', boost: 2 } } },
          { match: { words: { query, operator: 'and', fuzziness: 'AUTO' } } },
        ],
        minimum_should_match: 1,
      },
    },
    should: [{ match: { title: { query, boost: 8 } } }, { match: { 'categories.words': { query, boost: 4 } } }],
  }
}
