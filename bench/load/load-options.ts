import { Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { BenchFault } from '../bench-fault.ts'
import { type LinkName, targetNames } from '../links/links.ts'
import { type PeerName, peerNames } from '../servers/peer.ts'
import { transports } from '../servers/sluice-wire.ts'
import { wholeNumber } from '../whole-number.ts'
import { type Load, transportsOf, usualLoadOf, usualLoads } from './load.ts'
import type { RunSettings } from './peer-load.ts'

const connectionsMax = 20_000
const depthMax = 65_536
/** Open loop: as deep as a node's default limit per connection, so that what is due is sent. */
const defaultOpenDepth = 1_024

const threadsMax = 64

const schema = z.object({
  transport: z.enum(transports).optional(),
  peer: z.enum(peerNames),
  soldOut: z.boolean().default(false),
  target: z.enum(targetNames),
  threads: z.int(),
  connections: z.int().optional(),
  depth: z.int().optional(),
  seconds: z.number(),
  warmup: z.number(),
  rate: z.number().optional(),
  host: z.string(),
  port: z.int().optional(),
  opsPort: z.int(),
  key: z.string().optional(),
  sku: z.string(),
  userHeader: z.string(),
  durability: z.enum(['fsync', 'everysec']),
  snapshots: z.boolean().default(false),
  profileServer: z.string().optional(),
  processes: z.int(),
  json: z.boolean().default(false),
})

export interface LoadOptions extends RunSettings {
  readonly load: Load
  readonly json: boolean
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
    .addOption(new Option('--transport <name>', 'how to call (default: rpc; http for a peer that has nothing else)').choices(transports))
    .addOption(
      new Option(
        '--target <link>',
        'of a sluice or cluster that is started here, one link of the chain alone: gateway is a node whose buys are answered where they would leave for a shard; ' +
          'bus carries them to somebody who answers at once; actor is a shard whose store keeps nothing; store takes records of buys; all is the whole chain. ' +
          'Bus, actor and store are asked in this process, with as many calls under way as the connections would have',
      )
        .choices(targetNames)
        .default('all'),
    )
    .option('--threads <count>', 'threads of this load generator, over which the connections are spread', wholeNumber(1, threadsMax), 1)
    .option('--connections <count>', `connections (default: ${usually('connections')})`, wholeNumber(1, connectionsMax))
    .option(
      '--depth <count>',
      `calls of one connection under way at most (default: ${usually('depth')}; with --rate ${defaultOpenDepth}; http: always 1)`,
      wholeNumber(1, depthMax),
    )
    .option('--sold-out', 'ask for what is sold out, so that the gateway refuses out of its stock view; refusals are then what is counted')
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
      new Option(
        '--durability <level>',
        'of what is started here; for a Redis: appendfsync always or everysec; for PostgreSQL: synchronous_commit on or off',
      )
        .choices(['fsync', 'everysec'])
        .default('fsync'),
    )
    .addOption(
      new Option(
        '--peer <name>',
        'what to put under load: sluice is a single node; cluster a gateway and an actor node with NATS between them and Redis below, each a process on this machine; ' +
          'the others are what a shop would use instead, started with the programs of this machine to do the same work: Redis by a Lua script, PostgreSQL by a ' +
          'function with the stock in one row or in many, each by its own protocol; Fastify or nginx before that script, by HTTP',
      )
        .choices(peerNames)
        .default('sluice'),
    )
    .option('--snapshots', 'let a server that is started here compact its journal meanwhile, as it would (Redis: rewrite its AOF)')
    .option('--profile-server <folder>', 'write a processor profile of each node that is started here')
    .option('--processes <count>', 'processes of a Fastify or nginx, which share its port', wholeNumber(1, 64), 1)
    .option('--json', 'print one JSON object as the last line')
  return command.exitOverride()
}

/** What the command was told, checked as a whole. Throws a {@link BenchFault}. */
export function loadOptionsOf(command: Command): LoadOptions {
  const {
    transport: asked,
    peer,
    connections,
    depth,
    soldOut: isSoldOut,
    processes,
    target,
    threads,
    json,
    warmup,
    profileServer,
    ...options
  } = schema.parse(command.opts())
  const { host, port, opsPort, key, sku, userHeader, ...run } = options
  const [first, ...others] = transportsOf(peer)
  const transport = asked ?? first
  const usual = usualLoadOf(peer, transport)
  if (transport === 'http' && (depth ?? 1) !== 1)
    throw new BenchFault('--depth is 1 for http, which has one call under way per connection: give more --connections')
  if (peer !== 'sluice' && port !== undefined) throw new BenchFault('--peer starts what it names: leave --port out')
  if (transport !== first && !others.includes(transport))
    throw new BenchFault(`--peer ${peer} is called by ${first} only: leave --transport out`)
  if (isSoldOut && (port !== undefined || (peer !== 'sluice' && peer !== 'cluster')))
    throw new BenchFault('--sold-out starts Sluice itself: leave --port out, and every --peer but sluice and cluster')
  const link = target === 'all' ? undefined : target
  if (link !== undefined) checkLink(link, command, peer)
  if (threads > (connections ?? usual.connections)) throw new BenchFault('--threads: there are not as many --connections')
  if (threads > 1 && !mayHaveThreads(peer, link)) throw new BenchFault(`--target ${target} is asked in one thread: leave --threads out`)
  const load: Load = {
    peer,
    transport,
    connections: connections ?? usual.connections,
    depth: depth ?? (transport === 'http' || run.rate === undefined ? usual.depth : defaultOpenDepth),
    ...(link === undefined ? {} : { link }),
    ...(threads === 1 ? {} : { threads }),
    ...(processes === 1 ? {} : { processes }),
    ...(isSoldOut ? { isSoldOut } : {}),
  }
  const running = port === undefined ? undefined : { host, port, opsPort, key, sku, userHeader }
  return { ...run, warmupSeconds: warmup, profileFolder: profileServer, running, load, json }
}

/** What a link alone does not have is refused, rather than passed over. */
export function checkLink(link: LinkName, command: Command, peer: PeerName): void {
  if (peer !== 'sluice' && peer !== 'cluster') throw new BenchFault(`--target ${link} is a link of Sluice: leave --peer ${peer} out`)
  const isGiven = (name: string): boolean => command.getOptionValueSource(name) === 'cli'
  const without = [
    ...['port', 'soldOut', 'snapshots', 'host', 'opsPort', 'key', 'sku', 'userHeader', 'processes'],
    ...(link === 'gateway' ? ['durability'] : ['transport', 'profileServer']),
    ...(link === 'bus' || link === 'actor' ? ['durability'] : []),
  ]
  const given = without.find(isGiven)
  if (given === undefined) return
  throw new BenchFault(
    `--target ${link}: --${given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} has no meaning there, leave it out`,
  )
}

/** The bus of one process, its actors and a store cannot be asked from several threads. */
export function mayHaveThreads(peer: PeerName, link: LinkName | undefined): boolean {
  return link === undefined || link === 'gateway' || (link === 'bus' && peer === 'cluster')
}

function usually(what: 'connections' | 'depth'): string {
  return transports.map((transport) => `${transport} ${usualLoads[transport][what]}`).join(', ')
}

export function seconds(least: number, most: number): (text: string) => number {
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
