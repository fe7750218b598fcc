import { resolve } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import { compactFolder } from '../../cluster/compact-folder.ts'
import type { Random } from '../../cluster/world.ts'
import { settingsSchema, variableOf } from '../settings.ts'
import type { Terminal } from './terminal.ts'

const { dataFolder: usualFolder } = settingsSchema.parse({})
const optionsSchema = z.object({ dataFolder: z.string().optional(), json: z.boolean().optional() })

/** `sluice data compact`. */
export function addDataCommands(program: Command, terminal: Terminal, random: Random): void {
  const data = program.command('data').description('the data folder of a node that does not run')
  const compact = data
    .command('compact')
    .description('write the data anew without what was deleted, so that the file has no trace of it; takes room for a copy')
    .option('--data, --data-folder <folder>', `where the node keeps its data (SLUICE_DATA_FOLDER; default ${usualFolder})`)
    .option('--json', 'print the result as JSON')
  compact.action(async () => {
    const { dataFolder, json } = optionsSchema.parse(compact.opts())
    const variable = terminal.environment[variableOf('dataFolder')]
    const folder = resolve(terminal.workingFolder, dataFolder ?? (variable === undefined || variable === '' ? usualFolder : variable))
    const sizes = await compactFolder(folder, random)
    const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`
    terminal.out(json === true ? `${JSON.stringify(sizes)}\n` : `${folder}: ${mib(sizes.before)} before, ${mib(sizes.after)} now\n`)
  })
}
