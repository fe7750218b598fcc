import { createHash } from 'node:crypto'
import { RedisAnswers } from '../load/redis-answers.ts'
import type { RequestTemplate } from '../load/request-ring.ts'
import { requestMark, userMark, type Wire } from '../load/wire.ts'
import { freePorts } from './free-ports.ts'
import type { Peer } from './peer.ts'
import { askRedis, redisRequest } from './redis-client.ts'
import type { ServerCounters } from './server-figures.ts'
import { ServerProcess } from './server-process.ts'
import { TempFolder } from './temp-folder.ts'

/** What a shop would let Redis do for one `buy`: is it this user's first, is there a unit, note the order. 1 sold, 0 sold out, -1 not the first. */
const buyScript = `
if redis.call('SADD', KEYS[1], ARGV[1]) == 0 then return -1 end
if redis.call('DECR', KEYS[2]) < 0 then
  redis.call('INCR', KEYS[2])
  redis.call('SREM', KEYS[1], ARGV[1])
  return 0
end
redis.call('RPUSH', KEYS[3], ARGV[1] .. ' ' .. ARGV[2])
return 1
`
const keys = { buyers: 'buyers', stock: 'stock', orders: 'orders' } as const
const stock = 1_000_000_000

/** Starts the machine's Redis with an AOF that is synced before every reply, in a folder of its own; `rewrites` lets it rewrite the AOF meanwhile. */
export async function startRedis(run: string, rewrites: boolean): Promise<Peer> {
  const folder = new TempFolder('redis')
  try {
    const [port = 0] = await freePorts(1)
    const { process: server, ready: version } = await ServerProcess.start(
      {
        name: 'redis-server',
        path: 'redis-server',
        args: [...optionsFor(port, folder.path, rewrites)],
        install: 'install it, on Debian with: apt-get install redis-server',
      },
      versionWhenReady(),
    )
    const sha = createHash('sha1').update(buyScript).digest('hex')
    await askRedis(port, 'SCRIPT', 'LOAD', buyScript)
    await askRedis(port, 'SET', keys.stock, String(stock))
    return {
      name: 'redis',
      target: { host: '127.0.0.1', port, wire: redisWire(sha, run) },
      facts: { server: `Redis ${version}`, durability: 'appendfsync always' },
      readCounters: () => readCounters(port),
      stop: async () => {
        await server.stop()
        await folder.remove()
      },
    }
  } catch (error) {
    await folder.remove()
    throw error
  }
}

function optionsFor(port: number, folder: string, rewrites: boolean): readonly string[] {
  const appendOnly = [
    '--appendonly',
    'yes',
    '--appendfsync',
    'always',
    '--save',
    '',
    ...(rewrites ? [] : ['--auto-aof-rewrite-percentage', '0']),
  ]
  return ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, ...appendOnly]
}

function redisWire(sha: string, run: string): Wire {
  return {
    greeting: undefined,
    template: (connection): RequestTemplate => {
      const words = ['EVALSHA', sha, '3', keys.buyers, keys.stock, keys.orders, userMark(run, connection), requestMark]
      return { bytes: Buffer.from(redisRequest(words)) }
    },
    answers: (slots) => new RedisAnswers(slots),
  }
}

function versionWhenReady(): (line: string) => string | undefined {
  let version = ''
  return (line) => {
    version = /Redis version=([\d.]+)/.exec(line)?.[1] ?? version
    return line.includes('Ready to accept connections') ? version : undefined
  }
}

async function readCounters(port: number): Promise<ServerCounters> {
  const cpu = await askRedis(port, 'INFO', 'cpu')
  const seconds = (name: string): number => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(cpu)?.[1])
  return { cpuSeconds: seconds('used_cpu_user') + seconds('used_cpu_sys') }
}
