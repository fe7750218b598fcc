import { Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { wholeNumber } from '../whole-number.ts'

const schema = z.object({
  minutes: z.number(),
  peer: z.enum(['sluice', 'cluster']),
  rate: z.int(),
  users: z.int(),
  visits: z.int(),
  nodeFlags: z.string().default(''),
  into: z.string().optional(),
  svg: z.string().optional(),
  json: z.boolean().default(false),
})

export interface SoakOptions extends Omit<z.output<typeof schema>, 'nodeFlags'> {
  readonly nodeFlags: readonly string[]
}

/** The command line of `bench:soak`. Parsing it ends with commander's `CommanderError`: help was asked for, or a value is none. */
export function soakCommand(): Command {
  return new Command('bench:soak')
    .description(
      'Starts a node, or a cluster on this machine, and keeps it busy for a long time with the same people: a fixed number of users who buy and leave on schedule through ' +
        'the shop, and visitors by WebSocket who come, buy, wait, pay, think better of it or just go, and come again. Every few seconds it notes memory, latencies, ' +
        'the event loop and the disk, and at the end it judges whether anything grows. Then it fills a line and a table of users up to their bounds, and tells what newcomers are told there, ' +
        'what that takes of memory, and how those fare who have a claim. Ends with 1 if something grows.',
    )
    .option('--minutes <count>', 'length of the soak; the first quarter of it warms up', minutes, 20)
    .addOption(
      new Option('--peer <name>', 'sluice: one process, a sync before every answer; cluster: gateway, actors, orders, NATS and Redis, a sync a second')
        .choices(['sluice', 'cluster'])
        .default('sluice'),
    )
    .option('--rate <calls/s>', 'of users who buy and leave, on schedule', wholeNumber(100, 1_000_000), 10_000)
    .option('--users <count>', 'who they are, all in all', wholeNumber(64, 10_000_000), 100_000)
    .option('--visits <count/s>', 'people who come by WebSocket', wholeNumber(1, 1_000), 20)
    .option('--node-flags <flags>', 'for Node in every process of Sluice, with commas between: --heapsnapshot-signal=SIGUSR2')
    .option('--into <file>', 'write the result to this file')
    .option('--svg <file>', 'draw memory and latencies over time')
    .option('--json', 'print the result as one JSON object, as the last line')
    .exitOverride()
}

export function soakOptionsOf(command: Command): SoakOptions {
  const { nodeFlags, ...options } = schema.parse(command.opts())
  return { ...options, nodeFlags: nodeFlags.split(',').filter((flag) => flag !== '') }
}

const minutesMost = 24 * 60

function minutes(text: string): number {
  const value = text === '' ? NaN : Number(text)
  if (value >= 0.1 && value <= minutesMost) return value
  throw new InvalidArgumentError(`It must be a number of minutes from 0.1 to ${minutesMost}.`)
}
