import { buyScript, plentyOfStock, stockKey } from './buy-script.ts'
import { freePorts } from './free-ports.ts'
import { askRedis } from './redis-client.ts'
import { ServerProcess } from './server-process.ts'
import { TempFolder } from './temp-folder.ts'

export type Durability = 'fsync' | 'everysec'

/** The machine's Redis in a folder of its own, with the script and the stock for {@link buyScript}. */
export class BenchRedis {
  readonly port: number
  readonly version: string
  /** As its configuration has it. */
  readonly durability: string
  private readonly process: ServerProcess
  private readonly folder: TempFolder

  private constructor(port: number, version: string, durability: string, process: ServerProcess, folder: TempFolder) {
    this.port = port
    this.version = version
    this.durability = durability
    this.process = process
    this.folder = folder
  }

  /** `rewrites` lets it rewrite its AOF meanwhile. */
  static async start(durability: Durability, rewrites: boolean): Promise<BenchRedis> {
    const synced = durability === 'fsync' ? 'always' : 'everysec'
    const folder = new TempFolder('redis')
    try {
      const [port = 0] = await freePorts(1)
      const { process: server, ready: version } = await ServerProcess.start(
        {
          name: 'redis-server',
          path: 'redis-server',
          args: argsFor(port, folder.path, synced, rewrites),
          install: 'install it, on Debian with: apt-get install redis-server',
        },
        versionWhenReady(),
      )
      await askRedis(port, 'SCRIPT', 'LOAD', buyScript)
      await askRedis(port, 'SET', stockKey, String(plentyOfStock))
      return new BenchRedis(port, version, `appendfsync ${synced}`, server, folder)
    } catch (error) {
      await folder.remove()
      throw error
    }
  }

  cpuSeconds(): number {
    return this.process.cpuSeconds()
  }

  async stop(): Promise<void> {
    await this.process.stop()
    await this.folder.remove()
  }
}

function argsFor(port: number, folder: string, synced: string, rewrites: boolean): readonly string[] {
  const appendOnly = ['--appendonly', 'yes', '--appendfsync', synced, '--save', '']
  const rare = rewrites ? [] : ['--auto-aof-rewrite-percentage', '0']
  return ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, ...appendOnly, ...rare]
}

function versionWhenReady(): (line: string) => string | undefined {
  let version = ''
  return (line) => {
    version = /Redis version=([\d.]+)/.exec(line)?.[1] ?? version
    return line.includes('Ready to accept connections') ? version : undefined
  }
}
