import { type NatsConnection as Client, type ConnectionOptions, connect, credsAuthenticator, Events, headers } from 'nats'
import { dialFault, NatsFault, requestFault } from './nats-fault.ts'
import type { NatsLogin, NatsServer, NatsTls } from './nats-options.ts'
import type { Timers } from './world.ts'

/**
 * One connection to a NATS server, for as long as it lasts: the only file that knows the `nats` package. What of the package is not used, and why:
 *
 * - Its reconnecting. It drops what waits to be sent without a word, lets it grow without a bound while no server is there, and cannot leave a link that
 *   is dead on the other side: it first waits for a write on it. `NatsLink` makes a new connection instead.
 * - Its iterators, which buffer without a bound; all messages come by callback. One that throws would end the package's reader, so none may.
 * - Its JetStream clients, which are iterators bound to one connection. `jetstream-api.ts` speaks the same requests.
 *
 * And one thing is done for it: closing takes its listeners from the socket, so that an error which the socket is about to tell (something was written
 * after the server's end) would end the process. It is closed a turn of the event loop later, with nothing written in between.
 */
export interface NatsConnection {
  readonly server: string
  readonly version: string
  /** Whether the server has JetStream, for this login. */
  readonly jetStream: boolean
  /** Keeps a reference to the bytes until the event loop comes round. */
  publish(subject: string, bytes: Uint8Array, reply?: string): void
  subscribe(subject: string, onMessage: OnMessage): NatsSubscription
  /** Resolves with one answer; rejects with a {@link NatsFault} when there is none in time, nobody is there, or the connection is lost. */
  request(subject: string, bytes: Uint8Array, request: NatsRequest): Promise<NatsMessage>
  /** Calls `onPong` when the server has handled all that was published before; never, if the connection is lost. */
  ping(onPong: () => void): void
  /** Ends the connection at once; what waits to be sent is lost. */
  close(): void
}

export interface NatsRequest {
  readonly timeoutMs: number
  /** JetStream takes two messages with the same id once. */
  readonly messageId?: string
}

/** Bytes and texts are valid during the call only. */
export interface NatsMessage {
  readonly subject: string
  readonly reply?: string
  readonly data: Uint8Array
  /** With a `code` other than 0 the server itself speaks, as in HTTP: 503 when nobody is there. */
  readonly headers?: { readonly code: number; readonly description: string }
}

export type OnMessage = (message: NatsMessage) => void

export interface NatsSubscription {
  /** Nothing is delivered after this. */
  close(): void
  /** Tells the server that no more is wanted; what is on its way still comes. */
  drain(): void
}

/** What a connection tells by itself. */
export interface NatsEvents {
  /** Once, when the connection has ended for whatever reason. */
  lost(reason: string): void
  /** The server asks its clients to go to others. */
  leave(reason: string): void
  /** The server refused something, or a callback threw. */
  failed(what: string, error?: unknown): void
}

export interface DialOptions {
  readonly name: string
  readonly login: NatsLogin | undefined
  readonly tls: NatsTls | undefined
  /** The largest message that has to pass. */
  readonly messageBytesMax: number
  readonly timers: Pick<Timers, 'soon'>
}

const dialTimeoutMs = 5_000
/** The oldest server that the tests run on; JetStream's requests to create a consumer need it too. */
const oldestVersion = [2, 9] as const

/** Connects to one server. Rejects with a {@link NatsFault}. */
export async function dialNats(server: NatsServer, options: DialOptions, events: NatsEvents): Promise<NatsConnection> {
  let client: Client
  try {
    client = await connect(clientOptions(server, options))
  } catch (error) {
    throw dialFault(server.url, error)
  }
  const fault = unfitness(client, server, options)
  if (fault !== undefined) {
    await client.close()
    throw fault
  }
  listen(client, events)
  return connectionOver(client, server, options.timers, events)
}

function connectionOver(client: Client, server: NatsServer, timers: DialOptions['timers'], events: NatsEvents): NatsConnection {
  let ended = false
  const canWrite = (): boolean => !ended && !client.isClosed()
  return {
    server: server.url,
    version: client.info?.version ?? '',
    jetStream: client.info?.jetstream === true,
    publish: (subject, bytes, reply) => {
      if (canWrite()) client.publish(subject, bytes, reply === undefined ? {} : { reply })
    },
    subscribe: (subject, onMessage) => {
      const subscription = client.subscribe(subject, {
        callback: (error, message) => {
          // The status tells of an error too.
          if (error !== null || ended) return
          try {
            onMessage(message)
          } catch (thrown) {
            events.failed(`what receives ${subject} threw`, thrown)
          }
        },
      })
      return {
        close: () => {
          if (canWrite()) subscription.unsubscribe()
        },
        drain: () => {
          if (canWrite()) subscription.drain().catch((error: unknown) => events.failed(`draining ${subject} failed`, error))
        },
      }
    },
    request: async (subject, bytes, { timeoutMs, messageId }) => {
      if (!canWrite()) throw new NatsFault('NATS_AWAY', 'the connection to NATS has ended')
      const head = messageId === undefined ? undefined : headers()
      if (messageId !== undefined) head?.set('Nats-Msg-Id', messageId)
      try {
        return await client.request(subject, bytes, { timeout: timeoutMs, ...(head === undefined ? {} : { headers: head }) })
      } catch (error) {
        throw requestFault(subject, error)
      }
    },
    ping: (onPong) => {
      if (canWrite()) client.flush().then(onPong, (error: unknown) => events.failed('a ping failed', error))
    },
    close: () => {
      ended = true
      timers.soon(() => {
        client.close().catch((error: unknown) => events.failed('closing failed', error))
      })
    },
  }
}

function clientOptions(server: NatsServer, { name, login, tls }: DialOptions): ConnectionOptions {
  const secure = tls !== undefined || server.secure
  return {
    servers: `${server.host.includes(':') ? `[${server.host}]` : server.host}:${server.port}`,
    name,
    reconnect: false,
    ignoreClusterUpdates: true,
    timeout: dialTimeoutMs,
    noAsyncTraces: true,
    ...loginOptions(server.login ?? login),
    // `host` is for Node, which the package does not tell whose certificate it should see: of a server by address it would ask for `localhost`.
    ...(secure ? { tls: { ...tls, ...{ host: server.host } } } : {}),
  }
}

function loginOptions(login: NatsLogin | undefined): ConnectionOptions {
  switch (login?.kind) {
    case undefined:
      return {}
    case 'password':
      return { user: login.user, pass: login.password }
    case 'token':
      return { token: login.token }
    case 'credentials':
      return { authenticator: credsAuthenticator(login.credentials) }
  }
}

function unfitness({ info }: Client, { url }: NatsServer, { messageBytesMax }: DialOptions): NatsFault | undefined {
  if (info === undefined) return new NatsFault('NATS_AWAY', `NATS at ${url} did not introduce itself`)
  const [major = 0, minor = 0] = info.version.split('.').map(Number)
  if (major < oldestVersion[0] || (major === oldestVersion[0] && minor < oldestVersion[1])) {
    return new NatsFault('NATS_UNFIT', `NATS at ${url} is version ${info.version}; ${oldestVersion.join('.')} or newer is needed`)
  }
  if (info.max_payload < messageBytesMax) {
    return new NatsFault(
      'NATS_UNFIT',
      `NATS at ${url} takes ${info.max_payload} bytes a message; set its max_payload to ${messageBytesMax} or more`,
    )
  }
  return undefined
}

function listen(client: Client, events: NatsEvents): void {
  const follow = async (): Promise<void> => {
    for await (const { type, data, permissionContext: refused } of client.status()) {
      if (type === Events.Error) {
        const what = refused === undefined ? '' : ` to the ${refused.operation} of ${refused.subject}`
        events.failed(`NATS says ${typeof data === 'string' ? data : 'no'}${what}`)
      } else if (type === Events.LDM) {
        await client.flush()
        events.leave('the server is about to stop')
      }
    }
  }
  follow().catch((error: unknown) => events.failed('the status of the connection ended', error))
  const ended = async (): Promise<void> => {
    const reason = await client.closed()
    events.lost(reason instanceof Error && reason.message !== '' ? reason.message : 'the connection ended')
  }
  ended().catch((error: unknown) => events.failed('the end of the connection', error))
}
