import { parseProductId, type ProductId } from '../../protocol/ids.ts'
import { Malformed } from '../../protocol/msgpack-reader.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import { checkProduct, type Product, productsPerCallMax } from '../../protocol/product.ts'
import type { ProductInfo } from '../../protocol/results.ts'
import { checkQuestion } from '../../protocol/search.ts'
import type { ChangeContent } from '../audit-content.ts'
import { named } from '../audit-content.ts'
import type { Call, MethodBody } from '../method.ts'
import type { Catalogue } from './catalogue.ts'
import type { Offers } from './offers.ts'
import type { Search } from './search.ts'

export interface CatalogueMethodsParts {
  readonly catalogue: Catalogue
  readonly offers: Offers
  /** Without an index nothing is searched. */
  readonly search: Search | undefined
}

const busyRetryMs = 100
const buildingRetryMs = 1_000
const awayText = 'The catalogue cannot be read at the moment.'

/** What the shop has: for everyone to read, for operators to write. */
export function catalogueMethods(parts: CatalogueMethodsParts): readonly MethodBody[] {
  return [
    { name: 'catalogue.get', role: 'public', paramsMax: 1, run: (call) => getProduct(parts, call) },
    ...(parts.search === undefined ? [] : searchMethods(parts.search)),
    { name: 'catalogue.put', role: 'operator', change: productsContent, run: (call) => putProducts(parts, call) },
    { name: 'catalogue.remove', role: 'operator', change: productsContent, run: (call) => removeProducts(parts, call) },
    { name: 'catalogue.status', role: 'operator', run: (call) => tellStatus(parts, call) },
  ]
}

function searchMethods(search: Search): readonly MethodBody[] {
  return [
    { name: 'catalogue.search', role: 'public', paramsMax: 2, run: (call) => find(search, call) },
    {
      name: 'catalogue.reindex',
      role: 'operator',
      change: named('when'),
      run: (call) => {
        const when = call.params.choice('when', ['quiet', 'now'] as const)
        call.params.end()
        search.reindex(when)
        call.result({ ...search.status() })
      },
    },
  ]
}

/** Which ones; a catalogue is not for the audit log to keep. */
const productsContent: ChangeContent = ([products = null]) => {
  const list: readonly Plain[] = isList(products) ? products : []
  return { params: { count: list.length, products: list.map((one) => (isMap(one) ? (one['product'] ?? null) : one)) } }
}

/** `text, {sale?, category?, state?, priceMin?, priceMax?, skip?, limit?}`, both of which may be left out. */
async function find(search: Search, call: Call): Promise<void> {
  const text = call.params.any() ?? ''
  const filters = call.params.any() ?? {}
  call.params.end()
  if (!isMap(filters)) throw new Malformed('param 2 (filters) must be a map')
  if (Object.hasOwn(filters, 'text')) throw new Malformed('param 2 (filters): has a field that is not known: text')
  const checked = checkQuestion({ ...filters, text })
  if (checked.kind === 'problems') throw new Malformed(checked.problems.join('; '))
  const found = await search.search(checked.value)
  if (found === 'busy') call.refuse('BUSY', undefined, busyRetryMs)
  else if (found === 'building') call.refuse('BUSY', 'The search index is being made.', buildingRetryMs)
  else
    call.result({
      total: found.total,
      products: found.products.map((product) => ({
        ...product,
        categories: [...product.categories],
        offers: product.offers.map((offer) => ({ ...offer })),
      })),
      categories: found.categories.map((category) => ({ ...category })),
    })
}

async function getProduct({ catalogue, offers }: CatalogueMethodsParts, call: Call): Promise<void> {
  const id = call.params.product()
  call.params.end()
  let content: Product | undefined | 'busy'
  try {
    content = await catalogue.product(id)
  } catch {
    return call.refuse('UNAVAILABLE', awayText)
  }
  if (content === 'busy') return call.refuse('BUSY', undefined, busyRetryMs)
  const info = offers.infoOf(id, content)
  if (info === undefined) call.refuse('UNKNOWN_PRODUCT')
  else call.result(plainProduct(info))
}

async function putProducts({ catalogue, search }: CatalogueMethodsParts, call: Call): Promise<void> {
  const values = call.params.list('products', productsPerCallMax)
  call.params.end()
  const checked = values.map(checkProduct)
  const problems = checked.flatMap((one, i) => (one.kind === 'value' ? [] : one.problems.map((problem) => `products[${i}]: ${problem}`)))
  if (problems.length > 0) return call.refuse('MALFORMED', problems.slice(0, problemsMax).join('; '))
  const products = checked.flatMap((one) => (one.kind === 'value' ? [one.value] : []))
  if (new Set(products.map(({ product }) => product)).size < products.length)
    return call.refuse('MALFORMED', 'param 1 (products) names a product twice')
  if ((await catalogue.put(products)) === 'full')
    return call.refuse('LIMIT_REACHED', 'There are as many products as there can be; remove some first.')
  // Whoever has written it finds it, and does not write faster than it is taken in.
  await search?.settled()
  call.result({ products: products.length })
}

async function removeProducts({ catalogue, search }: CatalogueMethodsParts, call: Call): Promise<void> {
  const values = call.params.list('products', productsPerCallMax)
  call.params.end()
  const ids = values.flatMap((value) => parseProductId(value) ?? [])
  if (ids.length < values.length) return call.refuse('MALFORMED', 'param 1 (products) must be a list of product ids')
  const unique = [...new Set<ProductId>(ids)]
  await catalogue.remove(unique)
  await search?.settled()
  call.result({ products: unique.length })
}

async function tellStatus({ catalogue, search }: CatalogueMethodsParts, call: Call): Promise<void> {
  call.params.end()
  const products = await catalogue.size()
  call.result({ products, search: search === undefined ? null : { ...search.status() } })
}

function plainProduct(info: ProductInfo): Plain {
  return { ...info, categories: [...info.categories], pictures: [...info.pictures], offers: info.offers.map((offer) => ({ ...offer })) }
}

/** Of a call with many products, so that the answer stays short. */
const problemsMax = 10

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value)
}

function isMap(value: Plain): value is { readonly [name: string]: Plain } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
