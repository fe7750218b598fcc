import type { Load } from '../load/load.ts'
import type { Durability } from '../servers/bench-redis.ts'
import type { PeerName } from '../servers/peer.ts'

/** Loads that are run in turns, and ours as multiples of theirs. */
export interface Race {
  readonly about: string
  readonly durability: Durability
  readonly ours: readonly Load[]
  readonly theirs: readonly Load[]
}

export const raceNames = ['embedded', 'cluster', 'sold-out'] as const
export type RaceName = (typeof raceNames)[number]

const services = { transport: 'rpc', connections: 32, depth: 64 } as const
const sockets = { transport: 'ws', connections: 256, depth: 1 } as const
const http = { transport: 'http', connections: 256, depth: 1 } as const
const http64 = { ...http, connections: 64 } as const
/** Of two processors, one for each process; nginx does no more with two workers, for Redis wants the other. */
const processes = 2

export const races: Readonly<Record<RaceName, Race>> = {
  embedded: {
    about: 'one process of Sluice; a sync to disk before every answer, everywhere',
    durability: 'fsync',
    ours: [services, sockets, http, http64].map((load) => ({ peer: 'sluice', ...load })),
    theirs: [
      { peer: 'redis', ...services },
      { peer: 'fastify', ...http, processes },
      { peer: 'nginx', ...http },
      // As many connections as each does the most with: a commit of the hot row waits for the one before, those of many rows share a sync.
      { peer: 'postgres-update', transport: 'rpc', connections: 64, depth: 1 },
      { peer: 'postgres-skip-locked', transport: 'rpc', connections: 64, depth: 1 },
    ],
  },
  cluster: {
    about: 'a gateway, an actor node, NATS and Redis; a sync to disk about once a second, everywhere',
    durability: 'everysec',
    ours: [services, sockets, http, http64].map((load) => ({ peer: 'cluster', ...load })),
    theirs: [
      { peer: 'redis', ...services },
      { peer: 'fastify', ...http },
      { peer: 'fastify', ...http64 },
      { peer: 'fastify', ...http, processes },
      { peer: 'fastify', ...http64, processes },
      { peer: 'nginx', ...http },
      { peer: 'nginx', ...http64 },
      { peer: 'postgres-update', transport: 'rpc', connections: 16, depth: 1 },
      { peer: 'postgres-skip-locked', transport: 'rpc', connections: 16, depth: 1 },
    ],
  },
  'sold-out': {
    about: 'a cluster of which nothing can be had any more, against full buys',
    durability: 'everysec',
    ours: [services, http].map((load) => ({ peer: 'cluster', ...load, isSoldOut: true })),
    theirs: [services, http].map((load) => ({ peer: 'cluster', ...load })),
  },
}

/** What a load is called in results: `cluster-rpc-32x64`, `fastify-2-http-256`. Whoever reads a result finds it by this, so it stays. */
export function nameOf({ peer, transport, connections, depth, processes: several, isSoldOut }: Load): string {
  const isDatabase = peer !== 'sluice' && peer !== 'cluster' && transport !== 'http'
  const words = [peer, several, isSoldOut === true ? 'sold-out' : undefined, isDatabase ? undefined : transport]
  return [...words.filter((word) => word !== undefined), depth === 1 ? connections : `${connections}x${depth}`].join('-')
}

const noDuplicate = 'one outcome per request: who repeats a call whose answer was lost is told DUPLICATE'
const noLine = 'the line: who comes when all is held is sent away, and nobody is next when a payment fails'
const noHolds = 'holds: nothing gives a unit back when its buyer does not pay'
const withoutServer = 'a web server: users come as they are, and whoever reaches the port may do everything'

/** What a peer leaves out of what Sluice does for a call, beside its number. */
export const missingOf: Readonly<Record<PeerName, readonly string[]>> = {
  sluice: [],
  cluster: [],
  redis: [withoutServer, noHolds, noLine, noDuplicate],
  fastify: [noHolds, noLine, noDuplicate],
  nginx: [noHolds, noLine, noDuplicate],
  'postgres-update': [withoutServer, noHolds, noLine, noDuplicate],
  'postgres-skip-locked': [withoutServer, noHolds, noLine, noDuplicate],
}

/** What an answer is worth when the machine has crashed. */
export const answersMean: Readonly<Record<Durability, string>> = {
  fsync: 'what was answered is on disk',
  everysec: 'what was answered in the last second or two may be lost, with PostgreSQL in the last 0.6 s',
}
