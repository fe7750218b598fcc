import {
  type Answer,
  type ConsumerConfig,
  decodeAnswer,
  encodeConsumer,
  encodeMessageGet,
  encodeStream,
  jetStreamCode,
  JetStreamRefusal,
  messageOf,
  type StreamConfig,
  type StreamState,
  stateOf,
} from './jetstream-codec.ts'
import { NatsFault } from './nats-fault.ts'
import type { NatsLink } from './nats-link.ts'

/** JetStream's requests over a link. They reject with a {@link JetStreamRefusal}, or with a {@link NatsFault}. */
export class JetStreamApi {
  readonly #link: NatsLink
  readonly #timeoutMs: number

  constructor(link: NatsLink, timeoutMs: number) {
    this.#link = link
    this.#timeoutMs = timeoutMs
  }

  /** Makes the stream, or gives one of its name these settings. */
  async ensureStream(config: StreamConfig): Promise<void> {
    try {
      await this.#ask(`STREAM.CREATE.${config.name}`, encodeStream(config))
    } catch (error) {
      if (!(error instanceof JetStreamRefusal) || error.number !== jetStreamCode.streamNameInUse) throw error
      await this.#ask(`STREAM.UPDATE.${config.name}`, encodeStream(config))
    }
  }

  /** Makes the consumer, or gives one of its name these settings. */
  async ensureConsumer(stream: string, config: ConsumerConfig): Promise<void> {
    await this.#ask(`CONSUMER.DURABLE.CREATE.${stream}.${config.name}`, encodeConsumer(stream, config))
  }

  async stateOf(stream: string): Promise<StreamState> {
    return stateOf(await this.#ask(`STREAM.INFO.${stream}`, new Uint8Array(0)))
  }

  /** Undefined if the stream does not have it any more. */
  async message(stream: string, seq: number): Promise<Uint8Array | undefined> {
    try {
      return messageOf(await this.#ask(`STREAM.MSG.GET.${stream}`, encodeMessageGet(seq)))
    } catch (error) {
      if (error instanceof JetStreamRefusal && error.number === jetStreamCode.messageNotFound) return undefined
      throw error
    }
  }

  /** Resolves when the stream of the subject has the message, or had its id not long ago. */
  async put(subject: string, id: string, bytes: Uint8Array): Promise<void> {
    await this.#request(subject, bytes, id)
  }

  /** Resolves when the server has noted what a worker says to a delivery. */
  async acknowledge(reply: string, what: Uint8Array): Promise<void> {
    await this.#connection().request(reply, what, { timeoutMs: this.#timeoutMs })
  }

  /** Tells it without waiting. */
  tell(reply: string, what: Uint8Array): void {
    this.#link.connection?.publish(reply, what)
  }

  /** Asks for up to `batch` messages, which then come to whoever subscribed to `inbox`. */
  pull(stream: string, consumer: string, inbox: string, request: Uint8Array): void {
    this.#link.connection?.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, request, inbox)
  }

  #ask(what: string, body: Uint8Array): Promise<Answer> {
    return this.#request(`$JS.API.${what}`, body)
  }

  async #request(subject: string, body: Uint8Array, messageId?: string): Promise<Answer> {
    const timeoutMs = this.#timeoutMs
    const { data } = await this.#connection().request(subject, body, messageId === undefined ? { timeoutMs } : { timeoutMs, messageId })
    return decodeAnswer(data)
  }

  #connection(): NonNullable<NatsLink['connection']> {
    const { connection } = this.#link
    if (connection === undefined) throw new NatsFault('NATS_AWAY', 'the connection to NATS is down')
    return connection
  }
}
