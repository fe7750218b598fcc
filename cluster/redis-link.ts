import type { Reachable } from './reachable.ts'
import { asStoreFault, awayFault, isUnknownScript } from './redis-faults.ts'
import { describeAddress, type RedisAddress } from './redis-url.ts'
import { type RedisCommand, RedisConnection, type RedisConnectionOptions } from './redis.ts'
import { StoreFault } from './store.ts'
import type { Timer, World } from './world.ts'

export interface RedisLinkOptions extends RedisConnectionOptions {
  /** Looks at the server of every new connection before anything else is asked of it; rejects if it cannot be used, or not yet. */
  readonly check: (connection: RedisConnection) => Promise<void>
}

const retryMsMin = 50
const retryMsMax = 2000
/** While Redis is away it is said again so often, at most. */
const sayAgainMs = 30_000

/**
 * Keeps one connection to Redis: a new one as soon as the one before has ended. Nothing is kept for later or sent twice: what is asked while there is
 * no connection fails at once. Where Sentinels are asked, another of them comes first each time.
 */
export class RedisLink implements Reachable {
  readonly where: string
  readonly #options: RedisLinkOptions
  readonly #world: World
  readonly #kept: Promise<void>
  /** The newest, which may not be there yet. */
  #newest: RedisConnection | undefined
  /** The newest once it can be used. */
  #connection: RedisConnection | undefined
  #lastFault: StoreFault
  #pause: Pause | undefined
  #isClosing = false
  /** Connections that ended and were made again. */
  reconnects = 0
  #awaySince: number | undefined
  /** When it was last said that Redis is away; undefined while it is there. */
  #saidAwayAt: number | undefined
  #first: FirstConnection | undefined

  private constructor(options: RedisLinkOptions, first: FirstConnection) {
    this.where = describeAddress(options.address)
    this.#options = options
    this.#world = options.world
    this.#first = first
    this.#lastFault = awayFault(this.where, 'there was no connection yet')
    this.#kept = this.#keep()
  }

  /**
   * Resolves when the first connection is there, however long Redis takes to come. Rejects with a `StoreFault` if it can never be used as it is, or
   * when `signal` says that nobody waits any more.
   */
  static async open(options: RedisLinkOptions, signal?: AbortSignal): Promise<RedisLink> {
    let giveUp: () => void = () => {}
    let link: RedisLink | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        link = new RedisLink(options, { resolve, reject })
        const { where } = link
        giveUp = () => reject(awayFault(where, 'nobody waits for it any more'))
        if (signal?.aborted === true) giveUp()
        else signal?.addEventListener('abort', giveUp)
      })
    } catch (error) {
      await link?.close()
      throw error
    } finally {
      signal?.removeEventListener('abort', giveUp)
    }
    if (link === undefined) throw new Error('a link that was never made')
    return link
  }

  get name(): string {
    return this.#options.name
  }

  get awaySince(): number | undefined {
    return this.#awaySince
  }

  /** As {@link RedisConnection.send}, but a refusal is a `StoreFault` too, unless it only says that a script is unknown. */
  send(command: RedisCommand): Promise<unknown> {
    return this.#sendOn(this.#connection, command)
  }

  /** Sends all of them on one connection, with nothing in between, and tells what came of each. */
  sendAll(commands: readonly RedisCommand[]): Promise<PromiseSettledResult<unknown>[]> {
    const connection = this.#connection
    return Promise.allSettled(commands.map((command) => this.#sendOn(connection, command)))
  }

  async close(): Promise<void> {
    this.#isClosing = true
    this.#lastFault = new StoreFault('STORE_CLOSED', 'the store is closed')
    this.#newest?.end(this.#lastFault)
    this.#pause?.end()
    await this.#kept
  }

  #sendOn(connection: RedisConnection | undefined, command: RedisCommand): Promise<unknown> {
    if (connection === undefined) return Promise.reject(this.#lastFault)
    return connection.send(command).catch((error: unknown) => {
      throw isUnknownScript(error) ? error : asStoreFault(error, this.where)
    })
  }

  async #keep(): Promise<void> {
    for (let failures = 0; !this.#isClosing;) {
      try {
        const connection = await this.#connect(failures)
        failures = 0
        this.#use(connection)
        this.#lost(await connection.ended)
      } catch (error) {
        const fault = asStoreFault(error, this.where)
        if (this.#first !== undefined && fault.code === 'STORE_UNUSABLE') return this.#first.reject(fault)
        this.#lost(fault)
        failures++
      }
      if (!this.#isClosing) await this.#rest(failures)
    }
  }

  async #connect(failures: number): Promise<RedisConnection> {
    const { address, check } = this.#options
    const connection = new RedisConnection({ ...this.#options, address: turned(address, failures) })
    this.#newest = connection
    await connection.connect()
    try {
      await check(connection)
    } catch (error) {
      const fault = asStoreFault(error, this.where)
      connection.end(fault)
      throw fault
    }
    return connection
  }

  #use(connection: RedisConnection): void {
    this.#connection = connection
    if (this.#awaySince !== undefined && this.#first === undefined) this.reconnects++
    this.#awaySince = undefined
    if (this.#saidAwayAt !== undefined) this.#world.log.info({ redis: this.where, link: this.#options.name }, 'Redis is there again')
    this.#saidAwayAt = undefined
    this.#first?.resolve()
    this.#first = undefined
  }

  #lost(fault: StoreFault): void {
    this.#connection = undefined
    if (this.#isClosing) return
    const now = this.#world.clock.monotonic()
    this.#awaySince ??= now
    const changed = fault.message !== this.#lastFault.message
    this.#lastFault = fault
    if (!changed && this.#saidAwayAt !== undefined && now - this.#saidAwayAt < sayAgainMs) return
    this.#saidAwayAt = now
    this.#world.log.warn({ redis: this.where, link: this.#options.name, reason: fault.message }, 'waiting for Redis')
  }

  /** Longer after each failure, and each time by another part, so that the nodes of a cluster do not come back all at once. */
  #rest(failures: number): Promise<void> {
    const most = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(failures, 10))
    this.#pause = new Pause(this.#world, most * (0.5 + this.#world.random.next() / 2))
    return this.#pause.ended
  }
}

interface FirstConnection {
  readonly resolve: () => void
  readonly reject: (fault: StoreFault) => void
}

/** A wait that can be cut short. */
class Pause {
  readonly ended: Promise<void>
  readonly #timer: Timer
  #tell: () => void = () => {}

  constructor(world: World, ms: number) {
    this.ended = new Promise((resolve) => {
      this.#tell = resolve
    })
    this.#timer = world.timers.after(ms, this.#tell)
  }

  end(): void {
    this.#timer.cancel()
    this.#tell()
  }
}

function turned(address: RedisAddress, by: number): RedisAddress {
  const { endpoints } = address
  const from = by % endpoints.length
  return { ...address, endpoints: [...endpoints.slice(from), ...endpoints.slice(0, from)] }
}
