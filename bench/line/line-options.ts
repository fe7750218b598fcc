import { Command } from 'commander'
import { z } from 'zod'
import { wholeNumber } from '../whole-number.ts'

/** Open files of a process are 20,000 at most on many machines. */
export const socketsPerProcessMax = 15_000

const schema = z.object({
  sockets: z.int(),
  gateways: z.int(),
  rate: z.int(),
  seconds: z.int(),
  connectRate: z.int(),
  restart: z.boolean().default(false),
  profile: z.string().optional(),
  json: z.boolean().default(false),
})

export interface LineOptions extends z.output<typeof schema> {
  /** Words that every node's command line ends with. */
  readonly nodeWords: readonly string[]
}

/** The command line of `bench:line`. Parsing it ends with commander's `CommanderError`: help was asked for, or a value is none. */
export function lineCommand(): Command {
  return new Command('bench:line')
    .description(
      'Starts a cluster on this machine, lets people wait in one line with a WebSocket each, and others between them leave it or be served all the time. ' +
        'Compares what each client was told with what the shard said to everybody, and in the end with what it says by RPC: how far behind a place was, and whether ' +
        'one ever rose. Also tells how long the event loop of a gateway was kept, and what a socket costs in memory.',
    )
    .option('--sockets <count>', 'people with a WebSocket, all gateways together', wholeNumber(1, 1_000_000), 15_000)
    .option('--gateways <count>', 'gateway processes', wholeNumber(1, 32), 1)
    .option('--rate <people/s>', 'others who leave or are served, half of them each', wholeNumber(2, 10_000), 200)
    .option('--seconds <s>', 'length of the measured time', wholeNumber(1, 3_600), 30)
    .option('--connect-rate <sockets/s>', 'how fast people come, all together', wholeNumber(1, 100_000), 1_500)
    .option('--restart', 'kill a gateway afterwards, start another one, and see everybody return')
    .option('--profile <folder>', 'write a processor profile of each node')
    .option('--json', 'print one JSON object as the last line')
    .argument('[setting...]', 'after another --: flags of `sluice start` for every node')
    .exitOverride()
}

export function lineOptionsOf(command: Command): LineOptions {
  return { ...schema.parse(command.opts()), nodeWords: command.args }
}
