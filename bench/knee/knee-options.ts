import { availableParallelism } from 'node:os'
import { Command, Option } from 'commander'
import { z } from 'zod'
import { BenchFault } from '../bench-fault.ts'
import { type LinkName, sluiceNames, type SluiceName, targetNames } from '../links/links.ts'
import type { PaceSettings } from '../links/pace.ts'
import { mayHaveThreads, seconds } from '../load/load-options.ts'
import { transports } from '../servers/sluice-wire.ts'
import { wholeNumber } from '../whole-number.ts'
import type { ClimbLimits } from './climb.ts'
import type { BedSettings } from './knee-bed.ts'

const schema = z.object({
  target: z.enum(targetNames),
  peer: z.enum(sluiceNames),
  transport: z.enum(transports).optional(),
  threads: z.int().optional(),
  threadConnections: z.int().optional(),
  connections: z.int(),
  depth: z.int().optional(),
  durability: z.enum(['fsync', 'everysec']),
  seconds: z.number(),
  warmup: z.number(),
  repeats: z.int(),
  slowStore: z.int().optional(),
  slowBus: z.int().optional(),
  svg: z.string().optional(),
  into: z.string().optional(),
  json: z.boolean().default(false),
})

export interface KneeOptions {
  readonly peer: SluiceName
  /** Undefined for the whole chain, of which each link is then measured too. */
  readonly link: LinkName | undefined
  readonly limits: ClimbLimits
  /** For the target; links have another. */
  readonly bed: BedSettings
  readonly svg: string | undefined
  readonly into: string | undefined
  readonly json: boolean
}

/** Services keep several calls under way on a connection, everyone else one. */
const usual = {
  rpc: { depth: 16, threadConnections: 64 },
  ws: { depth: 1, threadConnections: 64 },
  http: { depth: 1, threadConnections: 64 },
} as const
/** More of them than that only take turns. */
const threadsUsual = 2 * availableParallelism()

/** The command line of `bench:knee`. Parsing it ends with commander's `CommanderError`: help was asked for, or a value is none. */
export function kneeCommand(): Command {
  return new Command('bench:knee')
    .description(
      'Finds how much load is worth putting on a node: raises the threads of the load generator until throughput stays flat and calls wait longer, then the connections with as many threads. ' +
        'The knee is the fewest calls under way that get 95 % of the throughput which no more of them raise. Of the whole chain it then measures each link alone, with as many calls under way as at the end, and names the narrowest. ' +
        'Whatever is measured is started on this machine. Takes some two minutes.',
    )
    .addOption(
      new Option(
        '--target <link>',
        'all is the whole chain; of a single link only the knee is looked for (see bench:load --help for what each is); bus, actor and store are asked in one thread, of a cluster the bus in several',
      )
        .choices(targetNames)
        .default('all'),
    )
    .addOption(
      new Option('--peer <name>', 'a single node, or a cluster of a gateway and an actor node with NATS between them and Redis below')
        .choices(sluiceNames)
        .default('sluice'),
    )
    .addOption(new Option('--transport <name>', 'how to call (default: rpc)').choices(transports))
    .option('--threads <most>', `threads at most, from one on by doubling (default: twice the processors)`, wholeNumber(1, 64))
    .option(
      '--thread-connections <count>',
      `connections of each thread while threads are raised (default: ${usually('threadConnections')})`,
      wholeNumber(1, 1_024),
    )
    .option('--connections <most>', 'connections of all threads together, at most', wholeNumber(1, 16_384), 2_048)
    .option('--depth <count>', `calls of one connection under way (default: ${usually('depth')}; http: always 1)`, wholeNumber(1, 1_024))
    .addOption(
      new Option('--durability <level>', 'of what is started here: a sync before every answer, or every second')
        .choices(['fsync', 'everysec'])
        .default('fsync'),
    )
    .option('--seconds <s>', 'length of each run', seconds(0.1, 600), 1)
    .option('--warmup <s>', 'load before each', seconds(0, 600), 0.5)
    .option('--repeats <count>', 'runs of each point, whose median counts', wholeNumber(1, 99), 3)
    .option('--slow-store <events/s>', 'slow the store to this on purpose, to see whether it is found', wholeNumber(100, 10_000_000))
    .option('--slow-bus <calls/s>', 'slow the bus to this on purpose, likewise', wholeNumber(100, 10_000_000))
    .option('--svg <file>', 'draw the curve of latency over throughput')
    .option('--into <file>', 'write the result, with commit and machine, as JSON')
    .option('--json', 'print one JSON object as the last line')
    .exitOverride()
}

/** What the command was told, checked as a whole. Throws a {@link BenchFault}. */
export function kneeOptionsOf(command: Command): KneeOptions {
  const { target, peer, transport = 'rpc', threads, threadConnections, connections, depth, ...options } = schema.parse(command.opts())
  const { durability, seconds: runSeconds, warmup, repeats, slowStore, slowBus, svg, into, json } = options
  const link = target === 'all' ? undefined : target
  const isGiven = (name: string): boolean => command.getOptionValueSource(name) === 'cli'
  const refuse = (option: string, where = `--target ${target}`): never => {
    throw new BenchFault(`${where}: ${option} has no meaning there, leave it out`)
  }
  const isThreaded = mayHaveThreads(peer, link)
  if (!isThreaded && threads !== undefined) refuse('--threads')
  const threadsMax = isThreaded ? (threads ?? threadsUsual) : 1
  if (threadsMax === 1 && threadConnections !== undefined) refuse('--thread-connections', 'with one thread')
  if (link !== undefined && link !== 'gateway' && isGiven('transport')) refuse('--transport')
  if (link !== undefined && link !== 'store' && isGiven('durability')) refuse('--durability')
  if (slowStore !== undefined && link !== undefined && link !== 'store') refuse('--slow-store')
  if (slowBus !== undefined && link !== undefined && link !== 'bus') refuse('--slow-bus')
  if (transport === 'http' && (depth ?? 1) !== 1) throw new BenchFault('--depth is 1 for http, which has one call under way per connection')
  if (connections < threadsMax) throw new BenchFault('--connections: every thread needs one')
  return {
    ...{ peer, link, svg, into, json },
    limits: { threadsMax, threadConnections: threadConnections ?? usual[transport].threadConnections, connectionsMax: connections },
    bed: {
      ...{ peer, transport, link, repeats },
      depth: depth ?? usual[transport].depth,
      run: {
        durability,
        snapshots: false,
        seconds: runSeconds,
        warmupSeconds: warmup,
        slowing: { slowStore: slowed(slowStore), slowBus: slowed(slowBus) },
      },
    },
  }
}

/**
 * What is put there on purpose should be the limit, and not how late timers are on a busy machine: a tenth of a second may be caught up. That is less than a warm-up takes, so that no
 * measured time begins with it.
 */
function slowed(perSecond: number | undefined): PaceSettings | undefined {
  return perSecond === undefined ? undefined : { perSecond, creditMs: 100 }
}

function usually(what: 'depth' | 'threadConnections'): string {
  return transports.map((transport) => `${transport} ${usual[transport][what]}`).join(', ')
}
