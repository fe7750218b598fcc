import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startBenchRedis } from './bench-redis.ts'
import type { FastifyPeerOptions } from './fastify-peer.ts'
import { freePorts } from './free-ports.ts'
import { requirePackages } from './needed-packages.ts'
import { type NginxSettings, nginxBuyLua, nginxConfiguration } from './nginx-buy.ts'
import type { Peer } from './peer.ts'
import { ServerProcess } from './server-process.ts'
import { benchHoldTtlMs, benchSku, benchUserHeader } from './sluice-sale.ts'
import { TempFolder } from './temp-folder.ts'

const host = '127.0.0.1'

/** nginx before Redis: the call is read, decided by a script in Redis, and answered, all in nginx's own Lua. */
export async function startNginx({ run, durability, rewrites, processes }: FastifyPeerOptions): Promise<Peer> {
  requirePackages(['nginx'])
  const redis = await startBenchRedis(durability, rewrites)
  const folder = new TempFolder('nginx')
  const stopBelow = async (): Promise<void> => {
    await redis.stop()
    await folder.remove()
  }
  try {
    const [port = 0] = await freePorts(1)
    const sale = { userHeader: benchUserHeader, holdTtlMs: benchHoldTtlMs }
    const settings: NginxSettings = { folder: folder.path, port, redisPort: redis.port, workers: processes, ...sale }
    const file = join(folder.path, 'nginx.conf')
    writeFileSync(file, nginxConfiguration(settings))
    writeFileSync(join(folder.path, 'buy.lua'), nginxBuyLua(settings))
    const { process: server, ready: version } = await ServerProcess.start(
      {
        name: 'nginx',
        path: 'nginx',
        args: ['-p', folder.path, '-c', file],
        install: 'install it, on Debian with: apt-get install nginx',
      },
      versionWhenReady(processes),
    )
    return {
      name: 'nginx',
      target: {
        kind: 'sockets',
        host,
        port,
        wire: { protocol: 'http', sku: benchSku, hostHeader: `${host}:${port}`, userHeader: benchUserHeader },
        run,
      },
      facts: { server: `nginx ${version} with Lua on Redis ${redis.version}`, durability: redis.durability },
      readCounters: () => Promise.resolve({ cpuSeconds: { nginx: server.cpuSeconds(), redis: redis.cpuSeconds() } }),
      stop: async () => {
        await server.stop()
        await stopBelow()
      },
    }
  } catch (error) {
    await stopBelow()
    throw error
  }
}

/** It listens before it has workers. */
function versionWhenReady(workers: number): (line: string) => string | undefined {
  let version = ''
  let started = 0
  return (line) => {
    version = /\[notice\].*nginx\/([\d.]+)/.exec(line)?.[1] ?? version
    if (/start worker process \d/.test(line)) started++
    return started === workers ? version : undefined
  }
}
