import { z } from 'zod'
import {
  choice,
  durability,
  file,
  folder,
  header,
  host,
  integer,
  networks,
  origin,
  port,
  secret,
  serverUrl,
  type SettingInfo,
  settingInfo,
  share,
} from './setting-kinds.ts'

const kibi = 1024
const mebi = 1024 * kibi

/**
 * Every setting of a node, in the order of the help. The name gives the flag and the variable: `webPort` is `--web-port` and `SLUICE_WEB_PORT`.
 */
export const settingsSchema = z.strictObject({
  dataFolder: folder('Storage', './sluice-data', 'where journals, snapshots and secrets are kept, but for a cluster; one node at a time'),
  shards: integer(
    'Storage',
    'count',
    64,
    1,
    1024,
    'inventory shards, and as many session shards; fixed when the data folder or the cluster is created',
  ),
  durability: durability(
    'Storage',
    'fsync: synced before anything is answered; everysec: a crash of the machine may lose the last seconds of answered work; replicas=n, in a cluster: in the memory of n replicas of Redis',
  ),
  archiveDays: integer('Storage', 'days', 30, 0, 3650, 'how long trimmed journal records stay readable'),
  auditDays: integer('Storage', 'days', 365, 1, 36_500, 'how long the audit log keeps what an operator did'),
  auditEntriesMax: integer('Storage', 'entries', 20_000, 100, 400_000, 'most that the audit log keeps; the oldest go first'),
  snapshotEveryBytes: integer('Storage', 'bytes', 64 * mebi, 64 * kibi, 4096 * mebi, 'journal written by a shard between two snapshots'),

  role: choice(
    'Cluster',
    ['all', 'gateway', 'actors', 'orders'],
    'all',
    'what this process does: gateway lets clients in, actors decide, orders takes payments',
  ),
  natsUrl: serverUrl(
    'Cluster',
    /^(nats|tls):\/\/[^,\s]+(,(nats|tls):\/\/[^,\s]+)*$/,
    'nats://host:4222 or tls://host:4222, with commas between several',
    'NATS between the processes of a cluster; needs redisUrl',
  ),
  natsCaFile: file('Cluster', 'authorities (PEM) that vouch for NATS, besides those of the system'),
  natsCertFile: file('Cluster', 'certificate (PEM) that shows NATS who this is'),
  natsKeyFile: file('Cluster', 'key (PEM) of natsCertFile'),
  natsCredentialsFile: file('Cluster', 'login at NATS, as a .creds file'),
  redisUrl: serverUrl(
    'Cluster',
    /^rediss?(\+sentinel)?:\/\/\S+$/,
    'redis://host:6379 or redis+sentinel://host:26379,host:26379/name (rediss for TLS)',
    'Redis below a cluster; needs natsUrl',
  ),
  redisCaFile: file('Cluster', 'authorities (PEM) that vouch for Redis, instead of those of the system'),
  redisCertFile: file('Cluster', 'certificate (PEM) that shows Redis who this is'),
  redisKeyFile: file('Cluster', 'key (PEM) of redisCertFile'),
  leaseMs: integer(
    'Cluster',
    'ms',
    3_000,
    500,
    60_000,
    'time after which the shards of a dead process are taken over; the same everywhere',
  ),
  queueReplicas: integer('Cluster', 'count', 1, 1, 5, 'servers of a NATS cluster that keep the orders under way'),

  host: host('Network', '127.0.0.1', 'address of the web port: the page, HTTP and WebSocket'),
  webPort: port('Network', 7080, 'page, HTTP and WebSocket'),
  rpcHost: host('Network', '127.0.0.1', 'address of the RPC port; on loopback it may be used without a key'),
  rpcPort: port('Network', 7082, 'msgpack-RPC'),
  opsHost: host('Network', '127.0.0.1', 'address of the ops port, which asks for no key for what it only tells'),
  opsPort: port(
    'Network',
    7081,
    '/metrics, /healthz and /readyz; where clients are let in also the console, where orders are paid also dead orders and webhooks',
  ),
  console: choice(
    'Network',
    ['yes', 'no'],
    'yes',
    'the console on the ops port of a process that lets clients in; it asks for the key of the operators, on loopback too',
  ),
  shareWebPort: choice(
    'Network',
    ['no', 'yes'],
    'no',
    'yes: several gateways of this machine listen on one web port, and the system spreads clients over them',
  ),
  assetOrigin: origin(
    'Network',
    'where browsers get scripts, styles and pictures of the page: a CDN that takes them from the web port (docs/edge.md); from there itself by default',
  ),
  tlsCertFile: file('Network', 'certificate (PEM) of the web and RPC ports, which then speak TLS'),
  tlsKeyFile: file('Network', 'key (PEM) of tlsCertFile'),

  jwtSecret: secret('Identity', 32, 'verifies the tokens of users (HS256)'),
  backendKey: secret('Identity', 16, 'key of the services of the shop'),
  operatorKey: secret('Identity', 16, 'key of the operators'),
  drawKey: secret('Identity', 32, 'seals the secret seeds of draws in the journal; the same for gateways and actor nodes'),
  trustUserHeader: header('Identity', 'header in which an authenticating proxy names the user; none by default'),
  trustedProxies: networks('Identity', 'proxies whose user header and X-Forwarded-For are believed, with commas between; none by default'),

  callDeadlineMs: integer('Limits', 'ms', 10_000, 100, 600_000, 'time after which a call is answered TIMEOUT'),
  mailboxBytesMax: integer('Limits', 'bytes', 8 * mebi, mebi, 1024 * mebi, 'most that wait for one shard; further calls are answered BUSY'),
  pendingMax: integer('Limits', 'calls', 262_144, 1, 4_194_304, 'most that wait for the answer of a shard; further ones are answered BUSY'),
  overloadLatencyMs: integer(
    'Limits',
    'ms',
    250,
    0,
    60_000,
    'a shard of which every call takes longer for a while is overloaded, and gets no more than it answers at once; newcomers are then refused first; 0: shards are not looked after',
  ),
  shardCallsMax: integer(
    'Limits',
    'calls',
    65_536,
    4,
    4_194_304,
    'most calls of this gateway that wait for one shard, also while it is not overloaded; further ones are answered BUSY',
  ),
  connectionsMax: integer('Limits', 'count', 100_000, 1, 1_000_000, 'most connections, all together'),
  connectionsPerAddressMax: integer('Limits', 'count', 1_000, 1, 1_000_000, 'most connections from one address'),
  handshakeRatePerSecond: integer('Limits', 'count/s', 10_000, 1, 10_000_000, 'new connections, all together, over time'),
  handshakeBurst: integer('Limits', 'count', 20_000, 1, 10_000_000, 'new connections at once, all together, after a rest'),
  addressHandshakeRatePerSecond: integer('Limits', 'count/s', 500, 1, 10_000_000, 'new connections from one address, over time'),
  addressHandshakeBurst: integer('Limits', 'count', 2_000, 1, 10_000_000, 'new connections from one address at once, after a rest'),
  addressesMax: integer(
    'Limits',
    'count',
    200_000,
    1_000,
    10_000_000,
    'addresses, and users, of which each is counted by itself; those that come when all are in use share one count',
  ),
  sharedNetworks: networks(
    'Limits',
    'networks in which many people share an address, as those of carriers do, with commas between; none by default',
  ),
  sharedNetworkTimes: integer(
    'Limits',
    'times',
    10,
    1,
    10_000,
    'how many times the connections, handshakes and calls of an address one of sharedNetworks may have',
  ),
  perConnectionInFlightMax: integer('Limits', 'calls', 1_024, 1, 65_536, 'most of one connection that wait for an answer'),
  addressRatePerSecond: integer('Limits', 'calls/s', 2_000, 1, 10_000_000, 'from one address, over time'),
  addressBurst: integer('Limits', 'calls', 4_000, 1, 10_000_000, 'from one address at once, after a rest'),
  userRatePerSecond: integer('Limits', 'calls/s', 20, 1, 10_000_000, 'of one user, over time'),
  userBurst: integer('Limits', 'calls', 40, 1, 10_000_000, 'of one user at once, after a rest'),
  admitPerSecond: integer(
    'Limits',
    'buys/s',
    0,
    0,
    10_000_000,
    'calls of buy that all gateways together let in per second, of people who have no claim; 0: all; the same everywhere',
  ),
  challengeAbovePerSecond: integer(
    'Limits',
    'buys/s',
    0,
    0,
    10_000_000,
    'of one SKU at this gateway, above which buyers have to show a proof of work; 0 for never',
  ),
  challengeSteps: integer(
    'Limits',
    'hashes',
    20_000,
    1,
    100_000_000,
    'most that a proof of work takes while a SKU is just hot: half of it on average; up to 8 times as much when it is hotter',
  ),
  challengeServices: choice('Limits', ['yes', 'no'], 'no', 'whether services have to show proofs of work for their users too'),
  frameRatePerSecond: integer('Limits', 'frames/s', 200, 1, 10_000_000, 'from one WebSocket of a user, over time'),
  frameBurst: integer('Limits', 'frames', 1_000, 1, 10_000_000, 'from one WebSocket of a user at once, after a rest'),
  wsFrameBytesMax: integer('Limits', 'bytes', 4 * kibi, 256, mebi, 'largest WebSocket frame'),
  rpcFrameBytesMax: integer('Limits', 'bytes', 64 * kibi, 256, mebi, 'largest RPC message'),
  httpBodyBytesMax: integer('Limits', 'bytes', 64 * kibi, 256, mebi, 'largest body of an HTTP call'),
  backpressureBytesMax: integer(
    'Limits',
    'bytes',
    64 * kibi,
    kibi,
    64 * mebi,
    'most that a client may leave unread before its connection is closed',
  ),
  lineFrameBudgetPerSecond: integer('Limits', 'frames/s', 20_000, 100, 10_000_000, 'most places in line told to clients'),
  idleTimeoutSeconds: integer('Limits', 's', 120, 8, 960, 'silence after which a connection is closed'),

  tickMs: integer('Timing', 'ms', 100, 10, 10_000, 'time between two broadcasts of stock and line'),
  attachEveryMs: integer(
    'Timing',
    'ms',
    120_000,
    1_000,
    86_400_000,
    'time in which the session of each connected user hears again where that user is',
  ),
  drainSeconds: integer('Timing', 's', 5, 0, 600, 'time that clients get to move elsewhere when the node stops'),

  reindexHours: integer(
    'Catalogue',
    'h',
    24,
    0,
    8_760,
    'time after which the search index of the catalogue is made anew, in the next minute with little traffic; 0 for never',
  ),
  elasticUrl: serverUrl(
    'Catalogue',
    /^https?:\/\/[^,\s?#@]+(,https?:\/\/[^,\s?#@]+)*$/,
    'https://host:9200, with commas between several',
    'Elasticsearch, which is then searched instead of the index in memory; that answers while it is away',
  ),
  elasticKey: secret('Catalogue', 16, 'API key for Elasticsearch', 'none'),
  elasticCaFile: file('Catalogue', 'authorities (PEM) that vouch for Elasticsearch, instead of those of the system'),

  paymentProvider: choice(
    'Payment',
    ['simulated', 'http'],
    'simulated',
    'who takes the money: simulated moves none; http is a server that speaks docs/payment-provider.md',
  ),
  paymentUrl: serverUrl('Payment', /^https?:\/\/[^\s?#@]+$/, 'https://payments.shop.example/sluice', 'where the http provider listens'),
  paymentSecret: secret('Payment', 32, 'signs requests to the http provider, and its webhooks', 'none'),
  paymentConcurrency: integer('Payment', 'count', 64, 1, 10_000, 'most payments under way at a time'),
  paymentDeadlineMs: integer(
    'Payment',
    'ms',
    10_000,
    100,
    60_000,
    'time for one answer of the payment provider; after that the outcome is unknown, and asked for',
  ),
  simulatedDeclineShare: share('Payment', 0, 'share of payments that the simulated provider declines'),
  simulatedDelayMs: integer('Payment', 'ms', 300, 0, 60_000, 'time that the simulated provider takes for a payment'),

  officeUrl: serverUrl(
    'Back office',
    /^https?:\/\/[^\s?#@]+$/,
    'https://office.shop.example/sluice/orders',
    'where orders that have ended are told of (docs/back-office.md); the same in processes with the roles actors and orders; none by default',
  ),
  officeStream: choice(
    'Back office',
    ['no', 'yes'],
    'no',
    'yes, in a cluster: instead of being posted, orders that have ended go into a stream of JetStream from which the shop takes them; the same in processes with the roles actors and orders',
  ),
  officeSecret: secret('Back office', 32, 'signs what the back office is told', 'none'),
  officeConcurrency: integer('Back office', 'count', 16, 1, 1_000, 'most requests to the back office under way at a time'),
  officeDeadlineMs: integer(
    'Back office',
    'ms',
    10_000,
    100,
    20_000,
    'time for one answer of the back office; after that it is told again, later',
  ),
  officeLateMs: integer(
    'Back office',
    'ms',
    4 * 3_600_000,
    1_000,
    30 * 86_400_000,
    'time after which an order that the back office does not have is listed as dead',
  ),

  logLevel: choice('Log', ['debug', 'info', 'warn', 'error'], 'info', 'least important lines that are written'),
})

export type Settings = Readonly<z.output<typeof settingsSchema>>

/** The name of each setting with what is known of it. */
export function listSettings(): readonly (SettingInfo & { readonly name: string })[] {
  return Object.entries(settingsSchema.shape).map(([name, schema]) => {
    const info = settingInfo.get(schema)
    if (info === undefined) throw new Error(`the setting ${name} is not described`)
    return { name, ...info }
  })
}

/** `webPort` is `--web-port`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** `webPort` is `SLUICE_WEB_PORT`. */
export function variableOf(name: string): string {
  return `SLUICE_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}
