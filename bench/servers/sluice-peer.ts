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
import { benchSettings, benchSku, benchUserHeader, openBenchSale, profileWords, settingWords } from './sluice-sale.ts'
import { sluiceWire, type Transport } from './sluice-wire.ts'
import { TempFolder } from './temp-folder.ts'

const host = '127.0.0.1'
const mainPath = fileURLToPath(new URL('../../ops/main.js', import.meta.url))

/** Of a node or a cluster that is started for a run. */
export interface StartedSluiceOptions {
  readonly transport: Transport
  readonly durability: Durability
  /** Tells this run's users from others'. */
  readonly run: string
  /** Whether snapshots are taken as they would be by default. */
  readonly snapshots: boolean
  /** Its only unit is sold. */
  readonly isSoldOut?: boolean
  /** A folder for processor profiles of its processes. */
  readonly profileFolder?: string | undefined
}

export interface StartedNodeOptions extends StartedSluiceOptions {
  /** Another than the one that is shipped. */
  readonly program?: NodeProgram
}

/** A node with all that its starter knows of it. */
export interface StartedSluice extends Peer {
  readonly target: SocketTarget
  readonly pid: number
  readonly rpcPort: number
  readonly opsPort: number
  readonly operatorKey: string
}

/** Starts an embedded node in a process and a folder of its own, on free ports. */
export async function startSluice(options: StartedNodeOptions): Promise<StartedSluice> {
  const { transport, durability, run, snapshots, isSoldOut = false, profileFolder, program = { path: mainPath, environment: {} } } = options
  const folder = new TempFolder('sluice')
  const operatorKey = randomBytes(24).toString('hex')
  const own = { dataFolder: folder.path, durability, webPort: 0, rpcPort: 0, opsPort: 0 } as const
  try {
    const { process: server, ready } = await ServerProcess.start(
      {
        name: 'the embedded node',
        path: process.execPath,
        args: [...profileWords(profileFolder), program.path, 'start', ...settingWords({ ...benchSettings(snapshots), ...own })],
        environment: { ...program.environment, [variableOf('operatorKey')]: operatorKey },
        install: 'build it with: npm run build',
      },
      readyLine,
    )
    const stop = async (): Promise<void> => {
      await server.stop()
      await folder.remove()
    }
    await openBenchSale(host, ready.rpc, operatorKey, isSoldOut).catch(async (error: unknown) => {
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
        wire: sluiceWire(transport, benchSku, `${host}:${ready.web}`, identity),
        run,
      },
      facts: { server: ready.server, durability: ready.durability },
      readCounters: () => readNodeMetrics(host, ready.ops),
      metricsUrl: `http://${host}:${ready.ops}/metrics`,
      pid: server.pid,
      stop,
      rpcPort: ready.rpc,
      opsPort: ready.ops,
      operatorKey,
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
