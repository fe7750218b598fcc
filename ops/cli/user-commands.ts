import type { Command } from 'commander'
import { addNodeCommand, readNodeOptions, withNode } from './connection.ts'
import { addJourneyCommand } from './journey-command.ts'
import { plainText } from './plain-text.ts'
import type { Terminal } from './terminal.ts'

/** `sluice user get | journey`. */
export function addUserCommands(program: Command, terminal: Terminal): void {
  const user = program.command('user').description('look at what a user has, and how that came')
  addJourneyCommand(user, terminal)

  const get = addNodeCommand(user, 'get <user>', "a user's claims and orders")
  get.action(async (id: string) => {
    const options = readNodeOptions(get)
    const result = await withNode(options, terminal, (rpc) => rpc.user(id))
    terminal.out(options.json === true ? `${JSON.stringify(result)}\n` : plainText(result, terminal))
  })
}
