import { Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import type { NodeProgram } from '../links/changed-node.ts'
import { wholeNumber } from '../whole-number.ts'
import type { Role } from './cluster-member.ts'

const processesMax = 32
const replicasMax = 5

const schema = z.object({
  gateways: z.int(),
  actors: z.int(),
  orders: z.int(),
  nats: z.int(),
  durability: z.string(),
  firstPort: z.int().optional(),
  folder: z.string().optional(),
  keepGoing: z.boolean().default(false),
  json: z.boolean().default(false),
})

/** What a cluster is made of. */
export interface ClusterPlan extends Omit<z.output<typeof schema>, 'keepGoing' | 'json'> {
  /** Of Redis, which `durability` asks for. */
  readonly replicas: number
  /** Words that every node's command line ends with. */
  readonly nodeWords: readonly string[]
  /** Flags of Node itself, for every node. */
  readonly nodeFlags?: readonly string[]
  /** Where nodes of a role are to be another program than the one that is shipped. */
  readonly programs?: Readonly<Partial<Record<Role, NodeProgram>>>
  /** Whether its processes are sessions of their own, which a Ctrl-C in the terminal does not reach. */
  readonly isApart: boolean
}

export interface ClusterOptions extends ClusterPlan {
  readonly keepGoing: boolean
  readonly json: boolean
}

/** The command line of `npm run cluster`. Parsing it ends with commander's `CommanderError`: help was asked for, or a value is none. */
export function clusterCommand(): Command {
  const command = new Command('npm run cluster --')
  return command
    .description(
      'Runs a whole cluster on this machine, as plain processes on loopback: NATS, Redis, gateways, actor nodes and orders workers. ' +
        'Says where each is, and stops all of them on Ctrl-C.',
    )
    .option('--gateways <count>', 'gateway processes', wholeNumber(1, processesMax), 2)
    .option('--actors <count>', 'processes that own shards', wholeNumber(1, processesMax), 3)
    .option('--orders <count>', 'processes that take payments', wholeNumber(0, processesMax), 1)
    .option('--nats <count>', 'NATS servers: 1, or 3 or more as a NATS cluster', natsServers, 1)
    .option(
      '--durability <level>',
      `fsync, everysec or replicas=n with n from 1 to ${replicasMax}, which starts n replicas of Redis`,
      durability,
      'fsync',
    )
    .option(
      '--first-port <port>',
      'gateways take three ports each from here on, for web, ops and RPC; default: any that are free',
      wholeNumber(1, 65_000),
    )
    .option('--folder <folder>', 'where data and logs go, and stay; default: a temporary folder, which is taken away at a clean stop')
    .option('--keep-going', 'go on without a process that has died, instead of stopping')
    .option('--json', 'print one line with all addresses, as JSON, when everything is ready')
    .argument('[setting...]', 'after another --: flags of `sluice start` for every node')
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'cluster: ')) })
}

export function clusterOptionsOf(command: Command): ClusterOptions {
  const options = schema.parse(command.opts())
  const replicas = Number(/^replicas=(\d)$/.exec(options.durability)?.[1] ?? 0)
  return { ...options, replicas, nodeWords: command.args, isApart: true }
}

/** Two servers are worse than one: neither can go on without the other. */
function natsServers(text: string): number {
  const count = wholeNumber(1, processesMax)(text)
  if (count === 2) throw new InvalidArgumentError('It must be 1, or 3 or more.')
  return count
}

function durability(text: string): string {
  if (text === 'fsync' || text === 'everysec' || new RegExp(`^replicas=[1-${replicasMax}]$`).test(text)) return text
  throw new InvalidArgumentError(`It must be fsync, everysec or replicas=n with n from 1 to ${replicasMax}.`)
}
