import type { Command } from 'commander'
import { z } from 'zod'
import type { SearchFilters } from '../../protocol/client/index.ts'
import { moneyText } from '../../protocol/money-text.ts'
import type { ProductInfo, ProductSummary } from '../../protocol/results.ts'
import { counted } from '../counted.ts'
import { CatalogueFile } from './catalogue-file.ts'
import { CommandFault } from './command-fault.ts'
import { addNodeCommand, type NodeOptions, readNodeOptions, withNode } from './connection.ts'
import { plainText } from './plain-text.ts'
import { table } from './tables.ts'
import type { Terminal } from './terminal.ts'

/** `sluice catalogue import | search | show | remove | status | reindex`. */
export function addCatalogueCommands(program: Command, terminal: Terminal): void {
  const catalogue = program.command('catalogue').description('write and search what the shop has')

  const take = addNodeCommand(
    catalogue,
    'import <file>',
    'write products, one a line as JSON, in place of those of the same name; - reads standard input',
  )
  take.option('--check', 'only look whether the file is right')
  take.action((path: string) =>
    importFile(readNodeOptions(take), path, z.object({ check: z.boolean().optional() }).parse(take.opts()), terminal),
  )

  const search = addNodeCommand(catalogue, 'search [words...]', 'find products; the last word may be unfinished')
    .option('--sale <sale>', 'in this sale')
    .option('--category <name>', 'of this category')
    .option('--state <state>', 'open, scheduled, paused, soldout, none, or onsale for all but none')
    .option('--price-min <cents>', 'what it costs now, in minor units')
    .option('--price-max <cents>', 'what it costs now, in minor units')
    .option('--skip <count>', 'leave out the first ones')
    .option('--limit <count>', 'show so many, at most 100')
  search.action((words: readonly string[]) => searchProducts(readNodeOptions(search), words, filtersOf(search), terminal))

  const show = addNodeCommand(catalogue, 'show <product>', 'all that is known of a product, and the sales that it is in')
  show.action(async (id: string) => {
    const options = readNodeOptions(show)
    const product = await withNode(options, terminal, (rpc) => rpc.product(id))
    terminal.out(options.json === true ? `${JSON.stringify(product)}\n` : productText(product, terminal))
  })

  const remove = addNodeCommand(catalogue, 'remove <products...>', 'take products out; sales that sell them go on')
  remove.action(async (ids: readonly string[]) => {
    const options = readNodeOptions(remove)
    const result = await withNode(options, terminal, (rpc) => rpc.call('catalogue.remove', [ids], { repeat: true }))
    terminal.out(options.json === true ? `${JSON.stringify(result)}\n` : `${counted(ids.length, 'product')} removed\n`)
  })

  const status = addNodeCommand(catalogue, 'status', 'how many products there are, and how the search index of that node is')
  status.action(async () => {
    const options = readNodeOptions(status)
    const result = await withNode(options, terminal, (rpc) => rpc.call('catalogue.status', [], { repeat: true }))
    terminal.out(options.json === true ? `${JSON.stringify(result)}\n` : plainText(result, terminal))
  })

  const reindex = addNodeCommand(catalogue, 'reindex', 'make the search index anew, in the next minute with little traffic')
  reindex.option('--now', 'at once')
  reindex.action(async () => {
    const options = readNodeOptions(reindex)
    const when = z.object({ now: z.boolean().optional() }).parse(reindex.opts()).now === true ? 'now' : 'quiet'
    const result = await withNode(options, terminal, (rpc) => rpc.call('catalogue.reindex', [when], { repeat: true }))
    const said = when === 'now' ? 'the index is being made anew\n' : 'the index is made anew in the next quiet minute\n'
    terminal.out(options.json === true ? `${JSON.stringify(result)}\n` : said)
  })
}

async function importFile(
  options: NodeOptions,
  path: string,
  { check }: { check?: boolean | undefined },
  terminal: Terminal,
): Promise<void> {
  const file = new CatalogueFile(path, terminal)
  const products = await file.check()
  if (check !== true) {
    await withNode(options, terminal, async (rpc) => {
      for await (const some of file.calls()) await rpc.call('catalogue.put', [some.map((product) => ({ ...product }))], { repeat: true })
    })
  }
  if (options.json === true) terminal.out(`${JSON.stringify({ products, imported: check !== true })}\n`)
  else terminal.out(`${counted(products, 'product')} ${check === true ? 'could be imported' : 'imported'}\n`)
}

async function searchProducts(options: NodeOptions, words: readonly string[], filters: SearchFilters, terminal: Terminal): Promise<void> {
  const found = await withNode(options, terminal, (rpc) => rpc.search(words.join(' '), filters))
  if (options.json === true) return terminal.out(`${JSON.stringify(found)}\n`)
  if (found.products.length === 0) return terminal.out(found.total === 0 ? 'nothing found\n' : 'nothing more\n')
  terminal.out(table(terminal, ['product', 'title', 'price', 'state', 'categories'], found.products.map(rowOf)))
  const more = found.total - (filters.skip ?? 0) - found.products.length
  if (more > 0) terminal.out(`and ${more} more\n`)
}

function rowOf({ product, title, priceMinor, currency, state, categories }: ProductSummary): readonly string[] {
  return [product, title, moneyText(priceMinor, currency), state, categories.join(', ')]
}

function productText(info: ProductInfo, terminal: Terminal): string {
  const { offers, pictures, categories, description, usualPriceMinor, currency } = info
  const facts = [
    `${info.title} (${info.product})`,
    ...(description === '' ? [] : [description]),
    `usual price: ${usualPriceMinor === null ? 'none, for the catalogue does not have it' : moneyText(usualPriceMinor, currency)}`,
    ...(categories.length === 0 ? [] : [`categories: ${categories.join(', ')}`]),
    ...(pictures.length === 0 ? [] : [`pictures: ${pictures.join(', ')}`]),
  ]
  const rows = offers.map((offer) => [offer.sale, offer.sku, offer.state, moneyText(offer.priceMinor, offer.currency), offer.available])
  const sales = rows.length === 0 ? 'in no sale\n' : table(terminal, ['sale', 'SKU', 'state', 'price', 'available'], rows)
  return `${facts.join('\n')}\n\n${sales}`
}

const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)
const filterSchema = z.object({
  sale: z.string().optional(),
  category: z.string().optional(),
  state: z.enum(['open', 'scheduled', 'paused', 'soldout', 'none', 'onsale']).optional(),
  priceMin: wholeNumber.optional(),
  priceMax: wholeNumber.optional(),
  skip: wholeNumber.optional(),
  limit: wholeNumber.optional(),
})
const rules: Readonly<Record<string, string>> = { state: 'must be open, scheduled, paused, soldout, none or onsale' }

function filtersOf(command: Command): SearchFilters {
  const { skip = 0, limit = 24, ...filters } = parseFilters(command)
  return { ...filters, skip, limit }
}

function parseFilters(command: Command): z.output<typeof filterSchema> {
  const parsed = filterSchema.safeParse(command.opts())
  if (parsed.success) return parsed.data
  const names = [...new Set(parsed.error.issues.map((issue) => String(issue.path[0])))]
  throw new CommandFault(
    ...names.map(
      (name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}: ${rules[name] ?? 'must be a whole number'}`,
    ),
  )
}
