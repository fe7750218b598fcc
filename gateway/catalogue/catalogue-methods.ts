import { parseProductId, type ProductId } from '../../protocol/ids.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import { checkProduct, type Product, productsPerCallMax } from '../../protocol/product.ts'
import type { ProductInfo } from '../../protocol/results.ts'
import type { Call, MethodBody } from '../method.ts'
import type { Catalogue } from './catalogue.ts'
import type { Offers } from './offers.ts'

export interface CatalogueMethodsParts {
  readonly catalogue: Catalogue
  readonly offers: Offers
}

const busyRetryMs = 100
const awayText = 'The catalogue cannot be read at the moment.'

/** What the shop has: for everyone to read, for operators to write. */
export function catalogueMethods(parts: CatalogueMethodsParts): readonly MethodBody[] {
  return [
    { name: 'catalogue.get', role: 'public', paramsMax: 1, run: (call) => getProduct(parts, call) },
    { name: 'catalogue.put', role: 'operator', run: (call) => putProducts(parts, call) },
    { name: 'catalogue.remove', role: 'operator', run: (call) => removeProducts(parts, call) },
  ]
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

async function putProducts({ catalogue }: CatalogueMethodsParts, call: Call): Promise<void> {
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
  call.result({ products: products.length })
}

async function removeProducts({ catalogue }: CatalogueMethodsParts, call: Call): Promise<void> {
  const values = call.params.list('products', productsPerCallMax)
  call.params.end()
  const ids = values.flatMap((value) => parseProductId(value) ?? [])
  if (ids.length < values.length) return call.refuse('MALFORMED', 'param 1 (products) must be a list of product ids')
  const unique = [...new Set<ProductId>(ids)]
  await catalogue.remove(unique)
  call.result({ products: unique.length })
}

export function plainProduct(info: ProductInfo): Plain {
  return { ...info, categories: [...info.categories], pictures: [...info.pictures], offers: info.offers.map((offer) => ({ ...offer })) }
}

/** Of a call with many products, so that the answer stays short. */
const problemsMax = 10
