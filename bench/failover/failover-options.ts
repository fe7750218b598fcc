import { Command } from 'commander'
import { z } from 'zod'
import { wholeNumber } from '../whole-number.ts'

const schema = z.object({
  kills: z.int(),
  handOvers: z.int(),
  tickets: z.int(),
  actors: z.int(),
  shards: z.int(),
  json: z.boolean().default(false),
})

export interface FailoverOptions extends z.output<typeof schema> {
  /** Words that every node's command line ends with. */
  readonly nodeWords: readonly string[]
}

/** The command line of `bench:failover`. Parsing it ends with commander's `CommanderError`: help was asked for, or a value is none. */
export function failoverCommand(): Command {
  return new Command('bench:failover')
    .description(
      'Starts a cluster on this machine, puts a line before every inventory shard and ends owners one after the other, while somebody buys at each of their ' +
        'shards all the time. Tells how long it is until the first answer after a SIGKILL, and for how long a shard answers nothing around a SIGTERM.',
    )
    .option('--kills <count>', 'owners ended by SIGKILL', wholeNumber(0, 1_000), 10)
    .option('--hand-overs <count>', 'owners ended by SIGTERM; each is replaced, so that its shards move twice', wholeNumber(0, 1_000), 10)
    .option('--tickets <count>', 'people who wait before each shard', wholeNumber(0, 1_000_000), 10_000)
    .option('--actors <count>', 'actor nodes', wholeNumber(2, 16), 3)
    .option('--shards <count>', 'inventory shards', wholeNumber(1, 1_024), 64)
    .option('--json', 'print one JSON object as the last line')
    .argument('[setting...]', 'after another --: flags of `sluice start` for every node')
    .exitOverride()
}

export function failoverOptionsOf(command: Command): FailoverOptions {
  return { ...schema.parse(command.opts()), nodeWords: command.args }
}
