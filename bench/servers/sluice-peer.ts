import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { flagOf, type Settings, variableOf } from '../../ops/settings.ts'
import { connectRpc, SluiceError } from '../../protocol/client/rpc-client.ts'
import { BenchFault } from '../bench-fault.ts'
import { httpWire } from '../load/http-wire.ts'
import { type BuyParts, rpcWire } from '../load/rpc-wire.ts'
import { webSocketWire } from '../load/web-socket-wire.ts'
import type { Wire } from '../load/wire.ts'
import { readNodeMetrics } from './node-metrics.ts'
import type { Peer } from './peer.ts'
import { ServerProcess } from './server-process.ts'
import { TempFolder } from './temp-folder.ts'

export const transports = ['rpc', 'ws', 'http'] as const
export type Transport = (typeof transports)[number]

const host = '127.0.0.1'
const mainPath = fileURLToPath(new URL('../../ops/main.js', import.meta.url))
const userHeader = 'x-sluice-user'
const sku = 'bench'
const stock = 1_000_000_000
const holdTtlMs = 120_000
const plentyPerSecond = 10_000_000
/** The most that can be set: half a minute of the fastest load does not come to it. */
const rareSnapshotBytes = 4096 * 1024 * 1024

export interface EmbeddedOptions {
  readonly transport: Transport
  readonly durability: 'fsync' | 'everysec'
  /** Tells this run's users from others'. */
  readonly run: string
  /** Whether it takes snapshots as it would by default. */
  readonly snapshots: boolean
  /** A folder for a processor profile of the server. */
  readonly profileFolder?: string | undefined
}

/**
 * Starts a node in a process and a folder of its own, on free ports, with a sale that does not sell out and limits that are not what is measured.
 * Holds last two minutes, so that none of a shorter run ends while it is measured.
 */
export async function startSluice(options: EmbeddedOptions): Promise<Peer> {
  const folder = new TempFolder('sluice')
  const operatorKey = randomBytes(24).toString('hex')
  try {
    const { process: server, ready } = await ServerProcess.start(
      {
        name: 'the embedded node',
        path: process.execPath,
        args: [...profileArgs(options.profileFolder), mainPath, 'start', ...settingArgs(folder.path, options)],
        environment: { [variableOf('operatorKey')]: operatorKey },
        install: 'build it with: npm run build',
      },
      readyLine,
    )
    const stop = async (): Promise<void> => {
      await server.stop()
      await folder.remove()
    }
    await createSale(ready.rpc, operatorKey).catch(async (error: unknown) => {
      await stop()
      throw error
    })
    const { transport, run } = options
    return {
      name: 'sluice',
      target: {
        host,
        port: transport === 'rpc' ? ready.rpc : ready.web,
        wire: wireOf(transport, { sku, run }, `${host}:${ready.web}`, { key: operatorKey, userHeader }),
      },
      facts: { server: ready.server, durability: ready.durability },
      readCounters: () => readNodeMetrics(host, ready.ops),
      stop,
    }
  } catch (error) {
    await folder.remove()
    throw error
  }
}

export interface RunningOptions {
  readonly transport: Transport
  readonly host: string
  readonly port: number
  /** 0 if its metrics cannot be read. */
  readonly opsPort: number
  readonly key: string | undefined
  readonly sku: string
  readonly userHeader: string
  readonly run: string
}

/** A node that somebody else started. Its limits and its stock are what they are; refusals are counted by their code. */
export function runningSluice(options: RunningOptions): Peer {
  const { transport, port, opsPort, run } = options
  const { key } = options
  if (transport === 'ws' && key === undefined) throw new BenchFault('a WebSocket that acts for many users needs a service key: give --key')
  const wire = wireOf(transport, { sku: options.sku, run }, `${options.host}:${port}`, { key, userHeader: options.userHeader })
  return {
    name: 'sluice',
    target: { host: options.host, port, wire },
    facts: { server: `${options.host}:${port}` },
    readCounters: () => (opsPort === 0 ? Promise.resolve({}) : readNodeMetrics(options.host, opsPort)),
    stop: () => Promise.resolve(),
  }
}

function wireOf(
  transport: Transport,
  buy: BuyParts,
  hostHeader: string,
  identity: { readonly key: string | undefined; readonly userHeader: string },
): Wire {
  switch (transport) {
    case 'rpc':
      return rpcWire(buy, identity.key)
    case 'ws':
      return webSocketWire(buy, hostHeader, identity.key ?? '')
    case 'http':
      return httpWire(buy, hostHeader, identity.userHeader)
  }
}

function settingArgs(dataFolder: string, { durability, snapshots }: EmbeddedOptions): readonly string[] {
  const settings = {
    dataFolder,
    durability,
    webPort: 0,
    rpcPort: 0,
    opsPort: 0,
    drainSeconds: 0,
    trustUserHeader: userHeader,
    connectionsPerAddressMax: 100_000,
    perConnectionInFlightMax: 65_536,
    addressRatePerSecond: plentyPerSecond,
    addressBurst: plentyPerSecond,
    mailboxBytesMax: 64 * 1024 * 1024,
    idleTimeoutSeconds: 960,
    logLevel: 'info',
    ...(snapshots ? {} : { snapshotEveryBytes: rareSnapshotBytes }),
  } as const satisfies Partial<Settings>
  return Object.entries(settings).flatMap(([name, value]) => [flagOf(name), String(value)])
}

function profileArgs(folder: string | undefined): readonly string[] {
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`]
}

const readySchema = z.object({
  text: z.literal('ready'),
  web: z.int(),
  ops: z.int(),
  rpc: z.int(),
  durability: z.string(),
  server: z.string(),
})

/** The log line of a node that is ready: one JSON object a line. */
function readyLine(line: string): z.output<typeof readySchema> | undefined {
  if (!line.includes('"text":"ready"')) return undefined
  return readySchema.parse(JSON.parse(line))
}

async function createSale(rpcPort: number, key: string): Promise<void> {
  const rpc = connectRpc({ url: `tcp://${host}:${rpcPort}`, key })
  try {
    await rpc.saleCreate({ sale: sku, title: 'Bench', opensAt: 0, skus: [{ sku, title: 'Bench', priceMinor: 100, stock, holdTtlMs }] })
    await rpc.saleOpen(sku)
  } catch (error) {
    if (error instanceof SluiceError)
      throw new BenchFault(`the sale for the bench could not be made: ${error.code}: ${error.message}`, error)
    throw error
  } finally {
    rpc.close()
  }
}
