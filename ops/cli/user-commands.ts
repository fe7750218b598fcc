import type { Command } from 'commander'
import { z } from 'zod'
import type { HistoryEntry, UserHistory } from '../../protocol/results.ts'
import { CommandFault } from './command-fault.ts'
import { addNodeCommand, readNodeOptions, withNode } from './connection.ts'
import { addJourneyCommand } from './journey-command.ts'
import { plainText } from './plain-text.ts'
import { table, timeText } from './tables.ts'
import type { Terminal } from './terminal.ts'

/** `sluice user get | set | history | erase | journey`. */
export function addUserCommands(program: Command, terminal: Terminal): void {
  const user = program.command('user').description('what is known of a user, and how that came')
  addJourneyCommand(user, terminal)

  const get = addNodeCommand(user, 'get <user>', 'what the shop calls a user, where they are connected, and their orders')
  get.action(async (id: string) => {
    const options = readNodeOptions(get)
    const result = await withNode(options, terminal, (rpc) => rpc.user(id))
    terminal.out(options.json === true ? `${JSON.stringify(result)}\n` : plainText(result, terminal))
  })

  const set = addNodeCommand(user, 'set <user>', 'what the shop calls a user')
    .option('--name <text>', 'the name to show; an empty one takes it away')
    .option('--tier <tier>', 'letters, digits, dots, dashes or underscores; an empty one takes it away')
  set.action(async (id: string) => {
    const options = readNodeOptions(set)
    const { name, tier } = infoOptionsSchema.parse(set.opts())
    if (name === undefined && tier === undefined) throw new CommandFault('give --name, --tier or both')
    const info = {
      ...(name === undefined ? {} : { displayName: name === '' ? null : name }),
      ...(tier === undefined ? {} : { tier: tier === '' ? null : tier }),
    }
    const result = await withNode(options, terminal, (rpc) => rpc.setUser(id, info))
    terminal.out(options.json === true ? `${JSON.stringify(result)}\n` : plainText({ ...result }, terminal))
  })

  const history = addNodeCommand(user, 'history <user>', 'visits and orders of the last month, latest first')
  history.action(async (id: string) => {
    const options = readNodeOptions(history)
    const entries = await withNode(options, terminal, async (rpc) => {
      const found: HistoryEntry[] = []
      for (let after: string | null = null; ;) {
        const page: UserHistory = await rpc.as(id).history({ after, limit: pageEntries })
        found.push(...page.entries)
        if (page.next === null) return found
        after = page.next
      }
    })
    terminal.out(options.json === true ? `${JSON.stringify(entries)}\n` : historyTable(entries, terminal))
  })

  const erase = addNodeCommand(
    user,
    'erase <user>',
    'take a user out of everything that is kept; a pseudonym stands in their place from then on',
  )
  erase.action(async (id: string) => {
    const options = readNodeOptions(erase)
    const erased = await withNode(options, terminal, (rpc) => rpc.eraseUser(id))
    if (options.json === true) return terminal.out(`${JSON.stringify(erased)}\n`)
    terminal.out(`erased; in orders and journals stands ${erased.pseudonym}\n`)
    if (erased.connected) terminal.out('a device of theirs is connected: what it does from now on is remembered anew\n')
  })
}

const infoOptionsSchema = z.object({ name: z.string().optional(), tier: z.string().optional() })
const pageEntries = 100

function historyTable(entries: readonly HistoryEntry[], terminal: Terminal): string {
  if (entries.length === 0) return 'nothing is remembered\n'
  const rows = entries.map((entry) =>
    entry.kind === 'visit' ? [timeText(entry.at), 'visit', '', ''] : [timeText(entry.at), entry.state, entry.order, String(entry.qty)],
  )
  return table(terminal, ['when', 'what', 'order', 'units'], rows)
}
