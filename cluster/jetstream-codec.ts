/**
 * What JetStream's requests and answers look like: JSON with durations in nanoseconds. Source: the API reference of NATS (ADR-1 and the schemas
 * `io.nats.jetstream.api.v1.*`).
 */
export interface StreamConfig {
  readonly name: string
  readonly subjects: readonly string[]
  /** `workqueue`: a message goes away when it is acknowledged. */
  readonly retention: 'workqueue' | 'limits'
  /** What gives way when the stream is full. */
  readonly discard: 'new' | 'old'
  readonly messagesMax: number
  readonly messageBytesMax: number
  readonly dedupeMs: number
  readonly replicas: number
}

export interface ConsumerConfig {
  readonly name: string
  readonly ackWaitMs: number
  readonly unacknowledgedMax: number
}

export interface StreamState {
  readonly messages: number
  readonly firstSeq: number
  readonly lastSeq: number
}

/** JetStream's own refusal of a request. */
export class JetStreamRefusal extends Error {
  /** One of {@link jetStreamCode}, or another. Source: the server's `errors.json`. */
  readonly number: number

  constructor(number: number, description: string) {
    super(`JetStream says: ${description}`)
    this.number = number
  }
}

export const jetStreamCode = {
  noPeers: 10_005,
  temporarilyAway: 10_008,
  streamNotFound: 10_059,
  streamFull: 10_077,
  messageNotFound: 10_037,
  streamNameInUse: 10_058,
} as const

export function encodeStream(config: StreamConfig): Uint8Array {
  return encode({
    name: config.name,
    subjects: config.subjects,
    retention: config.retention,
    storage: 'file',
    discard: config.discard,
    max_msgs: config.messagesMax,
    max_msg_size: config.messageBytesMax,
    max_bytes: -1,
    max_age: 0,
    max_consumers: -1,
    duplicate_window: nanoseconds(config.dedupeMs),
    num_replicas: config.replicas,
  })
}

/** Delivers without end: who consumes counts the attempts, for a message that the server gave up would lie in the stream with nobody to tell. */
export function encodeConsumer(stream: string, config: ConsumerConfig): Uint8Array {
  return encode({
    stream_name: stream,
    config: {
      durable_name: config.name,
      ack_policy: 'explicit',
      deliver_policy: 'all',
      replay_policy: 'instant',
      ack_wait: nanoseconds(config.ackWaitMs),
      max_deliver: -1,
      max_ack_pending: config.unacknowledgedMax,
    },
  })
}

export function encodePull(batch: number, expiresMs: number, heartbeatMs: number): Uint8Array {
  return encode({ batch, expires: nanoseconds(expiresMs), idle_heartbeat: nanoseconds(heartbeatMs) })
}

export function encodeMessageGet(seq: number): Uint8Array {
  return encode({ seq })
}

/** What a worker says to a delivery. */
export const acknowledgement = {
  done: Buffer.from('+ACK'),
  working: Buffer.from('+WPI'),
  again: (afterMs: number): Uint8Array => Buffer.from(`-NAK {"delay":${nanoseconds(afterMs)}}`),
} as const

/** How often a message was handed out, from the subject that its acknowledgement goes to; undefined if that is none. */
export function attemptOf(reply: string): number | undefined {
  const words = reply.split('.')
  if (words[0] !== '$JS' || words[1] !== 'ACK') return undefined
  // $JS.ACK.stream.consumer.attempt.(four more), and from some server version on with a domain and an account before the stream.
  const attempt = Number(words[words.length === 9 ? 4 : 6])
  return Number.isSafeInteger(attempt) && attempt > 0 ? attempt : undefined
}

/** Reads an answer. Throws the {@link JetStreamRefusal} that it may be. */
export function decodeAnswer(bytes: Uint8Array): Answer {
  const answer = JSON.parse(Buffer.from(bytes).toString()) as Answer
  const { error } = answer
  if (error !== undefined) throw new JetStreamRefusal(error.err_code ?? error.code, error.description ?? 'no reason')
  return answer
}

export function stateOf({ state }: Answer): StreamState {
  if (state === undefined) throw new Error('JetStream told nothing of the state of a stream')
  return { messages: state.messages, firstSeq: state.first_seq, lastSeq: state.last_seq }
}

export function messageOf({ message }: Answer): Uint8Array {
  return Buffer.from(message?.data ?? '', 'base64')
}

/** Those fields of answers that are used. */
export interface Answer {
  readonly error?: { readonly code: number; readonly err_code?: number; readonly description?: string }
  readonly state?: { readonly messages: number; readonly first_seq: number; readonly last_seq: number }
  readonly message?: { readonly data?: string }
}

function encode(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

function nanoseconds(ms: number): number {
  return Math.round(ms * 1e6)
}
