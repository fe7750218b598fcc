import type { LinkName } from '../links/links.ts'
import type { PeerName } from '../servers/peer.ts'
import type { SettingTexts } from '../servers/sluice-sale.ts'
import type { Transport } from '../servers/sluice-wire.ts'
import type { CallMix } from './call-mix.ts'

/** What is put under load, and with how much. */
export interface Load {
  readonly peer: PeerName
  readonly transport: Transport
  readonly connections: number
  /** Calls of one connection under way at most. */
  readonly depth: number
  /** Server processes that share a port, of a peer that can have several. */
  readonly processes?: number
  /** One link of Sluice's chain alone; left out, all of it. */
  readonly link?: LinkName
  /** Threads of the load generator that the connections are spread over, if more than one. */
  readonly threads?: number
  /** What is asked for is sold out, so that gateways answer out of their stock view. */
  readonly isSoldOut?: boolean
  /** Other calls than a `buy` for each of all users, by rpc. */
  readonly mix?: CallMix
  /** Of a Sluice that is started for it: settings beside the usual ones, and processes that decide. */
  readonly settings?: SettingTexts
  readonly actors?: number
}

/** Services keep many calls under way on a few connections; browsers and HTTP clients one on each of many. */
export const usualLoads = {
  rpc: { connections: 32, depth: 64 },
  ws: { connections: 256, depth: 1 },
  http: { connections: 256, depth: 1 },
} as const satisfies Readonly<Record<Transport, Pick<Load, 'connections' | 'depth'>>>

/** How a peer can be called: Sluice by every transport, databases as by rpc, in their own protocol, all others by HTTP. */
export function transportsOf(peer: PeerName): readonly [Transport, ...Transport[]] {
  if (peer === 'sluice' || peer === 'cluster') return ['rpc', 'ws', 'http']
  return peer === 'fastify' || peer === 'nginx' ? ['http'] : ['rpc']
}

/** A transaction of PostgreSQL takes a connection, and so a process, until it ends. */
const postgresLoad = { connections: 32, depth: 1 } as const

export function usualLoadOf(peer: PeerName, transport: Transport): Pick<Load, 'connections' | 'depth'> {
  return peer === 'postgres-update' || peer === 'postgres-skip-locked' ? postgresLoad : usualLoads[transport]
}
