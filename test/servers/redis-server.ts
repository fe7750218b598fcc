import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ServerProcess } from '../../bench/servers/server-process.ts'
import { TempFolder } from '../../bench/servers/temp-folder.ts'
import { markKey } from '../../cluster/redis-keys.ts'
import { redisLimits } from '../../cluster/redis-store.ts'
import { parseRedisUrl } from '../../cluster/redis-url.ts'
import { RedisConnection, type RedisTls } from '../../cluster/redis.ts'
import { StoreFault } from '../../cluster/store.ts'
import { freePorts } from '../free-ports.ts'
import type { Certificate } from './certificate.ts'
import { LoggedWorld } from './logged-world.ts'
import { until } from './until.ts'

export interface RedisServerOptions {
  readonly appendFsync?: 'always' | 'everysec'
  /** Of the user `default`, or of the user named. */
  readonly password?: string
  readonly user?: string
  readonly certificate?: Certificate
  readonly replicaOf?: RedisServer
  /** Where it reaches that one, if there is a line in between. */
  readonly replicaPort?: number
  /** It watches others and keeps nothing. */
  readonly isSentinel?: boolean
  /** More settings, as in redis.conf. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Takes `ARGV[1]` ms from what is left of every key's time. */
const passScript = `
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key)
  if left >= 0 and left <= tonumber(ARGV[1]) then redis.call('DEL', key) end
  if left > tonumber(ARGV[1]) then redis.call('PEXPIRE', key, left - ARGV[1]) end
end
`
const readyLine = /Ready to accept connections|Sentinel ID is/

/** A real Redis on a port and in a folder of its own, which can be stopped, killed and started again over what it has kept. */
export class RedisServer {
  readonly url: string
  readonly port: number
  readonly tls: RedisTls | undefined
  readonly #options: RedisServerOptions
  readonly #folder: TempFolder
  #process: ServerProcess | undefined
  #connection: RedisConnection | undefined

  private constructor(port: number, options: RedisServerOptions) {
    const { user = '', password, certificate } = options
    const login = password === undefined ? '' : `${user}:${password}@`
    this.port = port
    this.url = `${certificate === undefined ? 'redis' : 'rediss'}://${login}127.0.0.1:${port}`
    this.tls = certificate === undefined ? undefined : { ca: certificate.certificate }
    this.#options = options
    this.#folder = new TempFolder('redis')
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const [port = 0] = await freePorts(1)
    const server = new RedisServer(port, options)
    await server.start()
    return server
  }

  /** Starts it again. */
  async start(): Promise<void> {
    const started = await ServerProcess.start(
      {
        name: 'redis-server',
        path: 'redis-server',
        args: await this.#arguments(),
        install: 'install it, on Debian with: apt-get install redis-server',
      },
      (line) => (readyLine.test(line) ? true : undefined),
    )
    this.#process = started.process
    const { replicaOf } = this.#options
    if (replicaOf !== undefined) await until(() => this.#isReplica(replicaOf))
  }

  /** Ends it in order, with everything it has kept. */
  async stop(): Promise<void> {
    this.#disconnect()
    await this.#process?.stop()
  }

  async kill(): Promise<void> {
    this.#disconnect()
    await this.#process?.kill()
  }

  pause(): void {
    this.#process?.pause(true)
  }

  resume(): void {
    this.#process?.pause(false)
  }

  /** Ends it and removes what it has kept. */
  async remove(): Promise<void> {
    this.resume()
    await this.kill()
    await this.#folder.remove()
  }

  /** Loses everything it has kept; only while it is stopped. */
  async forget(): Promise<void> {
    await rm(join(this.#folder.path, 'appendonlydir'), { recursive: true, force: true })
  }

  /** Asks it over a connection of the test's own. */
  async ask(...command: readonly [string, ...(readonly (string | number)[])]): Promise<unknown> {
    this.#connection ??= await this.#connect()
    return plain(await this.#connection.send(command))
  }

  async info(): Promise<ReadonlyMap<string, string>> {
    const lines = String(await this.ask('INFO', 'everything')).split('\r\n')
    return new Map(
      lines
        .filter((line) => line.includes(':'))
        .map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
    )
  }

  /** Makes a replica the primary. */
  async promote(): Promise<void> {
    await this.ask('REPLICAOF', 'NO', 'ONE')
  }

  /** Lets `ms` pass for everything that ends at some time. */
  async pass(ms: number): Promise<void> {
    await this.ask('EVAL', passScript, 0, ms)
  }

  /** A replica has everything, confirms what comes, and has written its first AOF, before which it would not end in order. */
  async #isReplica(primary: RedisServer): Promise<boolean> {
    const info = await this.info()
    const isRewriting = info.get('aof_rewrite_in_progress') === '1' || info.get('aof_rewrite_scheduled') === '1'
    if (info.get('master_link_status') !== 'up' || isRewriting) return false
    await primary.ask('SET', markKey, '')
    return (await primary.ask('WAIT', 1, 100)) === 1
  }

  async #connect(): Promise<RedisConnection> {
    const tls = this.tls === undefined ? {} : { tls: this.tls }
    const options = { address: parseRedisUrl(this.url), ...tls, name: 'test', world: new LoggedWorld(), limits: redisLimits }
    const connection = new RedisConnection(options)
    await connection.connect()
    void connection.ended.then(() => {
      this.#connection = undefined
    })
    return connection
  }

  #disconnect(): void {
    this.#connection?.end(new StoreFault('STORE_CLOSED', 'the test has ended it'))
  }

  async #arguments(): Promise<readonly string[]> {
    const { password, user, certificate, replicaOf, replicaPort, isSentinel = false, settings = {} } = this.#options
    const all: [string, string][] = [
      ['bind', '127.0.0.1'],
      ['port', certificate === undefined ? String(this.port) : '0'],
      ['dir', this.#folder.path],
    ]
    if (!isSentinel)
      all.push(
        ['appendonly', 'yes'],
        ['appendfsync', this.#options.appendFsync ?? 'always'],
        ['save', '""'],
        ['repl-diskless-sync-delay', '0'],
      )
    if (password !== undefined && user === undefined) all.push(['requirepass', password])
    if (password !== undefined && user !== undefined) all.push(['user', `${user} on >${password} ~* &* +@all`], ['user', 'default off'])
    if (replicaOf !== undefined) all.push(['replicaof', `127.0.0.1 ${replicaPort ?? replicaOf.port}`])
    if (certificate !== undefined) {
      all.push(['tls-port', String(this.port)], ['tls-cert-file', certificate.certificatePath], ['tls-key-file', certificate.keyPath])
      all.push(['tls-auth-clients', 'no'])
    }
    all.push(...Object.entries(settings))
    const path = join(this.#folder.path, 'redis.conf')
    await writeFile(path, all.map(([name, value]) => `${name} ${value}\n`).join(''))
    return isSentinel ? [path, '--sentinel'] : [path]
  }
}

/** Bytes as text. */
function plain(reply: unknown): unknown {
  if (Array.isArray(reply)) return reply.map(plain)
  return Buffer.isBuffer(reply) ? reply.toString() : reply
}
