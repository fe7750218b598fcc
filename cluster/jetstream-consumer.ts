import type { JetStreamApi } from './jetstream-api.ts'
import { acknowledgement, attemptOf, encodePull } from './jetstream-codec.ts'
import type { NatsLink } from './nats-link.ts'
import type { NatsMessage, NatsSubscription } from './nats.ts'
import type { Consumer, DeadLetter, Delivery } from './queue.ts'
import type { Timer, World } from './world.ts'

/** An unanswered request for orders ends after this, and the next is made. */
const pullMs = 30_000
/** While a request is open the server says this often that it knows of it: a request to a consumer that is gone gets no answer at all. */
const heartbeatMs = 1_000
const silenceMs = 2.5 * heartbeatMs
const recoverFirstMs = 100
const recoverMsMax = 5_000
const drainMs = 2_000

export interface JetStreamConsumerLimits {
  readonly ackMs: number
  readonly ackWaitMs: number
  readonly attemptsMax: number
  readonly backoffMs: number
  readonly backoffMsMax: number
}

export interface JetStreamConsumerParts<T> {
  readonly link: NatsLink
  readonly decode: (bytes: Uint8Array) => { readonly id: string; readonly order: T } | undefined
  readonly api: JetStreamApi
  readonly world: World
  readonly limits: JetStreamConsumerLimits
  readonly stream: string
  /** The name that all workers' consumers share on the server. */
  readonly durable: string
  readonly concurrency: number
  readonly handler: (delivery: Delivery<T>) => Promise<void>
  /** Keeps a dead letter; the order is acknowledged once that has resolved. */
  readonly bury: (letter: DeadLetter<T>) => Promise<void>
  /** Makes the stream and the durable again if the server has lost them. */
  readonly restore: () => Promise<void>
  readonly onClose: () => void
}

/**
 * Asks JetStream for as many orders as there is room, and hands them out. While a handler works, the server is told so every third of `ackWaitMs`: an order
 * whose worker died is handed out again after that time, one whose worker is slow only after `ackMs`.
 */
export class JetStreamConsumer<T> implements Consumer {
  readonly #parts: JetStreamConsumerParts<T>
  readonly #inbox: string
  readonly #subscription: NatsSubscription
  readonly #listening: { close(): void }
  readonly #watch: Timer
  /** Acknowledgements and burials under way. */
  readonly #ends = new Set<Promise<void>>()
  #idle: (() => void)[] = []
  #running = 0
  /** Orders that the open request may still bring. */
  #asked = 0
  #requests = 0
  #heardAt = 0
  #failures = 0
  #recovering: Timer | undefined
  #open = true

  constructor(parts: JetStreamConsumerParts<T>) {
    this.#parts = parts
    this.#inbox = `_INBOX.${parts.world.random.id(16)}`
    this.#subscription = parts.link.subscribe(`${this.#inbox}.*`, (message) => this.#receive(message))
    this.#watch = parts.world.timers.every(heartbeatMs, () => this.#watchSilence())
    this.#listening = parts.link.listen({ up: () => this.#recover(), down: () => void (this.#asked = 0) })
    this.#ask()
  }

  async close(): Promise<void> {
    if (this.#open) {
      this.#open = false
      this.#watch.cancel()
      this.#listening.close()
      this.#recovering?.cancel()
      this.#parts.onClose()
      // What arrives until the server knows that nothing more is wanted goes back to it.
      this.#subscription.drain()
      this.#end(this.#parts.link.flushed(drainMs).then(() => {}))
    }
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#idle.push(resolve)
      })
    }
    await this.settled()
  }

  /** Resolves when the server knows of everything that has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#ends)
  }

  #ask(): void {
    const { api, stream, durable, concurrency, link, world } = this.#parts
    if (!this.#open || this.#asked > 0 || this.#recovering !== undefined || this.#running >= concurrency || link.connection === undefined)
      return
    this.#asked = concurrency - this.#running
    this.#heardAt = world.clock.monotonic()
    api.pull(stream, durable, this.#requestInbox(++this.#requests), encodePull(this.#asked, pullMs, heartbeatMs))
  }

  #askAnew(): void {
    this.#asked = 0
    this.#ask()
  }

  #requestInbox(request: number): string {
    return `${this.#inbox}.${request}`
  }

  #receive(message: NatsMessage): void {
    const { reply = '', headers, subject } = message
    const attempt = attemptOf(reply)
    if (attempt === undefined) {
      if (subject === this.#requestInbox(this.#requests)) this.#hear(headers?.code ?? 0, headers?.description ?? '')
      return
    }
    this.#failures = 0
    this.#heardAt = this.#parts.world.clock.monotonic()
    if (this.#asked > 0) this.#asked--
    // More than was asked for comes when an old request was not dead after all.
    if (!this.#open || this.#running >= this.#parts.concurrency) return this.#parts.api.tell(reply, acknowledgement.again(0))
    this.#receiveOrder(message.data, reply, attempt)
    this.#ask()
  }

  /** What the server says of the open request. */
  #hear(code: number, description: string): void {
    this.#heardAt = this.#parts.world.clock.monotonic()
    if (code === status.heartbeat) {
      this.#failures = 0
      return
    }
    this.#asked = 0
    if (code === status.over || code === status.noMessages) return this.#ask()
    this.#parts.world.log.warn({ code, description }, 'JetStream refuses a request for orders; asking again')
    this.#recover()
  }

  #watchSilence(): void {
    if (this.#asked > 0 && this.#parts.world.clock.monotonic() - this.#heardAt > silenceMs) this.#recover()
  }

  /** The stream, its consumer or JetStream itself may be gone: has them made again and asks anew, more and more slowly. */
  #recover(): void {
    if (!this.#open || this.#recovering !== undefined) return
    const { world, restore } = this.#parts
    const longest = Math.min(recoverMsMax, recoverFirstMs * 2 ** Math.min(this.#failures++, 10))
    this.#recovering = world.timers.after(longest * (0.5 + world.random.next() / 2), () => {
      restore()
        .catch((error: unknown) => world.log.warn({ error }, 'the order queue cannot be made again yet'))
        .finally(() => {
          this.#recovering = undefined
          this.#askAnew()
        })
    })
  }

  #receiveOrder(bytes: Uint8Array, reply: string, attempt: number): void {
    const message = this.#parts.decode(bytes)
    if (message === undefined) return this.#unreadable(reply, attempt)
    if (attempt > this.#parts.limits.attemptsMax) {
      // The worker of the last attempt died, or nobody heard how it ended.
      const letter = { ...message, attempts: attempt - 1, reason: 'handed out too often without an end' }
      return this.#end(this.#bury(letter, reply))
    }
    this.#handOut({ ...message, attempt }, reply).catch((error: unknown) => {
      this.#parts.world.log.error({ error }, 'a delivery of the order queue ended in an error of our own')
    })
  }

  async #handOut(delivery: Delivery<T>, reply: string): Promise<void> {
    const { api, handler, limits, world } = this.#parts
    this.#running++
    let given = true
    /** The first of: the handler ends, the deadline passes. */
    const end = (how: () => Promise<void>): void => {
      if (!given) return
      given = false
      deadline.cancel()
      renewal.cancel()
      this.#left(how())
    }
    const fail = (reason: string): void =>
      end(() => this.#failed({ id: delivery.id, order: delivery.order, attempts: delivery.attempt, reason }, reply))
    const renewal = world.timers.every(limits.ackWaitMs / 3, () => api.tell(reply, acknowledgement.working))
    const deadline = world.timers.after(limits.ackMs, () => fail(`no end within ${limits.ackMs} ms`))
    try {
      await handler(delivery)
    } catch (error) {
      return fail(error instanceof Error ? error.message : String(error))
    }
    // Also when it comes too late: what is done need not be done again.
    if (given) end(() => api.acknowledge(reply, acknowledgement.done))
    else this.#end(api.acknowledge(reply, acknowledgement.done))
  }

  /** A delivery has ended; `end` tells the server. */
  #left(end: Promise<void>): void {
    this.#running--
    this.#end(end)
    if (this.#running === 0) {
      for (const resolve of this.#idle) resolve()
      this.#idle = []
    }
    this.#ask()
  }

  #end(end: Promise<void>): void {
    const { log } = this.#parts.world
    const ended = end
      .catch((error: unknown) => log.warn({ error }, 'the order queue does not hear how a delivery ended; it will hand it out again'))
      .finally(() => this.#ends.delete(ended))
    this.#ends.add(ended)
  }

  #failed(letter: DeadLetter<T>, reply: string): Promise<void> {
    if (letter.attempts >= this.#parts.limits.attemptsMax) return this.#bury(letter, reply)
    return this.#parts.api.acknowledge(reply, acknowledgement.again(this.#backoffMs(letter.attempts)))
  }

  async #bury(letter: DeadLetter<T>, reply: string): Promise<void> {
    await this.#parts.bury(letter)
    await this.#parts.api.acknowledge(reply, acknowledgement.done)
  }

  /** Most likely of a newer version, whose workers will take it. */
  #unreadable(reply: string, attempt: number): void {
    const { api, limits, world } = this.#parts
    const last = attempt >= limits.attemptsMax
    world.log.error({ attempt }, `an order in the queue cannot be read; ${last ? 'it is dropped' : 'left for other workers'}`)
    this.#end(api.acknowledge(reply, last ? acknowledgement.done : acknowledgement.again(this.#backoffMs(attempt))))
  }

  /** Between half and all of what doubles each time, so that orders which failed together do not come back together. */
  #backoffMs(attempt: number): number {
    const { limits, world } = this.#parts
    const longest = Math.min(limits.backoffMsMax, limits.backoffMs * 2 ** (attempt - 1))
    return Math.round(longest * (0.5 + world.random.next() / 2))
  }
}

/** Source: ADR-37 of NATS. */
const status = { heartbeat: 100, noMessages: 404, over: 408 } as const
