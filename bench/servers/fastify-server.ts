import cluster from 'node:cluster'
import { once } from 'node:events'
import { fastify } from 'fastify'
import { Redis, type Result } from 'ioredis'
import { z } from 'zod'
import { buyKeys, buyScript } from './buy-script.ts'

/**
 * The web server that a shop would write instead: Fastify, ioredis, and the decision in a Lua script. A process of its own, started with one JSON
 * object as its argument; prints `listening <port>` when it can be asked. What makes such a server fast is on: keep-alive, commands of one turn of the
 * event loop in one pipeline, schemas compiled for what comes and goes, no log line per call, a script that Redis knows by its hash.
 */
const settingsSchema = z.object({ redisPort: z.int(), processes: z.int(), userHeader: z.string(), holdTtlMs: z.int() })
export type FastifySettings = z.output<typeof settingsSchema>
const settings = settingsSchema.parse(JSON.parse(process.argv[2] ?? ''))

declare module 'ioredis' {
  interface RedisCommander<Context> {
    buy(buyers: string, stock: string, orders: string, user: string, requestId: string): Result<number, Context>
  }
}

/** SKU, quantity, request id: as the same call of Sluice has them. */
type BuyParams = readonly [string, number, string]

const host = '127.0.0.1'
const keepAliveTimeout = 120_000
const status = { sold: 200, refused: 409, unauthorized: 401 } as const

const text = { type: 'string', minLength: 1, maxLength: 128 } as const
const paramsSchema = {
  type: 'array',
  items: [text, { type: 'integer', minimum: 1, maximum: 100 }, text],
  minItems: 3,
  maxItems: 3,
} as const
const integer = { type: 'integer' } as const
const held = {
  type: 'object',
  properties: { state: { type: 'string' }, hold: { type: 'string' }, qty: integer, expiresAt: integer },
} as const
const error = { type: 'object', properties: { code: { type: 'string' } } } as const
const responseSchema = {
  200: { type: 'object', properties: { result: held } },
  '4xx': { type: 'object', properties: { error } },
} as const

if (settings.processes > 1 && cluster.isPrimary) await runPrimary()
else await serve()

/** Connections stay, so who takes them matters little; the workers' listening socket is one, in turns. */
async function runPrimary(): Promise<void> {
  const workers = Array.from({ length: settings.processes }, () => cluster.fork())
  const listening = await Promise.all(workers.map((worker) => once(worker, 'listening')))
  const [address] = z.tuple([z.object({ port: z.int() })]).parse(listening[0])
  process.stdout.write(`listening ${address.port}\n`)
  process.once('SIGTERM', () => {
    for (const worker of workers) worker.kill()
  })
}

async function serve(): Promise<void> {
  const redis = new Redis({ host, port: settings.redisPort, enableAutoPipelining: true })
  redis.defineCommand('buy', { lua: buyScript, numberOfKeys: buyKeys.length })

  const app = fastify({ logger: false, keepAliveTimeout })
  app.post<{ Body: BuyParams }>('/v1/call/buy', { schema: { body: paramsSchema, response: responseSchema } }, async (request, reply) => {
    const user = request.headers[settings.userHeader]
    if (typeof user !== 'string' || user === '') return reply.code(status.unauthorized).send({ error: { code: 'UNAUTHORIZED' } })
    const [, qty, requestId] = request.body
    const outcome = await redis.buy(...buyKeys, user, requestId)
    if (outcome !== 1) return reply.code(status.refused).send({ error: { code: outcome === 0 ? 'SOLD_OUT' : 'LIMIT_REACHED' } })
    return reply.send({ result: { state: 'held', hold: requestId, qty, expiresAt: Date.now() + settings.holdTtlMs } })
  })
  const { port } = new URL(await app.listen({ host, port: 0 }))
  if (cluster.isPrimary) process.stdout.write(`listening ${port}\n`)
  process.once('SIGTERM', () => process.exit(0))
}
