import { readFile } from 'node:fs/promises'
import { checkSale } from '../../protocol/sale-problems.ts'
import type { SaleFile } from '../../protocol/sku-settings.ts'

/**
 * The demo's sales follow one another under numbered names: `giusto`, `giusto-2`, `giusto-3`, and so do their SKUs (`chair-2`), because a name
 * that was used once keeps its stock and its people for good. The products of the catalogue that they sell stay the same.
 */
export function numberedSale(template: SaleFile, number: number, opensAt: number): SaleFile {
  const named = (id: string): string => (number === 1 ? id : `${id}-${number}`)
  return {
    ...template,
    sale: named(template.sale),
    opensAt,
    skus: template.skus.map((sku) => ({ ...sku, sku: named(sku.sku), ...(number === 1 ? {} : { product: sku.product ?? sku.sku }) })),
  }
}

/** Which of the demo's sales this is, from 1 up; undefined for a sale that somebody else made. */
export function numberOfSale(template: SaleFile, sale: string): number | undefined {
  if (sale === template.sale) return 1
  const suffix = sale.startsWith(`${template.sale}-`) ? sale.slice(template.sale.length + 1) : ''
  const number = /^[1-9]\d{0,8}$/.test(suffix) ? Number(suffix) : 0
  return number > 1 ? number : undefined
}

/** What the demo sells. */
export async function readDemoSale(): Promise<SaleFile> {
  const checked = checkSale(JSON.parse(await readFile(new URL('./demo-sale.json', import.meta.url), 'utf8')))
  if (checked.kind === 'problems') throw new Error(`demo-sale.json: ${checked.problems.join('; ')}`)
  return checked.sale
}
