import { Redis, type RedisOptions } from 'ioredis'
import { asStoreFault, awayFault, isElsewhere, loginFault, RedisErrorReply } from './redis-faults.ts'
import { describeAddress, type RedisAddress } from './redis-url.ts'
import type { StoreFault } from './store.ts'
import type { Timer, World } from './world.ts'

/**
 * One connection to Redis: the only file that knows the `ioredis` package. Its defaults that repeat or keep what was asked are all off: whether a
 * write that was under way when a connection ended has happened is for the caller to find out, by repeating it in a form that can be repeated. And
 * with resending off the package (6.0) leaves commands under way without an answer for ever, so this file settles them all by itself.
 */
export interface RedisTls {
  /** Certificates and keys in PEM. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** The name in the server's certificate, if it is not the host. */
  readonly serverName?: string
}

export interface RedisLimits {
  /** Until a connection is there, its login included. */
  readonly connectMs: number
  /** Without an answer for so long, a connection is given up with everything under way on it. */
  readonly requestMs: number
  /** Commands that wait for an answer; more are refused. */
  readonly commandsMax: number
}

export interface RedisConnectionOptions {
  readonly address: RedisAddress
  readonly tls?: RedisTls
  /** Shown by Redis in its list of clients. */
  readonly name: string
  readonly world: World
  readonly limits: RedisLimits
}

/** The command's name and its arguments. Bytes may be reused once it has been answered. */
export type RedisCommand = readonly [string, ...(readonly (string | number | Uint8Array)[])]

const overdueChecks = 8

export class RedisConnection {
  readonly where: string
  /** Resolves, with the reason, when the connection is of no use any more. */
  readonly ended: Promise<StoreFault>
  readonly #options: RedisConnectionOptions
  readonly #redis: Redis
  readonly #world: World
  readonly #limits: RedisLimits
  readonly #overdue: Timer
  #tellEnded: (fault: StoreFault) => void = () => {}
  /** What the package said last, more telling than how the connection ended. */
  #lastError: unknown
  #fault: StoreFault | undefined
  /** Asked for in this turn of the event loop. */
  #asked: Asked[] = []
  readonly #batches = new Set<Batch>()
  #commands = 0

  constructor(options: RedisConnectionOptions) {
    const { world, limits } = options
    this.where = describeAddress(options.address)
    this.#options = options
    this.#world = world
    this.#limits = limits
    this.ended = new Promise((resolve) => {
      this.#tellEnded = resolve
    })
    this.#redis = new Redis({ ...packageOptions(options), replyMapping: 'legacy' })
    this.#redis.on('error', (error: unknown) => {
      this.#lastError = error
    })
    this.#redis.on('close', () => this.#lose('the connection was closed'))
    this.#redis.on('end', () => this.#lose('the connection was closed'))
    this.#overdue = world.timers.every(Math.ceil(limits.requestMs / overdueChecks), () => this.#checkOverdue())
  }

  /** Connects and logs in; rejects with a `StoreFault`, and is of no use then. */
  async connect(): Promise<void> {
    const { address, name, world, limits } = this.#options
    const limit = world.timers.after(limits.connectMs, () => this.end(awayFault(this.where, `no connection within ${limits.connectMs} ms`)))
    try {
      await Promise.race([this.#redis.connect(), this.ended]).catch((error: unknown) => {
        throw awayFault(this.where, this.#lastError ?? error)
      })
      if (this.#fault !== undefined) throw this.#fault
      await this.#logIn(address, name)
    } catch (error) {
      const fault = asStoreFault(error, this.where)
      this.end(fault)
      throw fault
    } finally {
      limit.cancel()
    }
  }

  /**
   * Sends a command together with all others of this turn of the event loop, and resolves with its answer. Rejects with a {@link RedisErrorReply} if
   * Redis says no, and with a `StoreFault` if it is not known what came of it.
   */
  send(command: RedisCommand): Promise<unknown> {
    if (this.#fault !== undefined) return Promise.reject(this.#fault)
    if (this.#commands >= this.#limits.commandsMax) return Promise.reject(awayFault(this.where, 'too much waits for its answer'))
    this.#commands++
    return new Promise((resolve, reject) => {
      if (this.#asked.push({ command, resolve, reject }) === 1) this.#world.timers.soon(() => this.#flush())
    })
  }

  /** Gives the connection up: everything under way on it rejects with `fault`. */
  end(fault: StoreFault): void {
    if (this.#fault !== undefined) return
    this.#fault = fault
    this.#overdue.cancel()
    this.#redis.disconnect()
    for (const batch of this.#batches) for (const asked of batch.asked) asked.reject(fault)
    this.#batches.clear()
    for (const asked of this.#asked.splice(0)) asked.reject(fault)
    this.#tellEnded(fault)
  }

  async #logIn({ user, password, database }: RedisAddress, name: string): Promise<void> {
    const login: RedisCommand[] = []
    if (password !== undefined) login.push(user === undefined ? ['AUTH', password] : ['AUTH', user, password])
    if (database > 0) login.push(['SELECT', database])
    const done = login.map((command) => this.send(command))
    // Only for people who look: a user without the right to say it may go on.
    const named = this.send(['CLIENT', 'SETNAME', name]).catch((error: unknown) => {
      if (!(error instanceof RedisErrorReply)) throw error
    })
    try {
      await Promise.all([...done, named])
    } catch (error) {
      throw error instanceof RedisErrorReply && !isElsewhere(error) ? loginFault(this.where, error) : error
    }
  }

  #flush(): void {
    const asked = this.#asked
    this.#asked = []
    if (asked.length === 0) return
    const batch: Batch = { asked, sentAt: this.#world.clock.monotonic() }
    this.#batches.add(batch)
    this.#write(asked).then(
      (answers) => this.#answered(batch, answers),
      (error: unknown) => this.end(awayFault(this.where, error)),
    )
  }

  /** In one write; a pipeline of the package does the same for a single command, with twice the work. */
  async #write(asked: readonly Asked[]): Promise<readonly Answer[]> {
    const [only] = asked
    if (only !== undefined && asked.length === 1) {
      const [word, ...rest] = only.command
      return this.#redis.callBuffer(word, rest.map(argument)).then(
        (reply): Answer[] => [[null, reply]],
        (error: unknown): Answer[] => [[error instanceof Error ? error : new Error(String(error)), undefined]],
      )
    }
    const pipeline = this.#redis.pipeline()
    for (const { command } of asked) {
      const [word, ...rest] = command
      pipeline.callBuffer(word, rest.map(argument))
    }
    return (await pipeline.exec()) ?? []
  }

  #answered(batch: Batch, answers: readonly Answer[]): void {
    if (!this.#batches.delete(batch)) return
    this.#commands -= batch.asked.length
    for (const [index, asked] of batch.asked.entries()) {
      const [error, reply] = answers[index] ?? [new Error('an answer is missing'), undefined]
      if (error === null) asked.resolve(reply)
      else asked.reject(this.#refusal(error))
    }
  }

  #refusal(error: Error): Error {
    if (error.name !== 'ReplyError') return awayFault(this.where, this.#lastError ?? error)
    const refusal = new RedisErrorReply(error.message)
    if (isElsewhere(refusal)) this.end(asStoreFault(refusal, this.where))
    return refusal
  }

  #checkOverdue(): void {
    const oldest = this.#oldestOverdue()
    // After a pause of this process the answer may be there already, unread.
    if (oldest === undefined) return
    this.#world.timers.soon(() => {
      if (this.#batches.has(oldest)) this.end(awayFault(this.where, `no answer within ${this.#limits.requestMs} ms`))
    })
  }

  #oldestOverdue(): Batch | undefined {
    const [oldest] = this.#batches
    const now = this.#world.clock.monotonic()
    return oldest !== undefined && now - oldest.sentAt >= this.#limits.requestMs ? oldest : undefined
  }

  #lose(how: string): void {
    this.end(awayFault(this.where, this.#lastError ?? how))
  }
}

interface Asked {
  readonly command: RedisCommand
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: Error) => void
}

type Answer = readonly [error: Error | null, reply: unknown]

interface Batch {
  readonly asked: readonly Asked[]
  readonly sentAt: number
}

function packageOptions({ address, tls, limits }: RedisConnectionOptions): RedisOptions {
  const { endpoints, primaryName } = address
  const security = address.tls ? { tls: tlsOptions(tls) } : {}
  return {
    ...(primaryName === undefined ? endpoints[0] : sentinelOptions(address, primaryName, limits)),
    ...security,
    ...(address.tls && primaryName !== undefined ? { sentinelTLS: tlsOptions(tls), enableTLSForSentinelMode: true } : {}),
    lazyConnect: true,
    connectTimeout: limits.connectMs,
    retryStrategy: null,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // The login and the look at the server's state are ours, with clear words for what is wrong.
    enableReadyCheck: false,
    disableClientInfo: true,
    protocol: 2,
  }
}

function sentinelOptions({ endpoints, sentinelUser, sentinelPassword }: RedisAddress, name: string, limits: RedisLimits): RedisOptions {
  return {
    sentinels: endpoints.map(({ host, port }) => ({ host, port })),
    name,
    role: 'master',
    sentinelRetryStrategy: () => null,
    sentinelCommandTimeout: limits.connectMs,
    ...(sentinelUser === undefined ? {} : { sentinelUsername: sentinelUser }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
  }
}

function tlsOptions({ serverName, ...pem }: RedisTls = {}): NonNullable<RedisOptions['tls']> {
  return { ...pem, ...(serverName === undefined ? {} : { servername: serverName }) }
}

/** The package knows bytes only as a Buffer, and would write anything else as text. */
function argument(value: string | number | Uint8Array): string | number | Buffer {
  if (!(value instanceof Uint8Array) || Buffer.isBuffer(value)) return value
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}
