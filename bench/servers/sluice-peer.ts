import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { variableOf } from '../../ops/settings.ts'
import { BenchFault } from '../bench-fault.ts'
import type { NodeProgram } from '../links/changed-node.ts'
import type { SocketTarget } from '../load/load-run.ts'
import type { Durability } from './bench-redis.ts'
import { readNodeMetrics } from './node-metrics.ts'
import type { Peer } from './peer.ts'
import { ServerProcess } from './server-process.ts'
import {
  benchSettings,
  type BenchShop,
  benchSku,
  benchUserHeader,
  openBenchSale,
  profileWords,
  type SettingTexts,
  settingWords,
} from './sluice-sale.ts'
import { sluiceWire, type Transport } from './sluice-wire.ts'
import { TempFolder } from './temp-folder.ts'

const host = '127.0.0.1'
const mainPath = fileURLToPath(new URL('../../ops/main.js', import.meta.url))

/** Of a node or a cluster that is started for a run. */
export interface StartedSluiceOptions extends BenchShop {
  readonly transport: Transport
  readonly durability: Durability
  /** Tells this run's users from others'. */
  readonly run: string
  /** Whether snapshots are taken as they would be by default. */
  readonly snapshots: boolean
  /** Beside those that are usual for benches, for each of its processes. */
  readonly settings?: SettingTexts | undefined
  /** How many processes of a cluster decide; one if left out. */
  readonly actors?: number
  /** Whether a cluster has somebody who takes payments; a node always has. */
  readonly takesPayments?: boolean
  /** A folder for processor profiles of its processes. */
  readonly profileFolder?: string | undefined
  /** For Node in each of its processes. */
  readonly nodeFlags?: readonly string[]
}

export interface StartedNodeOptions extends StartedSluiceOptions {
  /** Another than the one that is shipped. */
  readonly program?: NodeProgram
}

/** A node or a cluster with all that its starter knows of it. */
export interface StartedSluice extends Peer {
  readonly target: SocketTarget
  /** Of a cluster those of a gateway. */
  readonly webPort: number
  readonly rpcPort: number
  readonly operatorKey: string
  /** Everything that it keeps. */
  readonly folder: string
  /** Those that run Sluice, by name. */
  readonly processes: Readonly<Record<string, SluiceProcess>>
}

export interface SluiceProcess {
  readonly pid: number
  readonly opsPort: number
}

export interface StartedNode extends StartedSluice {
  readonly pid: number
  readonly opsPort: number
}

/** Starts an embedded node in a process and a folder of its own, on free ports. */
export async function startSluice(options: StartedNodeOptions): Promise<StartedNode> {
  const { transport, durability, run, snapshots, profileFolder, nodeFlags = [], settings = {}, mix } = options
  const { program = { path: mainPath, environment: {} } } = options
  const folder = new TempFolder('sluice')
  const operatorKey = randomBytes(24).toString('hex')
  const own = { dataFolder: folder.path, durability, webPort: 0, rpcPort: 0, opsPort: 0 } as const
  try {
    const { process: server, ready } = await ServerProcess.start(
      {
        name: 'the embedded node',
        path: process.execPath,
        args: [
          ...nodeFlags,
          ...profileWords(profileFolder),
          program.path,
          'start',
          ...settingWords({ ...benchSettings(snapshots), ...settings, ...own }),
        ],
        environment: { ...program.environment, [variableOf('operatorKey')]: operatorKey },
        install: 'build it with: npm run build',
      },
      readyLine,
    )
    const stop = async (): Promise<void> => {
      await server.stop()
      await folder.remove()
    }
    await openBenchSale(host, ready.rpc, operatorKey, options).catch(async (error: unknown) => {
      await stop()
      throw error
    })
    const identity = { key: operatorKey, userHeader: benchUserHeader }
    return {
      name: 'sluice',
      target: {
        kind: 'sockets',
        host,
        port: transport === 'rpc' ? ready.rpc : ready.web,
        wire:
          mix === undefined
            ? sluiceWire(transport, benchSku, `${host}:${ready.web}`, identity)
            : { protocol: 'mix', mix, key: operatorKey },
        run,
      },
      facts: { server: ready.server, durability: ready.durability },
      readCounters: () => readNodeMetrics(host, ready.ops),
      metricsUrl: `http://${host}:${ready.ops}/metrics`,
      pid: server.pid,
      stop,
      webPort: ready.web,
      rpcPort: ready.rpc,
      opsPort: ready.ops,
      operatorKey,
      folder: folder.path,
      processes: { node: { pid: server.pid, opsPort: ready.ops } },
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
  const { transport, port, opsPort, run, key, sku, userHeader } = options
  if (transport === 'ws' && key === undefined) throw new BenchFault('a WebSocket that acts for many users needs a service key: give --key')
  const where = `${options.host}:${port}`
  return {
    name: 'sluice',
    target: { kind: 'sockets', host: options.host, port, wire: sluiceWire(transport, sku, where, { key, userHeader }), run },
    facts: { server: where },
    readCounters: () => (opsPort === 0 ? Promise.resolve({}) : readNodeMetrics(options.host, opsPort)),
    stop: () => Promise.resolve(),
  }
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
