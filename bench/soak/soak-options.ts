import { Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { BenchFault } from '../bench-fault.ts'
import { wholeNumber } from '../whole-number.ts'

const schema = z.object({
  minutes: z.number(),
  warmup: z.number().optional(),
  peer: z.enum(['sluice', 'cluster']),
  rate: z.int(),
  users: z.int(),
  visits: z.int(),
  nodeFlags: z.string().default(''),
  into: z.string().optional(),
  svg: z.string().optional(),
  json: z.boolean().default(false),
})

export interface SoakOptions extends Omit<z.output<typeof schema>, 'nodeFlags' | 'warmup'> {
  /** Minutes. */
  readonly warmup: number
  readonly nodeFlags: readonly string[]
}

/** The command line of `bench:soak`. Parsing it ends with commander's `CommanderError`: help was asked for, or a value is none. */
export function soakCommand(): Command {
  return new Command('bench:soak')
    .description(
      'Starts a node, or a cluster on this machine, and keeps it busy for a long time with the same people: a fixed number of users who buy and leave on schedule through ' +
        'the shop, and visitors by WebSocket who come, buy, wait, pay, think better of it or forget it, and come again. Every few seconds it notes memory, latencies, ' +
        'the event loop and the disk, and at the end it judges whether anything grows. Then it fills a line and a table of users up to their bounds, and tells what newcomers are told there, ' +
        'what that takes of memory, and how those fare who have a claim. Ends with 1 if something grows.',
    )
    .option('--minutes <count>', 'length of the soak, its warm-up included', minutes, 20)
    .option('--warmup <minutes>', 'what of it is not judged: until tables and memories have what they keep (default: two fifths)', minutes)
    .addOption(
      new Option(
        '--peer <name>',
        'sluice: one process, a sync before every answer; cluster: gateway, actors, orders, NATS and Redis, a sync a second',
      )
        .choices(['sluice', 'cluster'])
        .default('sluice'),
    )
    .option('--rate <calls/s>', 'of users who buy and leave, on schedule', wholeNumber(100, 1_000_000), 20_000)
    .option('--users <count>', 'who they are, all in all', wholeNumber(64, 10_000_000), 100_000)
    .option('--visits <count/s>', 'people who come by WebSocket', wholeNumber(1, 1_000), 20)
    .option('--node-flags <flags>', 'for Node in every process of Sluice, with commas between: --heapsnapshot-signal=SIGUSR2')
    .option('--into <file>', 'write the result to this file')
    .option('--svg <file>', 'draw memory and latencies over time')
    .option('--json', 'print the result as one JSON object, as the last line')
    .exitOverride()
}

/** What the command was told, checked as a whole. Throws a {@link BenchFault}. */
export function soakOptionsOf(command: Command): SoakOptions {
  const { nodeFlags, warmup: asked, ...options } = schema.parse(command.opts())
  const warmup = asked ?? options.minutes * usualWarmupShare
  if (warmup >= options.minutes) throw new BenchFault('--warmup is a part of --minutes: nothing would be left to judge')
  return { ...options, warmup, nodeFlags: nodeFlags.split(',').filter((flag) => flag !== '') }
}

/** Of 20 minutes and the usual rate eight, in which each journal has been compacted twice, and V8 has let the heap become as large as it ever does. */
const usualWarmupShare = 0.4

const minutesMost = 24 * 60

function minutes(text: string): number {
  const value = text === '' ? NaN : Number(text)
  if (value >= 0.1 && value <= minutesMost) return value
  throw new InvalidArgumentError(`It must be a number of minutes from 0.1 to ${minutesMost}.`)
}
