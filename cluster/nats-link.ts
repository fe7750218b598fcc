import { NatsFault } from './nats-fault.ts'
import { type NatsOptions, type NatsServer, parseNatsServer } from './nats-options.ts'
import { dialNats, type NatsConnection, type NatsSubscription, type OnMessage } from './nats.ts'
import type { Reachable } from './reachable.ts'
import type { Timer, World } from './world.ts'

const redialFirstMs = 100
const redialMsMax = 2_000
/** A connection is given up when a ping is not answered until the next one is due: a cable that was pulled says nothing by itself. */
const pingEveryMs = 2_000

/** What a link tells. */
export interface LinkListener {
  /** A new connection stands; subscriptions are already on it. */
  up?(connection: NatsConnection): void
  /** The connection is lost with all that was under way. */
  down?(): void
}

/**
 * A connection to NATS that is made again whenever it is lost, to any of the servers, with subscriptions that outlive it. While there is none,
 * `connection` is undefined and nothing is kept for later: whoever sends knows that it cannot.
 */
export class NatsLink implements Reachable {
  readonly #options: NatsOptions
  readonly #name: string
  readonly #servers: readonly NatsServer[]
  readonly #messageBytesMax: number
  readonly #world: World
  readonly #subscriptions = new Set<LinkSubscription>()
  readonly #listeners = new Set<LinkListener>()
  readonly #pinger: Timer
  #connection: NatsConnection | undefined
  #pinged: NatsConnection | undefined
  #pause: { readonly timer: Timer; end(): void } | undefined
  #closed = false
  #awaySince: number | undefined
  /** Connections that were made after one was lost. */
  reconnects = 0

  private constructor(options: NatsOptions, purpose: string, messageBytesMax: number) {
    this.#options = options
    this.#name = `${options.name} ${purpose}`
    this.#servers = serversOf(options)
    this.#messageBytesMax = messageBytesMax
    this.#world = options.world
    this.#pinger = this.#world.timers.every(pingEveryMs, () => this.#ping())
  }

  /** Resolves when connected, however long that takes. Rejects with a {@link NatsFault} that waiting would not cure, or when the signal says so. */
  static async open(options: NatsOptions, purpose: string, messageBytesMax: number): Promise<NatsLink> {
    const link = new NatsLink(options, purpose, messageBytesMax)
    const { signal } = options
    const stop = (): void => link.close()
    signal?.addEventListener('abort', stop)
    try {
      await link.#connect(true)
      signal?.throwIfAborted()
    } catch (error) {
      link.close()
      throw error
    } finally {
      signal?.removeEventListener('abort', stop)
    }
    return link
  }

  get connection(): NatsConnection | undefined {
    return this.#connection
  }

  get awaySince(): number | undefined {
    return this.#awaySince
  }

  subscribe(subject: string, onMessage: OnMessage): NatsSubscription {
    const subscription: LinkSubscription = { subject, onMessage, current: this.#connection?.subscribe(subject, onMessage) }
    this.#subscriptions.add(subscription)
    return {
      close: () => {
        if (this.#subscriptions.delete(subscription)) subscription.current?.close()
      },
      drain: () => {
        if (this.#subscriptions.delete(subscription)) subscription.current?.drain()
      },
    }
  }

  listen(listener: LinkListener): { close(): void } {
    this.#listeners.add(listener)
    return { close: () => void this.#listeners.delete(listener) }
  }

  /** Resolves when the server has handled what was published before; false if it did not within `ms`, or there is no connection any more. */
  flushed(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.#connection === undefined) return resolve(false)
      const end = (flushed: boolean): void => {
        timer.cancel()
        listening.close()
        resolve(flushed)
      }
      const timer = this.#world.timers.after(ms, () => end(false))
      const listening = this.listen({ down: () => end(false) })
      this.#connection.ping(() => end(true))
    })
  }

  /** Ends the connection at once. No listener is called any more. */
  close(): void {
    this.#closed = true
    this.#pinger.cancel()
    this.#endPause()
    this.#connection?.close()
    this.#connection = undefined
  }

  /** Dials until a connection stands. Only the first time does it give up, when waiting is in vain: a cluster that worked before may work again. */
  async #connect(first: boolean): Promise<void> {
    const { log } = this.#world
    let told = ''
    for (let attempt = 0; !this.#closed; attempt++) {
      if (attempt > 0 || !first) await this.#wait(attempt)
      if (this.#closed) return
      try {
        const connection = await this.#dialAny()
        if (told !== '' || !first) log.info({ connection: this.#name }, `connected to NATS at ${connection.server}`)
        return
      } catch (error) {
        if (this.#closed) return
        if (!(error instanceof NatsFault) || (first && error.code !== 'NATS_AWAY')) throw error
        if (told !== error.message) log.warn({ connection: this.#name }, `${error.message}; waiting for it`)
        told = error.message
      }
    }
  }

  /** Tries each server once, in random order, so that a lost server's clients spread over the others. */
  async #dialAny(): Promise<NatsConnection> {
    const { random } = this.#world
    const order = this.#servers.map((server) => ({ server, at: random.next() })).sort((a, b) => a.at - b.at)
    const faults: NatsFault[] = []
    for (const { server } of order) {
      try {
        return await this.#dial(server)
      } catch (error) {
        if (!(error instanceof NatsFault)) throw error
        faults.push(error)
      }
    }
    // The same whatever the order, for it is told only when it changes.
    const text = faults
      .map(({ message }) => message)
      .sort()
      .join('; ')
    const lasting = faults.find(({ code }) => code !== 'NATS_AWAY')
    throw lasting ?? new NatsFault('NATS_AWAY', text, faults[0])
  }

  async #dial(server: NatsServer): Promise<NatsConnection> {
    const { log } = this.#world
    let made: NatsConnection | undefined = undefined
    let lostAlready = false
    const dialOptions = {
      name: this.#name,
      login: this.#options.login,
      tls: this.#options.tls,
      messageBytesMax: this.#messageBytesMax,
      timers: this.#world.timers,
    }
    const connection = await dialNats(server, dialOptions, {
      lost: (reason) => {
        lostAlready = true
        if (made !== undefined) this.#lost(made, reason)
      },
      leave: (reason) => this.#giveUp(made, reason),
      failed: (what, error) => {
        log.error({ connection: this.#name, server: server.url, ...(error === undefined ? {} : { error }) }, what)
      },
    })
    if (lostAlready || this.#closed) {
      connection.close()
      throw new NatsFault('NATS_AWAY', `NATS at ${server.url} ended the connection at once`)
    }
    made = connection
    this.#stands(connection)
    return connection
  }

  #stands(connection: NatsConnection): void {
    this.#connection = connection
    this.#awaySince = undefined
    for (const subscription of this.#subscriptions) {
      subscription.current = connection.subscribe(subscription.subject, subscription.onMessage)
    }
    for (const listener of this.#listeners) listener.up?.(connection)
  }

  #lost(connection: NatsConnection, reason: string): void {
    if (connection !== this.#connection) return
    this.#connection = undefined
    this.#awaySince = this.#world.clock.monotonic()
    this.reconnects++
    this.#world.log.warn({ connection: this.#name, server: connection.server, reason }, 'the connection to NATS is lost; connecting again')
    for (const subscription of this.#subscriptions) subscription.current = undefined
    for (const listener of this.#listeners) listener.down?.()
    this.#connect(false).catch((error: unknown) => {
      this.#world.log.error({ connection: this.#name, error }, 'the connection to NATS cannot be made again')
    })
  }

  #ping(): void {
    const connection = this.#connection
    if (connection === undefined) return
    if (this.#pinged === connection) return this.#giveUp(connection, `no answer to a ping within ${pingEveryMs} ms`)
    this.#pinged = connection
    connection.ping(() => {
      if (this.#pinged === connection) this.#pinged = undefined
    })
  }

  #giveUp(connection: NatsConnection | undefined, reason: string): void {
    if (connection === undefined) return
    connection.close()
    this.#lost(connection, reason)
  }

  /** Between half and all of what doubles each time, so that not all clients of a lost server come at once. */
  #wait(attempt: number): Promise<void> {
    const { random, timers } = this.#world
    const longest = Math.min(redialMsMax, redialFirstMs * 2 ** Math.min(attempt, 10))
    return new Promise((end) => {
      this.#pause = { timer: timers.after(longest * (0.5 + random.next() / 2), end), end }
    })
  }

  #endPause(): void {
    this.#pause?.timer.cancel()
    this.#pause?.end()
  }
}

interface LinkSubscription {
  readonly subject: string
  readonly onMessage: OnMessage
  /** On the present connection. */
  current: NatsSubscription | undefined
}

function serversOf({ servers }: NatsOptions): readonly NatsServer[] {
  if (servers.length === 0) throw new NatsFault('NATS_UNFIT', 'no NATS server is named')
  return servers.map((url) => {
    const server = parseNatsServer(url)
    // Not the text itself: it may hold a password.
    if (server === undefined) throw new NatsFault('NATS_UNFIT', 'a NATS server has to be named like nats://host:4222 or tls://host:4222')
    return server
  })
}
