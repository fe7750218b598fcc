import type { Command } from 'commander'
import { z } from 'zod'
import type { SaleUpdated, SettingValue } from '../../protocol/results.ts'
import { changeInput } from '../../protocol/sale-change.ts'
import { CommandFault } from './command-fault.ts'
import { addNodeCommand, readNodeOptions, withNode } from './connection.ts'
import { readChangeFile } from './sale-file.ts'
import { table, timeText } from './tables.ts'
import type { Terminal } from './terminal.ts'

const optionsSchema = z.object({ file: z.string(), preview: z.boolean().default(false), yes: z.boolean().default(false) })

/** `sluice sale update`: shows what a change would do, asks, and does it. */
export function addUpdateCommand(sale: Command, terminal: Terminal): void {
  const update = addNodeCommand(
    sale,
    'update <sale>',
    'change a sale, while it runs too; open holds and orders keep what they were promised',
  )
    .requiredOption('--file <file>', 'what is to be changed as JSON, as in a sale file; - reads standard input')
    .option('--preview', 'only tell what it would do')
    .option('--yes', 'do not ask before it is done')
  update.action(async (id: string) => {
    const options = readNodeOptions(update)
    const { file, preview, yes } = optionsSchema.parse(update.opts())
    if (!preview && !yes && (!terminal.interactive || file === '-'))
      throw new CommandFault('sale update: nobody is there to be asked; look with --preview, and then give --yes')
    const change = changeInput(await readChangeFile(file, id, terminal))
    const updated = await withNode(options, terminal, async (rpc) => {
      const would = await rpc.saleUpdate(change, { preview: true })
      if (preview || would.changes.length === 0) return would
      if (!yes) {
        terminal.out(changesText(would, terminal))
        if (!/^y(es)?$/i.test((await terminal.ask(`change sale ${id}? [y/N] `)).trim())) return undefined
      }
      return rpc.saleUpdate(change)
    })
    if (updated === undefined) return terminal.out('nothing was changed\n')
    if (options.json === true) return terminal.out(`${JSON.stringify(updated)}\n`)
    terminal.out(changesText(updated, terminal))
  })
}

function changesText({ sale, preview, changes }: SaleUpdated, terminal: Terminal): string {
  if (changes.length === 0) return `sale ${sale} is so already\n`
  const rows = changes.map(({ sku, setting, before, after, effect }) => [
    sku,
    setting,
    valueText(setting, before),
    valueText(setting, after),
    effect,
  ])
  const head = preview ? `sale ${sale} would change:` : `sale ${sale} is changed:`
  return `${head}\n${table(terminal, ['SKU', 'setting', 'before', 'after', 'effect'], rows)}`
}

function valueText(setting: string, value: SettingValue): string {
  if (value === null || value === '') return '-'
  return typeof value === 'number' && setting.endsWith('At') ? timeText(value) : String(value)
}
