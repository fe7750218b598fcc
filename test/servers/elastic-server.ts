import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { type Fields, querySchema, scoreOf } from './elastic-query.ts'

/**
 * The few requests of Elasticsearch's HTTP API that we make, answered as its documentation says (version 8): index templates, indices, aliases, bulk writes with
 * external versions, searches. It stands in for a real one, which tests do not have.
 */
export class ElasticServer {
  readonly requests: string[] = []
  readonly keys = new Set<string | undefined>()
  readonly templates = new Map<string, unknown>()
  private server: Server | undefined
  private port = 0
  private readonly indices = new Map<string, Map<string, Kept>>()
  private readonly aliases = new Map<string, Set<string>>()
  /** Answered to everything, as by a server in trouble. */
  fault: number | undefined

  static async start(): Promise<ElasticServer> {
    const server = new ElasticServer()
    await server.listen()
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get indexNames(): readonly string[] {
    return [...this.indices.keys()]
  }

  behind(alias: string): readonly string[] {
    return [...(this.aliases.get(alias) ?? [])]
  }

  /** Listens again on the port that it had. */
  async listen(): Promise<void> {
    const server = createServer((request, response) => {
      void readBody(request).then((body) => {
        const { status, answer } = this.answer(request, body)
        response.writeHead(status, {
          'content-type': 'application/vnd.elasticsearch+json;compatible-with=8',
          'x-elastic-product': 'Elasticsearch',
        })
        response.end(request.method === 'HEAD' ? '' : JSON.stringify(answer))
      })
    })
    this.server = server
    server.listen(this.port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    this.port = isAddress(address) ? address.port : 0
  }

  async stop(): Promise<void> {
    const { server } = this
    this.server = undefined
    if (server === undefined) return
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }

  /** As after a lost disk. */
  forget(): void {
    this.indices.clear()
    this.aliases.clear()
    this.templates.clear()
  }

  private answer(request: IncomingMessage, body: string): Answer {
    const { pathname } = new URL(request.url ?? '/', this.url)
    const path = `${request.method ?? ''} ${pathname}`
    this.requests.push(path)
    this.keys.add(request.headers.authorization)
    if (this.fault !== undefined)
      return { status: this.fault, answer: { error: { type: 'trouble', reason: 'as asked' }, status: this.fault } }
    const [, first = '', second = ''] = pathname.split('/')
    if (first === '_bulk') return this.bulk(body)
    if (first === '_aliases') return this.moveAliases(aliasesSchema.parse(JSON.parse(body)))
    if (first === '_index_template') {
      this.templates.set(second, JSON.parse(body))
      return done
    }
    if (first === '_alias') return this.aliasOf(second)
    if (second === '_search') return this.search(first, searchSchema.parse(JSON.parse(body)))
    if (second === '_count') return this.withIndex(first, (documents) => ({ count: liveOf(documents).length }))
    if (second === '_refresh') return done
    if (request.method === 'PUT') return this.create(first, body)
    if (request.method === 'DELETE') {
      for (const name of first.split(',')) this.drop(name)
      return done
    }
    return { status: 400, answer: { error: { type: 'illegal_argument_exception', reason: `${path} is not spoken here` }, status: 400 } }
  }

  private create(name: string, body: string): Answer {
    this.indices.set(name, new Map())
    const { aliases } = createSchema.parse(body === '' ? {} : JSON.parse(body))
    for (const alias of Object.keys(aliases ?? {})) this.aliases.set(alias, new Set([name]))
    return done
  }

  private drop(name: string): void {
    this.indices.delete(name)
    for (const [alias, names] of this.aliases) if (names.delete(name) && names.size === 0) this.aliases.delete(alias)
  }

  private aliasOf(alias: string): Answer {
    const names = this.behind(alias)
    if (names.length === 0) return { status: 404, answer: { error: `alias [${alias}] missing`, status: 404 } }
    return { status: 200, answer: Object.fromEntries(names.map((name) => [name, { aliases: { [alias]: {} } }])) }
  }

  private moveAliases({ actions }: z.output<typeof aliasesSchema>): Answer {
    for (const action of actions) {
      const { index, alias } = 'add' in action ? action.add : action.remove
      const names = this.aliases.get(alias) ?? new Set<string>()
      if ('add' in action) names.add(index)
      else names.delete(index)
      this.aliases.set(alias, names)
    }
    return done
  }

  private bulk(body: string): Answer {
    const lines = body.split('\n').filter((line) => line !== '')
    const items: unknown[] = []
    while (lines.length > 0) {
      const action = actionSchema.parse(JSON.parse(lines.shift() ?? ''))
      if ('delete' in action) items.push({ delete: this.write(action.delete, undefined) })
      else items.push({ index: this.write(action.index, documentSchema.parse(JSON.parse(lines.shift() ?? ''))) })
    }
    return { status: 200, answer: { took: 1, errors: false, items } }
  }

  private write({ _index, _id, version, require_alias: needsAlias }: z.output<typeof atSchema>, fields: Fields | undefined): unknown {
    const [name] = this.aliases.has(_index) ? this.behind(_index) : needsAlias === true ? [] : [_index]
    // One that is missing is made, unless it has to be an alias.
    if (name !== undefined && !this.indices.has(name)) this.indices.set(name, new Map())
    const documents = this.indices.get(name ?? '')
    if (documents === undefined)
      return { _index, _id, status: 404, error: { type: 'index_not_found_exception', reason: `no such index [${_index}]` } }
    const known = documents.get(_id)
    if (known !== undefined && known.version >= version)
      return { _index: name, _id, status: 409, error: { type: 'version_conflict_engine_exception', reason: 'a newer version is there' } }
    documents.set(_id, { version, fields })
    return { _index: name, _id, status: fields === undefined && known?.fields === undefined ? 404 : 200, result: 'updated' }
  }

  private search(index: string, request: z.output<typeof searchSchema>): Answer {
    return this.withIndex(index, (documents) => {
      const found = liveOf(documents).flatMap(([id, fields]) => {
        const score = scoreOf(request.query, fields)
        return score === undefined ? [] : [{ id, fields, score }]
      })
      const { post_filter: filter } = request
      const kept = filter === undefined ? found : found.filter(({ fields }) => scoreOf(filter, fields) !== undefined)
      if (request.sort === undefined) kept.sort((a, b) => b.score - a.score)
      else kept.sort((a, b) => Number(b.fields['isOnSale']) - Number(a.fields['isOnSale']) || a.id.localeCompare(b.id))
      const counts = new Map<string, number>()
      for (const { fields } of found)
        for (const name of z.array(z.string()).parse(fields['categories'])) counts.set(name, (counts.get(name) ?? 0) + 1)
      const buckets = [...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b)).map(([key, count]) => ({ key, doc_count: count }))
      const page = kept.slice(request.from, request.from + request.size)
      return {
        took: 1,
        timed_out: false,
        hits: { total: { value: kept.length, relation: 'eq' }, hits: page.map(({ id, score }) => ({ _id: id, _score: score })) },
        aggregations: { categories: { buckets: buckets.slice(0, request.aggs.categories.terms.size) } },
      }
    })
  }

  private withIndex(name: string, answer: (documents: ReadonlyMap<string, Kept>) => unknown): Answer {
    const [real = name] = this.behind(name)
    const documents = this.indices.get(real)
    if (documents !== undefined) return { status: 200, answer: answer(documents) }
    return { status: 404, answer: { error: { type: 'index_not_found_exception', reason: `no such index [${name}]` }, status: 404 } }
  }
}

interface Answer {
  readonly status: number
  readonly answer: unknown
}

interface Kept {
  readonly version: number
  /** Undefined for one that is deleted, whose version is still known. */
  readonly fields: Fields | undefined
}

const done: Answer = { status: 200, answer: { acknowledged: true } }

const at = z.strictObject({ index: z.string(), alias: z.string() })
const aliasesSchema = z.strictObject({ actions: z.array(z.union([z.strictObject({ add: at }), z.strictObject({ remove: at })])) })
const createSchema = z.strictObject({ aliases: z.record(z.string(), z.unknown()).optional() })
const atSchema = z.strictObject({
  _index: z.string(),
  _id: z.string(),
  version: z.number(),
  version_type: z.literal('external'),
  require_alias: z.boolean().optional(),
})
const actionSchema = z.union([z.strictObject({ index: atSchema }), z.strictObject({ delete: atSchema })])
/** The mapping is strict. */
const documentSchema = z.strictObject({
  product: z.string(),
  title: z.string(),
  description: z.string(),
  categories: z.array(z.string()),
  priceMinor: z.int(),
  state: z.string(),
  sales: z.array(z.string()),
  isOnSale: z.boolean(),
})
const searchSchema = z.strictObject({
  from: z.int(),
  size: z.int(),
  _source: z.literal(false),
  track_total_hits: z.literal(true),
  query: querySchema,
  sort: z.array(z.record(z.string(), z.string())).optional(),
  aggs: z.strictObject({ categories: z.strictObject({ terms: z.strictObject({ field: z.literal('categories'), size: z.int() }) }) }),
  post_filter: querySchema.optional(),
})

function liveOf(documents: ReadonlyMap<string, Kept>): (readonly [string, Fields])[] {
  return [...documents].flatMap(([id, { fields }]) => (fields === undefined ? [] : [[id, fields] as const]))
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

function isAddress(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}
