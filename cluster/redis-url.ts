import { StoreFault } from './store.ts'

/** Where a Redis is found: at its own address, or through Sentinels that know which server is the primary now. */
export interface RedisAddress {
  readonly endpoints: readonly RedisEndpoint[]
  /** Set where the endpoints are Sentinels: the name under which they watch the primary. */
  readonly primaryName: string | undefined
  readonly tls: boolean
  readonly user: string | undefined
  readonly password: string | undefined
  readonly sentinelUser: string | undefined
  readonly sentinelPassword: string | undefined
  readonly database: number
}

export interface RedisEndpoint {
  readonly host: string
  readonly port: number
}

const redisPort = 6379
const sentinelPort = 26379
const form = /^(rediss?)(\+sentinel)?:\/\/(?:([^/?#]*)@)?([^@/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/
const hostAndPort = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/
const knownParameters: ReadonlySet<string> = new Set(['sentinelUser', 'sentinelPassword'])

/**
 * Reads a connection string; a `StoreFault` of one line, which tells no secret, if it is not of one of these forms:
 *
 *     redis://user:password@host:6379/0                      rediss:// and rediss+sentinel:// for TLS
 *     redis+sentinel://user:password@host:26379,host:26379/name/0?sentinelPassword=secret
 */
export function parseRedisUrl(url: string): RedisAddress {
  const [, scheme, sentinel, login, hosts = '', path = '', query = ''] = form.exec(url) ?? []
  if (scheme === undefined) throw malformed('expected redis://host:port or redis+sentinel://host:port,host:port/name')
  const isSentinel = sentinel !== undefined
  const endpoints = hosts.split(',').map((text) => endpointOf(text, isSentinel ? sentinelPort : redisPort))
  if (!isSentinel && endpoints.length > 1) throw malformed('several hosts are for redis+sentinel://')
  const parts = path === '' ? [] : path.split('/').map(decoded)
  const primaryName = isSentinel ? parts.shift() : undefined
  if (isSentinel && (primaryName ?? '') === '') throw malformed('the name of the primary has to follow the Sentinels: /name')
  const [database = '0', ...more] = parts
  if (!/^\d{1,5}$/.test(database) || more.length > 0) throw malformed('the number of the database comes last')
  const parameters = new URLSearchParams(query)
  for (const name of parameters.keys()) if (!knownParameters.has(name)) throw malformed(`there is no parameter ${name}`)
  return {
    endpoints,
    primaryName,
    tls: scheme === 'rediss',
    ...loginOf(login),
    sentinelUser: parameters.get('sentinelUser') ?? undefined,
    sentinelPassword: parameters.get('sentinelPassword') ?? undefined,
    database: Number(database),
  }
}

/** For people to read: without secrets. */
export function describeAddress({ endpoints, primaryName }: RedisAddress): string {
  const hosts = endpoints.map(({ host, port }) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)).join(', ')
  return primaryName === undefined ? hosts : `${primaryName} by Sentinel at ${hosts}`
}

function endpointOf(text: string, defaultPort: number): RedisEndpoint {
  const [, host, port = String(defaultPort)] = hostAndPort.exec(text) ?? []
  if (host === undefined || Number(port) > 65_535 || Number(port) === 0) throw malformed('a host is written host:port')
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}

function loginOf(login: string | undefined): Pick<RedisAddress, 'user' | 'password'> {
  if (login === undefined || login === '') return { user: undefined, password: undefined }
  const colon = login.indexOf(':')
  if (colon === -1) throw malformed('a login is written user:password@, or :password@')
  const user = decoded(login.slice(0, colon))
  return { user: user === '' ? undefined : user, password: decoded(login.slice(colon + 1)) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    throw malformed('a % is followed by two hexadecimal digits', error)
  }
}

function malformed(reason: string, cause?: unknown): StoreFault {
  return new StoreFault('STORE_UNUSABLE', `the URL of Redis is malformed: ${reason}`, cause)
}
