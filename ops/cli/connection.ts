import type { Command } from 'commander'
import { z } from 'zod'
import { connectRpc, type RpcClient, SluiceError } from '../../protocol/client/rpc-client.ts'
import { isLoopback } from '../config.ts'
import { readSecrets } from '../secrets.ts'
import { settingsSchema } from '../settings.ts'
import { StartFault } from '../start-fault.ts'
import { CommandFault } from './command-fault.ts'
import type { Terminal } from './terminal.ts'

/** The options of every command that talks to a node. */
export interface NodeOptions {
  readonly rpc?: string | undefined
  readonly key?: string | undefined
  readonly dataFolder?: string | undefined
  readonly json?: boolean | undefined
}

const nodeOptionsSchema = z.object({
  rpc: z.string().optional(),
  key: z.string().optional(),
  dataFolder: z.string().optional(),
  json: z.boolean().optional(),
})

const defaults = settingsSchema.parse({})
const defaultAddress = `${defaults.rpcHost}:${defaults.rpcPort}`

/** A command that talks to a node; `usage` is its name and arguments, `open <sale>`. */
export function addNodeCommand(parent: Command, usage: string, description: string): Command {
  return parent
    .command(usage)
    .description(description)
    .option('--rpc <host:port>', `RPC port of the node, tls://host:port for TLS (SLUICE_RPC; default ${defaultAddress})`)
    .option('--key <key>', "operator key (SLUICE_KEY; default: none, or the data folder's where the node asks for one)")
    .option('--data-folder <folder>', `where a node on this machine keeps its keys (SLUICE_DATA_FOLDER; default ${defaults.dataFolder})`)
    .option('--json', 'print the result as JSON')
}

/** What commander made of those options. */
export function readNodeOptions(command: Command): NodeOptions {
  return nodeOptionsSchema.parse(command.opts())
}

/**
 * Runs `use` with a client of the node, acting as operator, and closes it. Without a given key the node is asked without one first, which loopback
 * allows; if it wants one, the key that the data folder keeps is tried. Throws a {@link CommandFault} when no node answers, or a `SluiceError`.
 */
export async function withNode<T>(options: NodeOptions, terminal: Terminal, use: (rpc: RpcClient) => Promise<T>): Promise<T> {
  const address = addressOf(options.rpc ?? nonEmpty(terminal.environment['SLUICE_RPC']) ?? defaultAddress)
  const key = options.key ?? nonEmpty(terminal.environment['SLUICE_KEY'])
  if (key !== undefined || !isLoopback(address.host)) return connected(address, key, use)
  try {
    return await connected(address, undefined, use)
  } catch (error) {
    const kept = asksForKey(error) ? await keptKey(options, terminal) : undefined
    if (kept === undefined) throw error
    return connected(address, kept, use)
  }
}

interface Address {
  readonly scheme: string
  readonly host: string
  readonly port: number
}

async function connected<T>({ scheme, host, port }: Address, key: string | undefined, use: (rpc: RpcClient) => Promise<T>): Promise<T> {
  const url = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
  const rpc = connectRpc(key === undefined ? { url } : { url, key })
  try {
    return await Promise.race([use(rpc), unreachable(rpc, `${host}:${port}`)])
  } finally {
    rpc.close()
  }
}

/** Rejects if the first attempt to connect fails: a person at a keyboard would rather start the node than wait for retries. */
function unreachable(rpc: RpcClient, where: string): Promise<never> {
  return new Promise((_resolve, reject) => {
    let opened = false
    rpc.on('state', (state) => {
      if (state.kind === 'open') opened = true
      if (state.kind !== 'waiting' || opened) return
      // Later than the calls that the end of the connection rejects: a refused key says more than an ended connection.
      setImmediate(() => reject(new StartFault(`no node answers on ${where} (${state.reason}); is it running? --rpc names another`)))
    })
  })
}

function addressOf(text: string): Address {
  const match = /^(?:(tcp|tls):\/\/)?(?:\[([0-9a-fA-F:.]+)\]|([^:/[\]]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[4])
  const host = match?.[2] ?? match?.[3]
  if (host === undefined || port === 0 || port > 65_535)
    throw new CommandFault(`--rpc: ${JSON.stringify(text)} must be host:port, such as ${defaultAddress}`)
  return { scheme: match?.[1] ?? 'tcp', host, port }
}

function asksForKey(error: unknown): boolean {
  return error instanceof SluiceError && (error.code === 'UNAUTHORIZED' || error.code === 'FORBIDDEN')
}

async function keptKey(options: NodeOptions, terminal: Terminal): Promise<string | undefined> {
  const folder = options.dataFolder ?? nonEmpty(terminal.environment['SLUICE_DATA_FOLDER']) ?? defaults.dataFolder
  const secrets = await readSecrets(folder)
  return secrets?.operatorKey
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}
