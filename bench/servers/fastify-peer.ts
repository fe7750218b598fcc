import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { type Durability, startBenchRedis } from './bench-redis.ts'
import type { FastifySettings } from './fastify-server.ts'
import type { Peer } from './peer.ts'
import { ServerProcess } from './server-process.ts'
import { benchHoldTtlMs, benchSku, benchUserHeader } from './sluice-sale.ts'

const host = '127.0.0.1'
const program = fileURLToPath(new URL('./fastify-server.js', import.meta.url))

export interface FastifyPeerOptions {
  readonly run: string
  readonly durability: Durability
  readonly rewrites: boolean
  /** Server processes that share the port. */
  readonly processes: number
}

/** Fastify before Redis: the same calls over HTTP as Sluice's, on a Redis of its own, with the user in a header too. */
export async function startFastify({ run, durability, rewrites, processes }: FastifyPeerOptions): Promise<Peer> {
  const redis = await startBenchRedis(durability, rewrites)
  try {
    const settings: FastifySettings = { redisPort: redis.port, processes, userHeader: benchUserHeader, holdTtlMs: benchHoldTtlMs }
    const { process: server, ready: port } = await ServerProcess.start(
      {
        name: 'the Fastify server',
        path: process.execPath,
        args: [program, JSON.stringify(settings)],
        install: 'build it with: npm run build',
      },
      portIn,
    )
    return {
      name: 'fastify',
      target: {
        kind: 'sockets',
        host,
        port,
        wire: { protocol: 'http', sku: benchSku, hostHeader: `${host}:${port}`, userHeader: benchUserHeader },
        run,
      },
      facts: { server: `Fastify ${fastifyVersion()} on Redis ${redis.version}`, durability: redis.durability },
      readCounters: () => Promise.resolve({ cpuSeconds: { fastify: server.cpuSeconds(), redis: redis.cpuSeconds() } }),
      stop: async () => {
        await server.stop()
        await redis.stop()
      },
    }
  } catch (error) {
    await redis.stop()
    throw error
  }
}

function portIn(line: string): number | undefined {
  const port = /^listening (\d+)$/.exec(line)?.[1]
  return port === undefined ? undefined : Number(port)
}

function fastifyVersion(): string {
  return z.object({ version: z.string() }).parse(createRequire(import.meta.url)('fastify/package.json')).version
}
