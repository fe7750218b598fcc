import type { Command } from 'commander'
import { z } from 'zod'
import { CommandFault } from './command-fault.ts'
import { addNodeCommand, readNodeOptions, withNode } from './connection.ts'
import { table } from './tables.ts'
import type { Terminal } from './terminal.ts'

const limitSchema = z.object({
  name: z.string(),
  value: z.number(),
  configured: z.number(),
  set: z.number().nullable(),
  unit: z.string(),
  allowed: z.string(),
})
const limitsSchema = z.object({ limits: z.array(limitSchema) })

type Limit = z.output<typeof limitSchema>

/** `sluice limits show | set | unset`. */
export function addLimitsCommands(program: Command, terminal: Terminal): void {
  const limits = program.command('limits').description('limits of all gateways, while they run')

  const show = addNodeCommand(limits, 'show', 'what counts now, and what each setting says')
  show.action(async () => {
    const options = readNodeOptions(show)
    const found = limitsSchema.parse(await withNode(options, terminal, (rpc) => rpc.call('limits.get', [], { repeat: true }))).limits
    terminal.out(options.json === true ? `${JSON.stringify(found)}\n` : limitsTable(found, terminal))
  })

  const set = addNodeCommand(limits, 'set <name> <value>', 'another limit on all gateways from now on, also after a restart')
  set.action(async (name: string, text: string) => {
    const options = readNodeOptions(set)
    if (!/^\d{1,9}$/.test(text)) throw new CommandFault(`limits set: ${JSON.stringify(text)} must be a whole number`)
    await change(options, terminal, name, Number(text))
  })

  const unset = addNodeCommand(limits, 'unset <name>', 'what each gateway was started with counts again')
  unset.action((name: string) => change(readNodeOptions(unset), terminal, name, null))
}

async function change(options: ReturnType<typeof readNodeOptions>, terminal: Terminal, name: string, value: number | null): Promise<void> {
  const limit = limitSchema.parse(await withNode(options, terminal, (rpc) => rpc.call('limits.set', [name, value], { repeat: true })))
  terminal.out(options.json === true ? `${JSON.stringify(limit)}\n` : limitsTable([limit], terminal))
}

function limitsTable(limits: readonly Limit[], terminal: Terminal): string {
  const rows = limits.map(({ name, value, configured, set, unit }) => [name, value, unit, configured, set === null ? '' : 'set'])
  return table(terminal, ['limit', 'now', 'unit', 'setting', ''], rows)
}
