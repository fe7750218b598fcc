import type { Command } from 'commander'
import { z } from 'zod'
import { pseudonymOf } from '../../actors/pseudonym.ts'
import { CommandFault } from './command-fault.ts'
import { addNodeCommand, readNodeOptions, withNode } from './connection.ts'
import { table, timeText } from './tables.ts'
import type { Terminal } from './terminal.ts'

const entrySchema = z.looseObject({
  at: z.number(),
  endedAt: z.number().nullable(),
  who: z.string(),
  address: z.string(),
  method: z.string(),
  params: z.unknown(),
  outcome: z.string(),
  message: z.string().nullable(),
  before: z.unknown(),
  after: z.unknown(),
})
const pageSchema = z.object({ entries: z.array(entrySchema), next: z.number().nullable() })
const optionsSchema = z.object({ last: z.string().default('50'), all: z.boolean().default(false), user: z.string().optional() })
const pageMost = 200

type Entry = z.output<typeof entrySchema>

/** `sluice audit`. */
export function addAuditCommand(program: Command, terminal: Terminal): void {
  const audit = addNodeCommand(program, 'audit', 'what operators did: who, when, what, before and after; newest first')
    .option('--last <count>', 'so many entries (default 50)')
    .option('--all', 'everything that is kept')
    .option('--user <user>', 'of these only what concerns the user, who stands in it by a pseudonym')
  audit.action(async () => {
    const options = readNodeOptions(audit)
    const { last, all, user } = optionsSchema.parse(audit.opts())
    if (!/^[1-9]\d{0,5}$/.test(last)) throw new CommandFault(`--last: ${JSON.stringify(last)} must be a number from 1 to 999999`)
    const entries = await readEntries(options, terminal, all ? Infinity : Number(last))
    const name = user === undefined ? undefined : pseudonymOf(user)
    const wanted = name === undefined ? entries : entries.filter((entry) => JSON.stringify(entry).includes(name))
    terminal.out(options.json === true ? `${JSON.stringify(wanted)}\n` : entriesTable(wanted, terminal))
  })
}

function readEntries(options: ReturnType<typeof readNodeOptions>, terminal: Terminal, most: number): Promise<readonly Entry[]> {
  return withNode(options, terminal, async (rpc) => {
    const found: Entry[] = []
    for (let after: number | null = null; ;) {
      const limit = Math.min(pageMost, most - found.length)
      const { entries, next }: z.output<typeof pageSchema> = pageSchema.parse(
        await rpc.call('audit.list', [after, limit], { repeat: true }),
      )
      found.push(...entries)
      if (next === null || found.length >= most) return found
      after = next
    }
  })
}

function entriesTable(entries: readonly Entry[], terminal: Terminal): string {
  if (entries.length === 0) return 'no operator has changed anything\n'
  const rows = entries.map(({ at, who, address, method, params, outcome, message, before, after }) => [
    timeText(at),
    who,
    address,
    method,
    plainLine(params),
    message === null || outcome === 'done' ? outcome : `${outcome}: ${message}`,
    before === null && after === null ? '' : `${plainLine(before)} -> ${plainLine(after)}`,
  ])
  return table(terminal, ['when', 'who', 'from', 'method', 'what', 'outcome', 'before -> after'], rows)
}

const lineCharactersMax = 80

/** `sale desk, units 3`: what the whole of it says is for `--json`. */
function plainLine(value: unknown): string {
  const text =
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value)
          .map(([name, field]) => `${name} ${typeof field === 'string' ? field : JSON.stringify(field)}`)
          .join(', ')
      : value === null || value === undefined
        ? '-'
        : JSON.stringify(value)
  return text.length <= lineCharactersMax ? text : `${text.slice(0, lineCharactersMax)}…`
}
