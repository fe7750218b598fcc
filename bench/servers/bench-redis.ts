import { BenchServer } from './bench-server.ts'
import { buyScript, plentyOfStock, stockKey } from './buy-script.ts'
import { freePorts } from './free-ports.ts'
import { askRedis } from './redis-client.ts'

export type Durability = 'fsync' | 'everysec'

/** The machine's Redis, with the script and the stock for {@link buyScript}. `rewrites` lets it rewrite its AOF meanwhile. */
export async function startBenchRedis(durability: Durability, rewrites: boolean): Promise<BenchServer> {
  const [port = 0] = await freePorts(1)
  const synced = durability === 'fsync' ? 'always' : 'everysec'
  return BenchServer.start({
    name: 'redis',
    port,
    durability: `appendfsync ${synced}`,
    commandIn: (folder) => ({
      name: 'redis-server',
      path: 'redis-server',
      args: argsFor(port, folder, synced, rewrites),
      install: 'install it, on Debian with: apt-get install redis-server',
    }),
    says: { version: /Redis version=([\d.]+)/, ready: 'Ready to accept connections' },
    setUp: async () => {
      await askRedis(port, 'SCRIPT', 'LOAD', buyScript)
      await askRedis(port, 'SET', stockKey, String(plentyOfStock))
    },
  })
}

function argsFor(port: number, folder: string, synced: string, rewrites: boolean): readonly string[] {
  const appendOnly = ['--appendonly', 'yes', '--appendfsync', synced, '--save', '']
  const rare = rewrites ? [] : ['--auto-aof-rewrite-percentage', '0']
  return ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, ...appendOnly, ...rare]
}
