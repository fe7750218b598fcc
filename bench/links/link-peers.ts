import { fileURLToPath } from 'node:url'
import { type Durability, startBenchRedis } from '../servers/bench-redis.ts'
import { startSluiceCluster } from '../servers/cluster-peer.ts'
import { NatsServer } from '../servers/nats-server.ts'
import { requirePackages } from '../servers/needed-packages.ts'
import type { Peer, PeerFacts } from '../servers/peer.ts'
import { ServerProcess } from '../servers/server-process.ts'
import { startSluice, type StartedSluiceOptions } from '../servers/sluice-peer.ts'
import { TempFolder } from '../servers/temp-folder.ts'
import { changedNode, type NodeChanges } from './changed-node.ts'
import type { LinkTarget } from './link-target.ts'
import type { LinkName, SluiceName } from './links.ts'
import type { PaceSettings } from './pace.ts'

const answeringPath = fileURLToPath(new URL('./answering-process.js', import.meta.url))

/** What is slowed on purpose, to see whether it is found. */
export interface Slowing {
  /** Events that the store takes. */
  readonly slowStore?: PaceSettings | undefined
  /** Commands that the bus brings to shards. */
  readonly slowBus?: PaceSettings | undefined
}

/** The whole chain, or what there is of it, slowed. */
export function startSlowed(name: SluiceName, options: StartedSluiceOptions, { slowStore, slowBus }: Slowing): Promise<Peer> {
  const changes: NodeChanges = { ...(slowStore === undefined ? {} : { slowStore }), ...(slowBus === undefined ? {} : { slowBus }) }
  if (Object.keys(changes).length === 0) return name === 'sluice' ? startSluice(options) : startSluiceCluster(options)
  const program = changedNode(changes)
  return name === 'sluice' ? startSluice({ ...options, program }) : startSluiceCluster({ ...options, programs: { actors: program } })
}

/** One link of it alone. */
export function startLink(name: SluiceName, link: LinkName, options: StartedSluiceOptions, slowing: Slowing): Promise<Peer> {
  const { run, durability } = options
  switch (link) {
    case 'gateway': {
      const program = changedNode({ answersBuys: true })
      return name === 'sluice' ? startSluice({ ...options, program }) : startSluiceCluster({ ...options, programs: { gateway: program } })
    }
    case 'bus':
      return name === 'sluice' ? Promise.resolve(localBus(run, slowing)) : startNatsBus(run, slowing)
    case 'actor':
      return Promise.resolve(inThisProcess(name, { server: 'a shard in this process' }, { kind: 'actor', isAlone: name === 'sluice', run }))
    case 'store':
      return name === 'sluice' ? startFolderStore(run, durability, slowing) : startRedisStore(run, durability, slowing)
  }
}

function localBus(run: string, { slowBus }: Slowing): Peer {
  return inThisProcess('sluice', { server: 'the bus of one process' }, { kind: 'bus', natsUrl: undefined, slowBus, run })
}

async function startNatsBus(run: string, { slowBus }: Slowing): Promise<Peer> {
  requirePackages(['cluster'])
  const nats = await NatsServer.start()
  try {
    const { process: answering } = await ServerProcess.start(
      {
        name: 'the other end of the bus',
        path: process.execPath,
        args: [answeringPath, nats.url, ...(slowBus === undefined ? [] : [JSON.stringify(slowBus)])],
        install: 'build it with: npm run build',
      },
      (line) => (line === 'ready' ? true : undefined),
    )
    const facts = { server: 'NATS, with a process at its other end that answers at once' }
    return {
      // Slowed where it arrives, in the other process.
      ...inThisProcess('cluster', facts, { kind: 'bus', natsUrl: nats.url, slowBus: undefined, run }),
      readCounters: () => Promise.resolve({ cpuSeconds: { 'nats-1': nats.cpuSeconds(), 'other end': answering.cpuSeconds() } }),
      stop: async () => {
        await answering.stop()
        await nats.stop()
      },
    }
  } catch (error) {
    await nats.stop()
    throw error
  }
}

async function startFolderStore(run: string, durability: Durability, { slowStore }: Slowing): Promise<Peer> {
  const folder = new TempFolder('store')
  const where = { kind: 'folder', folder: folder.path } as const
  return {
    ...inThisProcess('sluice', { server: 'LMDB in this process', durability }, { kind: 'store', where, durability, slowStore, run }),
    stop: () => folder.remove(),
  }
}

async function startRedisStore(run: string, durability: Durability, { slowStore }: Slowing): Promise<Peer> {
  requirePackages(['cluster'])
  const redis = await startBenchRedis(durability, false)
  const where = { kind: 'redis', url: `redis://127.0.0.1:${redis.port}` } as const
  const facts = { server: `Redis ${redis.version}`, durability: redis.durability }
  return {
    ...inThisProcess('cluster', facts, { kind: 'store', where, durability, slowStore, run }),
    readCounters: () => Promise.resolve({ cpuSeconds: { 'redis-1': redis.cpuSeconds() } }),
    stop: () => redis.stop(),
  }
}

function inThisProcess(name: SluiceName, facts: PeerFacts, target: LinkTarget): Peer {
  return { name, protocol: target.kind, target, facts, readCounters: () => Promise.resolve({}), stop: () => Promise.resolve() }
}
