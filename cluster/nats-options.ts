import type { World } from './world.ts'

/** Where NATS is, and who asks. */
export interface NatsOptions {
  /** `nats://host:port` or `tls://host:port`, all of one cluster: what a server tells of others is not followed. */
  readonly servers: readonly string[]
  /** What the server's own listings call this process. */
  readonly name: string
  readonly world: World
  readonly login?: NatsLogin
  /** Connects only by TLS, with these files besides the system's authorities. They are read at each connection, so that they can be replaced. */
  readonly tls?: NatsTls
  /** Ends the wait for a server that is away. */
  readonly signal?: AbortSignal
}

export type NatsLogin =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string }
  /** The contents of a `.creds` file: a JWT and its key. */
  | { readonly kind: 'credentials'; readonly credentials: Uint8Array }

export interface NatsTls {
  readonly caFile?: string
  readonly certFile?: string
  readonly keyFile?: string
}

/** One server to dial. */
export interface NatsServer {
  readonly host: string
  readonly port: number
  /** Asked for by `tls://`. */
  readonly secure: boolean
  /** As it may stand in a log: without user and password. */
  readonly url: string
  /** From the URL itself, as in `nats://user:password@host` or `nats://token@host`. */
  readonly login: NatsLogin | undefined
}

const defaultPort = 4222

/** Reads a server's URL; undefined if it is none. */
export function parseNatsServer(text: string): NatsServer | undefined {
  if (!URL.canParse(text)) return undefined
  const { protocol, hostname, port, username, password, pathname } = new URL(text)
  const secure = protocol === 'tls:'
  if ((protocol !== 'nats:' && !secure) || hostname === '' || !/^\/?$/.test(pathname)) return undefined
  const number = port === '' ? defaultPort : Number(port)
  const host = hostname.replace(/^\[|\]$/g, '')
  return { host, port: number, secure, url: `${protocol}//${hostname}:${number}`, login: loginOf(username, password) }
}

function loginOf(user: string, password: string): NatsLogin | undefined {
  if (user === '') return undefined
  if (password === '') return { kind: 'token', token: decodeURIComponent(user) }
  return { kind: 'password', user: decodeURIComponent(user), password: decodeURIComponent(password) }
}
