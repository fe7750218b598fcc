import { checkSaleChange, type SaleChange } from '../../protocol/sale-change.ts'
import { checkSale } from '../../protocol/sale-problems.ts'
import type { SaleFile } from '../../protocol/sku-settings.ts'
import { readJsonFile } from './json-file.ts'
import type { Terminal } from './terminal.ts'

/** Reads and checks a sale file; `-` is standard input. Throws a `CommandFault` with a line for each fault of the file. */
export function readSaleFile(path: string, terminal: Terminal): Promise<SaleFile> {
  return readJsonFile(path, terminal, (value) => {
    const checked = checkSale(value)
    return checked.kind === 'sale' ? { kind: 'value', value: checked.sale } : checked
  })
}

/** Reads and checks a change of a running sale, which need not name the sale; the same as of a sale file. */
export function readChangeFile(path: string, sale: string, terminal: Terminal): Promise<SaleChange> {
  return readJsonFile(path, terminal, (value) => {
    const checked = checkSaleChange(typeof value === 'object' && !Array.isArray(value) ? { sale, ...value } : value)
    if (checked.kind === 'problems') return checked
    if (checked.change.sale !== sale)
      return { kind: 'problems', problems: [`sale: is ${checked.change.sale}, and the change is asked for ${sale}`] }
    return { kind: 'value', value: checked.change }
  })
}
