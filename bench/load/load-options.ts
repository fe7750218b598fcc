import { Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { BenchFault } from '../bench-fault.ts'
import { peerNames } from '../servers/peer.ts'
import { transports } from '../servers/sluice-peer.ts'

const connectionsMax = 20_000
const depthMax = 65_536
const defaultDepth = 64
/** Open loop: as deep as a node's default limit per connection, so that what is due is sent. */
const defaultOpenDepth = 1_024

const schema = z.object({
  transport: z.enum(transports),
  peer: z.enum(peerNames),
  connections: z.int(),
  depth: z.int().optional(),
  seconds: z.number(),
  warmup: z.number(),
  rate: z.number().optional(),
  compare: z.int().optional(),
  host: z.string(),
  port: z.int().optional(),
  opsPort: z.int(),
  key: z.string().optional(),
  sku: z.string(),
  userHeader: z.string(),
  durability: z.enum(['fsync', 'everysec']),
  snapshots: z.boolean().default(false),
  profileServer: z.string().optional(),
  json: z.boolean().default(false),
})

export interface LoadOptions extends z.output<typeof schema> {
  readonly depth: number
}

/** The command line of `bench:load`. Parsing it ends with commander's `CommanderError`: help was asked for, or a value is none. */
export function loadCommand(): Command {
  const command = new Command('bench:load')
    .description(
      'Puts calls of `buy` on a node, each for a user of its own, and counts what comes back. ' +
        'Without --rate each answer is followed by the next call (closed loop); with it calls are sent on schedule, whatever becomes of the ones ' +
        'before, and latencies count from the time at which they were due (open loop). ' +
        'Without --port it starts a node of its own: fsync before every answer, a temporary data folder, a stock that lasts.',
    )
    .addOption(new Option('--transport <name>', 'how to call').choices(transports).default('rpc'))
    .option('--connections <count>', 'connections', integer(1, connectionsMax), 32)
    .option(
      '--depth <count>',
      `calls of one connection under way at most (default: ${defaultDepth}; with --rate ${defaultOpenDepth}; http: always 1)`,
      integer(1, depthMax),
    )
    .option('--seconds <s>', 'length of the measured time', seconds(0.1, 3_600), 10)
    .option('--warmup <s>', 'load before the measured time', seconds(0, 600), 2)
    .option('--rate <calls/s>', 'open loop: calls a second, all connections together', rate)
    .option('--host <address>', 'where the node is', '127.0.0.1')
    .option('--port <port>', "the node's port for the transport: RPC for rpc, web for ws and http", integer(1, 65_535))
    .option('--ops-port <port>', "the node's ops port, to read batch sizes; 0 to go without", integer(0, 65_535), 0)
    .option('--key <key>', 'service or operator key of the node; ws cannot do without')
    .option('--sku <sku>', 'what to buy; it has to exist and be open', 'bench')
    .option('--user-header <name>', 'http: header that the node trusts to name the user (its --trust-user-header)', 'x-sluice-user')
    .addOption(new Option('--durability <level>', 'of a node that is started here').choices(['fsync', 'everysec']).default('fsync'))
    .addOption(
      new Option(
        '--peer <name>',
        'what to put under load; redis starts the redis-server of this machine and does the same work by a Lua script',
      )
        .choices(peerNames)
        .default('sluice'),
    )
    .option(
      '--compare <rounds>',
      'put Sluice and Redis under the same load in turns, each started afresh, and tell the ratio',
      integer(1, 100),
    )
    .option('--snapshots', 'let a server that is started here compact its journal meanwhile, as it would (Redis: rewrite its AOF)')
    .option('--profile-server <folder>', 'write a processor profile of a node that is started here')
    .option('--json', 'print one JSON object as the last line')
  return command.exitOverride()
}

/** What the command was told, checked as a whole. Throws a {@link BenchFault}. */
export function loadOptionsOf(command: Command): LoadOptions {
  const options = schema.parse(command.opts())
  const { transport, peer, port, compare, rate: perSecond } = options
  if (transport === 'http' && (options.depth ?? 1) !== 1)
    throw new BenchFault('--depth is 1 for http, which has one call under way per connection: give more --connections')
  if (peer === 'redis' || compare !== undefined) {
    if (transport !== 'rpc') throw new BenchFault('Redis is compared with --transport rpc only')
    if (port !== undefined) throw new BenchFault('a comparison starts both servers itself: leave --port out')
  }
  const depth = transport === 'http' ? 1 : (options.depth ?? (perSecond === undefined ? defaultDepth : defaultOpenDepth))
  return { ...options, depth }
}

function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`It has to be an integer from ${least} to ${most}.`)
    return value
  }
}

function seconds(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text === '' || !(value >= least && value <= most))
      throw new InvalidArgumentError(`It has to be a number of seconds from ${least} to ${most}.`)
    return value
  }
}

function rate(text: string): number {
  const value = Number(text)
  if (text === '' || !(value > 0 && value <= 10_000_000))
    throw new InvalidArgumentError('It has to be a number of calls from above 0 to 10000000.')
  return value
}
