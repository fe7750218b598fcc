import { Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { wholeNumber } from '../whole-number.ts'

const schema = z.object({
  cap: z.int().optional(),
  times: z.number(),
  seconds: z.number(),
  warmup: z.number(),
  transport: z.enum(['ws', 'http', 'all']),
  addresses: z.enum(['one', 'many', 'all']),
  json: z.boolean().default(false),
})

export interface FloodCase {
  readonly transport: 'ws' | 'http'
  readonly addresses: 'one' | 'many'
}

export interface FloodOptions {
  /** Events a second that the store takes; left out, what is usual for the transport. */
  readonly cap: number | undefined
  /** What arrives, as a multiple of what the store takes. */
  readonly times: number
  readonly seconds: number
  /** Before each measured phase, of the same load: in it an overload is found and its queue worked off. */
  readonly warmup: number
  readonly cases: readonly FloodCase[]
  readonly json: boolean
}

/** So much that three times as much is refused by one process on one core, and measured by another on the other. */
export const usualCap = { ws: 10_000, http: 5_000 } as const

/** The command line of `bench:flood`. Parsing it ends with commander's `CommanderError`: help was asked for, or a value is none. */
export function floodCommand(): Command {
  return new Command('bench:flood')
    .description(
      'Starts a node whose store takes no more than so many events a second, measures what it serves (closed loop), then sends half of that and then a multiple of what the store takes on ' +
        'schedule, whatever becomes of the calls before, while people who hold something check out. Tells what of the capacity is still served under the flood, how long that takes, ' +
        'how the checkouts fare, and how memory grows. Latencies count from the time at which calls were due.',
    )
    .option(
      '--cap <events/s>',
      `what the store takes (default: ${usualCap.ws} by ws, ${usualCap.http} by http, where the node's processor would be the limit otherwise)`,
      wholeNumber(100, 1_000_000),
    )
    .option('--times <factor>', 'what arrives in the flood, as a multiple of what the store takes', number(1, 100), 3)
    .option('--seconds <s>', 'length of each measured phase', number(1, 600), 10)
    .option('--warmup <s>', 'the same load before it, in which an overload is found and its queue is worked off', number(0, 600), 4)
    .addOption(new Option('--transport <name>', 'how calls come').choices(['ws', 'http', 'all']).default('all'))
    .addOption(
      new Option('--addresses <count>', 'from one address, or each connection from its own').choices(['one', 'many', 'all']).default('all'),
    )
    .option('--json', 'print one JSON object as the last line')
    .exitOverride()
}

export function floodOptionsOf(command: Command): FloodOptions {
  const { transport, addresses, cap, ...options } = schema.parse(command.opts())
  const cases = (['ws', 'http'] as const)
    .filter((one) => transport === 'all' || transport === one)
    .flatMap((one) =>
      (['one', 'many'] as const)
        .filter((from) => addresses === 'all' || addresses === from)
        .map((from): FloodCase => ({ transport: one, addresses: from })),
    )
  return { ...options, cap, cases }
}

function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = text === '' ? NaN : Number(text)
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`)
  }
}
