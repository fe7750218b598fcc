import { endedContent, officeContent } from '../actors/back-office/office-content.ts'
import type { EndedOrder } from '../actors/inventory/ended-order.ts'
import { JetStreamQueue, jetStreamQueueLimits } from '../cluster/jetstream-queue.ts'
import { NatsBus } from '../cluster/nats-bus.ts'
import type { NatsOptions } from '../cluster/nats-options.ts'
import { orderContent } from '../cluster/order-message-codec.ts'
import type { QueueContent } from '../cluster/queue-messages.ts'
import type { Queue } from '../cluster/queue.ts'
import { agreeOverRedis } from '../cluster/redis-agreement.ts'
import { openRedisMembers } from '../cluster/redis-members.ts'
import { openRedisShared } from '../cluster/redis-shared.ts'
import { openRedisStore } from '../cluster/redis-store.ts'
import { describeAddress, parseRedisUrl } from '../cluster/redis-url.ts'
import type { World } from '../cluster/world.ts'
import { readCertificate, readKeyPair, readSettingFile } from './certificate-files.ts'
import type { Closers } from './closers.ts'
import type { ClusterUrls, Config } from './config.ts'
import { FollowerThread } from './follower-thread.ts'
import type { Metrics } from './metrics.ts'
import type { ActorPorts, NodePorts, SharedPorts } from './node-ports.ts'
import type { Readiness } from './readiness.ts'
import { readRedisTls } from './redis-tls.ts'
import { makeSecrets, secretNames, secretsOf, wholeOf } from './secrets.ts'

/** Ends that wait for the shop; with more they stay with their shards. */
const endedMax = 1_000_000

export interface ClusterPortsParts {
  readonly config: Config
  readonly urls: ClusterUrls
  /** One run of this process, on the bus and among members. */
  readonly node: string
  readonly world: World
  readonly metrics: Metrics
  readonly closers: Closers
  /** Ends the wait for servers that are away. */
  readonly stopping: AbortSignal
  readonly readiness: Readiness
}

/**
 * The ports of one process of a cluster: NATS and Redis, which it waits for. Rejects with a fault of one line if one of them can never be used as it is.
 */
export async function openClusterPorts(parts: ClusterPortsParts): Promise<NodePorts> {
  const { config, urls, node, world, metrics, closers, stopping, readiness } = parts
  const tls = await readRedisTls(config)
  const durability = config.durability
  const shards = { inv: config.shards, ses: config.shards }
  const redis = { url: urls.redisUrl, world, signal: stopping, durability, shards, ...(tls === undefined ? {} : { tls }) }
  const nats = await natsOptions(parts)
  readiness.waitsFor('Redis')
  await agreeOverRedis(redis, new Map())
  readiness.waitsFor('NATS')
  const bus = await NatsBus.connect(nats)
  closers.add(() => bus.close())
  metrics.add(bus)
  readiness.needs('NATS', bus)

  let queue: Promise<Queue> | undefined
  let officeQueue: Promise<Queue<EndedOrder>> | undefined
  const openQueue = async <T>(content: QueueContent<T>, limits = jetStreamQueueLimits): Promise<Queue<T>> => {
    readiness.waitsFor('NATS')
    const opened = await JetStreamQueue.connect({ ...nats, replicas: config.queueReplicas }, content, limits)
    closers.add(() => opened.close())
    return opened
  }
  const openActorPorts = async (): Promise<ActorPorts> => {
    readiness.waitsFor('Redis')
    const store = await openRedisStore({ ...redis, archiveDays: config.archiveDays, leaseMs: config.leaseMs })
    closers.add(() => store.close())
    metrics.add(store)
    readiness.needs('Redis', store)
    const members = await openRedisMembers(redis)
    closers.add(() => members.close())
    const follower = new FollowerThread({ kind: 'redis', url: urls.redisUrl, ...(tls === undefined ? {} : { tls }) })
    closers.add(() => follower.close())
    return { store, members, follower }
  }
  // Not needed to be ready: a gateway goes on with what it knows and its own share while it is away.
  const openShared = async (): Promise<SharedPorts> => {
    readiness.waitsFor('Redis')
    const shared = await openRedisShared(redis)
    closers.add(() => shared.close())
    return shared
  }
  return {
    bus,
    isAlone: false,
    secrets: async () => {
      const whole = wholeOf(config)
      if (whole !== undefined) return whole
      const made = makeSecrets(world.random)
      const proposed = new Map(secretNames.filter((name) => config[name] === undefined).map((name) => [name, made[name]]))
      readiness.waitsFor('Redis')
      const kept = await agreeOverRedis(redis, proposed)
      return secretsOf((name) => config[name] ?? kept.get(name))
    },
    queue: () => (queue ??= openQueue(orderContent)),
    officeQueue: () => (officeQueue ??= openQueue(officeContent)),
    endedStream: () => openQueue(endedContent, { ...jetStreamQueueLimits, ordersMax: endedMax }),
    actorPorts: openActorPorts,
    shared: openShared,
    facts: { node, redis: describeAddress(parseRedisUrl(urls.redisUrl)) },
  }
}

async function natsOptions({ config, urls, node, world, stopping }: ClusterPortsParts): Promise<NatsOptions> {
  const { natsCaFile, natsCertFile, natsKeyFile, natsCredentialsFile } = config
  const hasFiles = natsCaFile !== '' || natsCertFile !== ''
  if (natsCaFile !== '') await readCertificate({ setting: 'natsCaFile', path: natsCaFile })
  if (natsCertFile !== '') await readKeyPair({ setting: 'natsCertFile', path: natsCertFile }, { setting: 'natsKeyFile', path: natsKeyFile })
  const tls = {
    ...(natsCaFile === '' ? {} : { caFile: natsCaFile }),
    ...(natsCertFile === '' ? {} : { certFile: natsCertFile, keyFile: natsKeyFile }),
  }
  return {
    servers: urls.natsUrl.split(','),
    name: `sluice ${config.role} ${node}`,
    world,
    signal: stopping,
    ...(hasFiles ? { tls } : {}),
    ...(natsCredentialsFile === ''
      ? {}
      : {
          login: { kind: 'credentials', credentials: await readSettingFile({ setting: 'natsCredentialsFile', path: natsCredentialsFile }) },
        }),
  }
}
