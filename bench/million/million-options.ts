import { Command, Option } from 'commander'
import { z } from 'zod'
import { wholeNumber } from '../whole-number.ts'

const stores = ['lmdb', 'redis', 'both', 'none'] as const
const schema = z.object({
  sizes: z.array(z.int()),
  people: z.int(),
  store: z.enum(stores),
  json: z.boolean().default(false),
})

export type MillionOptions = z.output<typeof schema>

const tickets = wholeNumber(1_000, 10_000_000)

/** The command line of `bench:million`. Parsing it ends with commander's `CommanderError`: help was asked for, or a value is none. */
export function millionCommand(): Command {
  return new Command('bench:million')
    .description(
      'Measures a line of a million tickets: what a join, a leave and a look at a position take in lines of different lengths, the memory of a ticket with the actor ' +
        'and in a view of a gateway, the work of a snapshot and of a recovery, and what other calls feel of a snapshot, a recovery and a draw of that size.',
    )
    .option(
      '--sizes <counts>',
      'lengths of lines whose steps are compared, with commas between them',
      counts,
      [1_000, 10_000, 100_000, 1_000_000],
    )
    .option('--people <count>', 'tickets behind a snapshot and a recovery, and people in a lobby', tickets, 1_000_000)
    .addOption(
      new Option('--store <name>', 'where shards are kept meanwhile: lmdb, redis (the machine has redis-server), both, or none of this')
        .choices(stores)
        .default('both'),
    )
    .option('--json', 'print one JSON object as the last line')
    .exitOverride()
}

export function millionOptionsOf(command: Command): MillionOptions {
  return schema.parse(command.opts())
}

function counts(text: string): number[] {
  return text.split(',').map(tickets)
}
