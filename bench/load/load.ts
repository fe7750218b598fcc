import type { PeerName } from '../servers/peer.ts'
import type { Transport } from '../servers/sluice-wire.ts'

/** What is put under load, and with how much. */
export interface Load {
  readonly peer: PeerName
  readonly transport: Transport
  readonly connections: number
  /** Calls of one connection under way at most. */
  readonly depth: number
  /** What is asked for is sold out, so that gateways answer out of their stock view. */
  readonly isSoldOut?: boolean
}

/** Services keep many calls under way on a few connections; browsers and HTTP clients one on each of many. */
export const usualLoads = {
  rpc: { connections: 32, depth: 64 },
  ws: { connections: 256, depth: 1 },
  http: { connections: 256, depth: 1 },
} as const satisfies Readonly<Record<Transport, Pick<Load, 'connections' | 'depth'>>>

/**
 * With what Sluice is compared: refusals with full buys; embedded with Redis under the same load, a cluster with Fastify by the transport that it has. That one gets as many
 * connections as `ours` has by HTTP.
 */
export function rivalOf(isCluster: boolean, ours: readonly Load[]): Load {
  const [first] = ours
  if (first === undefined) throw new Error('there is no load')
  if (first.isSoldOut) return { ...first, isSoldOut: false }
  if (!isCluster) return { ...first, peer: 'redis' }
  return { ...(ours.find(({ transport }) => transport === 'http') ?? { ...first, ...usualLoads.http }), peer: 'fastify', transport: 'http' }
}
