import { Command } from 'commander'
import { z } from 'zod'
import { wholeNumber } from '../whole-number.ts'

const schema = z.object({ users: z.int(), orders: z.int(), reads: z.int(), json: z.boolean().default(false) })

export type UsersOptions = z.output<typeof schema>

/** The command line of `bench:users`. Parsing it ends with commander's `CommanderError`: help was asked for, or a value is none. */
export function usersCommand(): Command {
  return new Command('bench:users')
    .description(
      'Lets users visit and order through real session shards, which write their history behind to a Redis of its own (the machine has redis-server), and says what a ' +
        'cold user takes there, when they are forgotten, and how long the history of one takes whom nobody has asked for.',
    )
    .option('--users <count>', 'users who have a history', wholeNumber(100, 10_000_000), 1_000_000)
    .option('--orders <count>', 'orders of each, besides one visit', wholeNumber(0, 100), 2)
    .option('--reads <count>', 'users who are asked for one after the other, drawn at random', wholeNumber(10, 1_000_000), 5_000)
    .option('--json', 'print one JSON object as the last line')
    .exitOverride()
}

export function usersOptionsOf(command: Command): UsersOptions {
  return schema.parse(command.opts())
}
