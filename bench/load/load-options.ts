import { Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { BenchFault } from '../bench-fault.ts'
import { peerNames } from '../servers/peer.ts'
import { transports } from '../servers/sluice-wire.ts'
import { wholeNumber } from '../whole-number.ts'
import { type Load, rivalOf, usualLoads } from './load.ts'

const connectionsMax = 20_000
const depthMax = 65_536
/** Open loop: as deep as a node's default limit per connection, so that what is due is sent. */
const defaultOpenDepth = 1_024

const schema = z.object({
  transport: z.enum([...transports, 'all']),
  peer: z.enum(peerNames),
  cluster: z.boolean().default(false),
  soldOut: z.boolean().default(false),
  connections: z.int().optional(),
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
  fastifyProcesses: z.int(),
  json: z.boolean().default(false),
})

export interface LoadOptions extends Omit<z.output<typeof schema>, 'transport' | 'peer' | 'connections' | 'depth' | 'soldOut'> {
  /** What is put under load: one, or with `compare` one or more in turns with {@link LoadOptions.rival}. */
  readonly loads: readonly Load[]
  readonly rival: Load
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
    .addOption(
      new Option('--transport <name>', 'how to call; all: with --cluster --compare, each in turn at its defaults')
        .choices([...transports, 'all'])
        .default('rpc'),
    )
    .option('--connections <count>', `connections (default: ${usual('connections')})`, wholeNumber(1, connectionsMax))
    .option(
      '--depth <count>',
      `calls of one connection under way at most (default: ${usual('depth')}; with --rate ${defaultOpenDepth}; http: always 1)`,
      wholeNumber(1, depthMax),
    )
    .option(
      '--cluster',
      'start a cluster instead of a single node: one gateway and one actor node with NATS between them and Redis below, each a process on this machine',
    )
    .option(
      '--sold-out',
      'ask for what is sold out, so that the gateway refuses out of its stock view; refusals are then what is counted, and compared with full buys under the same load',
    )
    .option('--seconds <s>', 'length of the measured time', seconds(0.1, 3_600), 10)
    .option('--warmup <s>', 'load before the measured time', seconds(0, 600), 2)
    .option('--rate <calls/s>', 'open loop: calls a second, all connections together', rate)
    .option('--host <address>', 'where the node is', '127.0.0.1')
    .option('--port <port>', "the node's port for the transport: RPC for rpc, web for ws and http", wholeNumber(1, 65_535))
    .option('--ops-port <port>', "the node's ops port, to read batch sizes; 0 to go without", wholeNumber(0, 65_535), 0)
    .option('--key <key>', 'service or operator key of the node; ws cannot do without')
    .option('--sku <sku>', 'what to buy; it has to exist and be open', 'bench')
    .option('--user-header <name>', 'http: header that the node trusts to name the user (its --trust-user-header)', 'x-sluice-user')
    .addOption(
      new Option('--durability <level>', 'of what is started here; for a Redis: appendfsync always or everysec')
        .choices(['fsync', 'everysec'])
        .default('fsync'),
    )
    .addOption(
      new Option(
        '--peer <name>',
        'what to put under load: redis starts the redis-server of this machine and does the same work by a Lua script; ' +
          'fastify puts a Fastify server with ioredis before that script, which is called as Sluice is by http',
      )
        .choices(peerNames)
        .default('sluice'),
    )
    .option(
      '--compare <rounds>',
      'put Sluice and another under load in turns, each started afresh, and tell the ratio: Redis under the same load, or with --cluster ' +
        `Fastify at ${usualLoads.http.connections} connections`,
      wholeNumber(1, 100),
    )
    .option('--snapshots', 'let a server that is started here compact its journal meanwhile, as it would (Redis: rewrite its AOF)')
    .option('--profile-server <folder>', 'write a processor profile of each node that is started here')
    .option('--fastify-processes <count>', 'processes of the Fastify server, which share its port', wholeNumber(1, 64), 1)
    .option('--json', 'print one JSON object as the last line')
  return command.exitOverride()
}

/** What the command was told, checked as a whole. Throws a {@link BenchFault}. */
export function loadOptionsOf(command: Command): LoadOptions {
  const { transport, peer, connections, depth, soldOut: isSoldOut, ...options } = schema.parse(command.opts())
  const { port, compare, cluster, rate: perSecond } = options
  if (transport === 'http' && (depth ?? 1) !== 1)
    throw new BenchFault('--depth is 1 for http, which has one call under way per connection: give more --connections')
  if ((peer !== 'sluice' || compare !== undefined) && port !== undefined)
    throw new BenchFault('a comparison starts both servers itself: leave --port out')
  if (cluster && (peer !== 'sluice' || port !== undefined))
    throw new BenchFault('--cluster starts Sluice itself: leave --peer and --port out')
  if ((peer === 'redis' || (compare !== undefined && !cluster && !isSoldOut)) && transport !== 'rpc')
    throw new BenchFault('Redis is compared with --transport rpc only')
  if (isSoldOut && (peer !== 'sluice' || port !== undefined || transport === 'all'))
    throw new BenchFault('--sold-out starts Sluice itself, for one transport: leave --peer, --port and --transport all out')
  if (transport === 'all') {
    if (compare === undefined || !cluster) throw new BenchFault('--transport all goes with --cluster --compare')
    if (connections !== undefined || depth !== undefined)
      throw new BenchFault('--transport all has a load for each transport: leave --connections and --depth out')
  }
  const names = transport === 'all' ? transports : [transport]
  const loads = names.map((name): Load => {
    const served = peer === 'fastify' ? 'http' : name
    const usually = usualLoads[served]
    const openDepth = served === 'http' || perSecond === undefined ? usually.depth : defaultOpenDepth
    return {
      peer,
      transport: served,
      connections: connections ?? usually.connections,
      depth: depth ?? openDepth,
      ...(isSoldOut ? { isSoldOut } : {}),
    }
  })
  return { ...options, loads, rival: rivalOf(cluster, loads) }
}

function usual(what: 'connections' | 'depth'): string {
  return transports.map((transport) => `${transport} ${usualLoads[transport][what]}`).join(', ')
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
