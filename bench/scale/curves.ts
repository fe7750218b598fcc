import type { CallMix, IdBytes } from '../load/call-mix.ts'
import { type Load, usualLoads } from '../load/load.ts'
import type { Durability } from '../servers/bench-redis.ts'

export const curveNames = ['skus', 'users', 'shards', 'payload', 'actors', 'load'] as const
export type CurveName = (typeof curveNames)[number]

export const lineNames = ['embedded', 'cluster'] as const
export type LineName = (typeof lineNames)[number]

/** One place of a line, measured once in every round. */
export interface ScalePoint {
  readonly x: number
  readonly load: Load
  /** Open loop at this share of what the line's closed loop did in the same round; without it closed loop. */
  readonly share?: number
  /** Load before the measured time, where the usual one is too short. */
  readonly warmupSeconds?: number
}

export interface Curve {
  readonly title: string
  /** What is measured, and how. */
  readonly about: string
  readonly xTitle: string
  readonly isLog: boolean
  readonly lines: Readonly<Partial<Record<LineName, readonly ScalePoint[]>>>
}

/** A sync before every answer, and one about every second, as docs/peers.md has them. */
export const durabilityOf: Readonly<Record<LineName, Durability>> = { embedded: 'fsync', cluster: 'everysec' }

const peerOf = { embedded: 'sluice', cluster: 'cluster' } as const
/** As many SKUs as are wanted at a time by a large shop, so that every shard has some. */
const someSkus: CallMix = { skus: 1_000, zipf: 1 }
/** Divides every population. */
const turnsConnections = 25
/** As deep as a node's default limit per connection, so that what is due is sent. */
const openDepth = 1_024
/** Until a process runs as it goes on to: V8 has compiled what is hot, and what a node has after its first calls has grown. It shows in what is slowest of a hundred. */
const steadySeconds = 4

function loadOf(line: LineName, mix: CallMix | undefined, more: Partial<Load> = {}): Load {
  return { peer: peerOf[line], transport: 'rpc', ...usualLoads.rpc, ...(mix === undefined ? {} : { mix }), ...more }
}

function onBoth(points: (line: LineName) => readonly ScalePoint[]): Curve['lines'] {
  return { embedded: points('embedded'), cluster: points('cluster') }
}

export const curves: Readonly<Record<CurveName, Curve>> = {
  skus: {
    title: 'SKUs',
    about: 'buys of users who are all different, over so many SKUs, the n-th of which is wanted 1/n as much as the first',
    xTitle: 'SKUs, wanted by Zipf (s = 1)',
    isLog: true,
    lines: onBoth((line) => [1, 10, 100, 1_000, 10_000].map((skus) => ({ x: skus, load: loadOf(line, { skus, zipf: 1 }) }))),
  },
  users: {
    title: 'Users',
    about: 'buy and leave by turns, of one SKU, by so many different users, who all have come before it is measured',
    xTitle: 'different users',
    isLog: true,
    lines: {
      embedded: [1_000, 10_000, 100_000, 1_000_000].map((users) => ({
        x: users,
        load: loadOf('embedded', { skus: 1, zipf: 1, usersEach: users / turnsConnections }, { connections: turnsConnections }),
        // Until about all of a million have been there, and not for longer: of those who come again a SKU remembers no more than `formerRequestsMax`.
        ...(users === 1_000_000 ? { warmupSeconds: 7 } : {}),
      })),
    },
  },
  shards: {
    title: 'Shards',
    about: `buys of users who are all different, of ${someSkus.skus.toLocaleString('en-US')} SKUs wanted by Zipf (s = 1), over so many shards`,
    xTitle: 'shards',
    isLog: true,
    lines: onBoth((line) => [1, 4, 16, 64, 256].map((shards) => ({ x: shards, load: loadOf(line, someSkus, { settings: { shards } }) }))),
  },
  payload: {
    title: 'Payload',
    about: 'buys of users who are all different, of one SKU, with ids from the shortest that differ to the longest that the protocol has',
    xTitle: 'bytes of all ids of a call: user, SKU and request',
    isLog: false,
    lines: {
      embedded: (
        [
          { user: 16, sku: 1, request: 0 },
          { user: 16, sku: 5, request: 10 },
          { user: 36, sku: 16, request: 36 },
          { user: 48, sku: 32, request: 48 },
          { user: 64, sku: 48, request: 64 },
        ] as const satisfies readonly IdBytes[]
      ).map((idBytes) => ({
        x: idBytes.user + idBytes.sku + idBytes.request,
        load: loadOf('embedded', { skus: 1, zipf: 1, idBytes }),
      })),
    },
  },
  actors: {
    title: 'Actor processes',
    about: `buys of users who are all different, of ${someSkus.skus.toLocaleString('en-US')} SKUs wanted by Zipf (s = 1), decided by so many processes`,
    xTitle: 'actor processes',
    isLog: false,
    lines: { cluster: [1, 2, 3, 4].map((actors) => ({ x: actors, load: loadOf('cluster', someSkus, { actors }) })) },
  },
  load: {
    title: 'Load',
    about: 'buys of users who are all different, of one SKU, on schedule, as many as a share of what the closed loop did in the same round',
    xTitle: 'share of the peak, %',
    isLog: false,
    lines: onBoth((line) => [
      { x: 100, load: loadOf(line, undefined) },
      ...[10, 30, 50, 70, 90].map((percent) => ({
        x: percent,
        load: loadOf(line, undefined, { depth: openDepth }),
        share: percent / 100,
        warmupSeconds: steadySeconds,
      })),
    ]),
  },
}
