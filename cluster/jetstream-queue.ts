import { JetStreamApi } from './jetstream-api.ts'
import { JetStreamRefusal, jetStreamCode, type StreamConfig } from './jetstream-codec.ts'
import { JetStreamConsumer, type JetStreamConsumerLimits } from './jetstream-consumer.ts'
import { NatsFault } from './nats-fault.ts'
import { NatsLink } from './nats-link.ts'
import type { NatsOptions } from './nats-options.ts'
import type { QueueContent, QueueMessages } from './queue-messages.ts'
import { type Consumer, type DeadLetter, type Delivery, type Queue, QueueFault } from './queue.ts'
import { delay, type World } from './world.ts'

export interface JetStreamQueueLimits extends JetStreamConsumerLimits {
  /** Orders that wait, run or back off; one more is refused as `QUEUE_FULL`. */
  readonly ordersMax: number
  /** How long an id is remembered after it was put. */
  readonly dedupeMs: number
  /** A handler that has not ended by then counts as failed, and no longer against `concurrency`. */
  readonly ackMs: number
  /** An order whose worker is not heard of for so long is handed out again. */
  readonly ackWaitMs: number
  /** An order that was handed out this often without an end is a dead letter. */
  readonly attemptsMax: number
  readonly backoffMs: number
  readonly backoffMsMax: number
  /** The oldest go first. */
  readonly deadLettersMax: number
  /** How long JetStream has to answer. */
  readonly requestMs: number
  /** Puts that wait for JetStream's answer; one more is refused as `QUEUE_FULL`. */
  readonly putsMax: number
}

export const jetStreamQueueLimits: JetStreamQueueLimits = {
  ordersMax: 100_000,
  dedupeMs: 120_000,
  ackMs: 30_000,
  ackWaitMs: 15_000,
  attemptsMax: 8,
  backoffMs: 500,
  backoffMsMax: 30_000,
  deadLettersMax: 1000,
  requestMs: 5_000,
  putsMax: 4096,
}

export interface JetStreamOptions extends NatsOptions {
  /** Servers that keep each order; 1 if absent. */
  readonly replicas?: number
  /** With {@link QueueContent.name}, names the streams (`SLUICE_ORDERS` and `SLUICE_ORDERS_DEAD`) and their subjects (`sluice.orders` and `sluice.orders.dead`); `sluice` if absent. */
  readonly prefix?: string
}

const orderBytesMax = 64 * 1024
const lettersAtOnce = 64
const standAgainMs = 500

/**
 * The queue of many processes, in a work-queue stream of JetStream, where `nats stream view` shows it; dead letters lie in a stream of their own. JetStream
 * acknowledges before it has synced (its `sync_interval` is two minutes), so a crash of its machine may take orders: the journal puts them again.
 */
export class JetStreamQueue<T> implements Queue<T> {
  readonly #world: World
  readonly #limits: JetStreamQueueLimits
  readonly #names: Names
  readonly #durable: string
  readonly #messages: QueueMessages<T>
  readonly #replicas: number
  readonly #link: NatsLink
  readonly #api: JetStreamApi
  readonly #consumers = new Set<JetStreamConsumer<T>>()
  #puts = 0
  #restoring: Promise<void> | undefined
  #closed = false

  private constructor(options: JetStreamOptions, content: QueueContent<T>, limits: JetStreamQueueLimits, link: NatsLink) {
    this.#world = options.world
    this.#limits = limits
    this.#names = namesOf(options.prefix ?? 'sluice', content.name)
    this.#durable = content.durable
    this.#messages = content.messages
    this.#replicas = options.replicas ?? 1
    this.#link = link
    this.#api = new JetStreamApi(link, limits.requestMs)
  }

  /**
   * Resolves when the streams stand; says in the log what it waits for. Rejects with a {@link NatsFault} that waiting would not cure, or a
   * {@link QueueFault} if JetStream does not make the streams.
   */
  static async connect<T>(
    options: JetStreamOptions,
    content: QueueContent<T>,
    limits: JetStreamQueueLimits = jetStreamQueueLimits,
  ): Promise<JetStreamQueue<T>> {
    const link = await NatsLink.open(options, content.name, orderBytesMax)
    try {
      const { connection } = link
      if (connection?.jetStream === false) {
        throw new NatsFault(
          'NATS_UNFIT',
          `NATS at ${connection.server} has no JetStream, which keeps the orders; start it with --jetstream`,
        )
      }
      const queue = new JetStreamQueue(options, content, limits, link)
      await queue.#stand(options.signal)
      return queue
    } catch (error) {
      link.close()
      throw error
    }
  }

  async put(id: string, order: T): Promise<void> {
    if (this.#closed) throw closedFault()
    if (this.#puts >= this.#limits.putsMax)
      throw new QueueFault('QUEUE_FULL', `${this.#puts} orders wait for JetStream, which is all it takes`)
    this.#puts++
    try {
      await this.#put(id, this.#messages.encode({ id, order }))
    } catch (error) {
      throw queueFault(error, this.#limits)
    } finally {
      this.#puts--
    }
  }

  consume(concurrency: number, handler: (delivery: Delivery<T>) => Promise<void>): Consumer {
    if (this.#closed) throw closedFault()
    const consumer = new JetStreamConsumer<T>({
      link: this.#link,
      decode: (bytes) => this.#messages.decode(bytes),
      api: this.#api,
      world: this.#world,
      limits: this.#limits,
      stream: this.#names.stream,
      durable: this.#durable,
      concurrency,
      handler,
      bury: (letter) => this.#bury(letter),
      restore: () => this.#restore(),
      onClose: () => this.#consumers.delete(consumer),
    })
    this.#consumers.add(consumer)
    return consumer
  }

  async deadLetters(): Promise<readonly DeadLetter<T>[]> {
    const { deadStream } = this.#names
    try {
      const { firstSeq, lastSeq, messages } = await this.#api.stateOf(deadStream)
      const end = messages === 0 ? firstSeq : lastSeq + 1
      const letters: DeadLetter<T>[] = []
      for (let from = firstSeq; from < end; from += lettersAtOnce) {
        const seqs = Array.from({ length: Math.min(lettersAtOnce, end - from) }, (_, index) => from + index)
        for (const bytes of await Promise.all(seqs.map((seq) => this.#api.message(deadStream, seq)))) {
          const letter = bytes === undefined ? undefined : this.#messages.decodeLetter(bytes)
          if (letter !== undefined) letters.push(letter)
        }
      }
      return letters
    } catch (error) {
      throw queueFault(error, this.#limits)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(Array.from(this.#consumers, (consumer) => consumer.close()))
    this.#link.close()
  }

  async #put(id: string, bytes: Uint8Array): Promise<void> {
    const { subject } = this.#names
    try {
      await this.#api.put(subject, id, bytes)
    } catch (error) {
      if (error instanceof NatsFault && error.code === 'NATS_NOBODY') await this.#restore()
      // What has ended here may not have left the stream yet.
      else if (isFull(error) && this.#consumers.size > 0) await Promise.all(Array.from(this.#consumers, (consumer) => consumer.settled()))
      else throw error
      await this.#api.put(subject, id, bytes)
    }
  }

  async #bury(letter: DeadLetter<T>): Promise<void> {
    const { id, attempts, reason } = letter
    await this.#api.put(this.#names.deadSubject, id, this.#messages.encodeLetter(letter))
    this.#world.log.error({ id, attempts, reason }, 'an order was handed out too often without an end')
  }

  /** A server answers for itself before JetStream does: several of them have to find each other first. */
  async #stand(signal: AbortSignal | undefined): Promise<void> {
    const { log, timers } = this.#world
    for (let told = false; ; told = true) {
      try {
        return await this.#restore()
      } catch (error) {
        if (!isPassing(error) || signal?.aborted === true) throw error
        if (!told) log.warn({ error: String(error) }, 'JetStream does not answer yet; waiting for it')
        await delay(timers, standAgainMs)
      }
    }
  }

  /** Makes what is not there: the first time, and after JetStream has lost everything. */
  #restore(): Promise<void> {
    this.#restoring ??= this.#ensure().finally(() => {
      this.#restoring = undefined
    })
    return this.#restoring
  }

  async #ensure(): Promise<void> {
    const { ordersMax, deadLettersMax, dedupeMs, ackWaitMs } = this.#limits
    const { stream, subject, deadStream, deadSubject } = this.#names
    const both = { dedupeMs, replicas: this.#replicas }
    const orders: StreamConfig = {
      ...both,
      name: stream,
      subjects: [subject],
      retention: 'workqueue',
      discard: 'new',
      messagesMax: ordersMax,
      messageBytesMax: orderBytesMax,
    }
    try {
      await this.#api.ensureStream(orders)
      await this.#api.ensureStream({
        ...orders,
        name: deadStream,
        subjects: [deadSubject],
        retention: 'limits',
        discard: 'old',
        messagesMax: deadLettersMax,
      })
      await this.#api.ensureConsumer(stream, { name: this.#durable, ackWaitMs, unacknowledgedMax: ordersMax })
    } catch (error) {
      throw queueFault(error, this.#limits)
    }
  }
}

interface Names {
  readonly stream: string
  readonly subject: string
  readonly deadStream: string
  readonly deadSubject: string
}

function namesOf(prefix: string, name: string): Names {
  const stream = `${prefix}_${name}`.toUpperCase()
  const subject = `${prefix}.${name}`
  return { stream, subject, deadStream: `${stream}_DEAD`, deadSubject: `${subject}.dead` }
}

function isFull(error: unknown): boolean {
  return error instanceof JetStreamRefusal && error.number === jetStreamCode.streamFull
}

function closedFault(): QueueFault {
  return new QueueFault('QUEUE_CLOSED', 'the queue is closed')
}

function queueFault(error: unknown, { ordersMax }: JetStreamQueueLimits): QueueFault {
  if (error instanceof QueueFault) return error
  if (isFull(error)) return new QueueFault('QUEUE_FULL', `the queue has ${ordersMax} orders, which is all it takes`, error)
  return new QueueFault('QUEUE_FAILED', error instanceof Error ? error.message : String(error), error)
}

/** Nobody answers, or not in time; what it refuses stays refused. */
function isPassing(error: unknown): boolean {
  const fault = error instanceof QueueFault ? error.cause : error
  if (fault instanceof JetStreamRefusal) return fault.number === jetStreamCode.temporarilyAway || fault.number === jetStreamCode.noPeers
  return fault instanceof NatsFault && (fault.code === 'NATS_AWAY' || fault.code === 'NATS_NOBODY')
}
