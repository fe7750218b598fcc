import { Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'

const schema = z.object({ users: z.int(), orders: z.int(), reads: z.int(), json: z.boolean().default(false) })

export type UsersOptions = z.output<typeof schema>

/** The command line of `bench:users`. Parsing it ends with commander's `CommanderError`: help was asked for, or a value is none. */
export function usersCommand(): Command {
  return new Command('bench:users')
    .description(
      'Lets users visit and order through real session shards, which write their history behind to a Redis of its own (the machine has redis-server), and says what a ' +
        'cold user takes there, when they are forgotten, and how long the history of one takes whom nobody has asked for.',
    )
    .option('--users <count>', 'users who have a history', whole(100, 10_000_000), 1_000_000)
    .option('--orders <count>', 'orders of each, besides one visit', whole(0, 100), 2)
    .option('--reads <count>', 'users who are asked for one after the other, drawn at random', whole(10, 1_000_000), 5_000)
    .option('--json', 'print one JSON object as the last line')
    .exitOverride()
}

export function usersOptionsOf(command: Command): UsersOptions {
  return schema.parse(command.opts())
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,8}$/.test(text) ? Number(text) : NaN
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
  }
}
