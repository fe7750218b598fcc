import { Command } from 'commander'
import { z } from 'zod'
import { wholeNumber } from '../whole-number.ts'

const schema = z.object({
  products: z.int(),
  searches: z.int(),
  rate: z.int(),
  rounds: z.int(),
  seconds: z.int(),
  json: z.boolean().default(false),
})

export type SearchOptions = z.output<typeof schema>

/** The command line of `bench:search`. Parsing it ends with commander's `CommanderError`: help was asked for, or a value is none. */
export function searchCommand(): Command {
  return new Command('bench:search')
    .description(
      'Measures the index of the catalogue in its thread: how long it is made, how long searches take, of words, beginnings, typing errors and filters. ' +
        'Then starts a node with as many products, and puts calls of `buy` on it on schedule, in turns with and without a rebuild of the index.',
    )
    .option('--products <count>', 'products, of invented words that are as common as words are', wholeNumber(100, 1_000_000), 100_000)
    .option('--searches <count>', 'searches of each kind, one after the other', wholeNumber(10, 1_000_000), 2_000)
    .option('--rate <calls/s>', 'calls of buy a second', wholeNumber(1, 1_000_000), 2_000)
    .option('--rounds <count>', 'turns with and without a rebuild; 0 for only the searches', wholeNumber(0, 100), 5)
    .option('--seconds <s>', 'length of each', wholeNumber(1, 600), 5)
    .option('--json', 'print one JSON object as the last line')
    .exitOverride()
}

export function searchOptionsOf(command: Command): SearchOptions {
  return schema.parse(command.opts())
}
