import { readFile } from 'node:fs/promises'
import { checkProduct, type Product } from '../../protocol/product.ts'

/** What the demo's shop has, of which its sales offer some. */
export async function readDemoCatalogue(): Promise<readonly Product[]> {
  const values: unknown = JSON.parse(await readFile(new URL('./demo-catalogue.json', import.meta.url), 'utf8'))
  if (!Array.isArray(values)) throw new Error('demo-catalogue.json: is no list')
  return values.map((value) => {
    const checked = checkProduct(value)
    if (checked.kind === 'problems') throw new Error(`demo-catalogue.json: ${checked.problems.join('; ')}`)
    return checked.value
  })
}
