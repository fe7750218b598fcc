import type { LoadTarget } from '../load/load-run.ts'
import type { ServerCounters } from './server-figures.ts'

/** What a reader of the figures has to know. */
export interface PeerFacts {
  /** Program and version, or address. */
  readonly server: string
  readonly durability?: string
}

/** A server that can be put under load. */
export interface Peer {
  readonly name: PeerName
  /** How it is called, if by a protocol of its own. */
  readonly protocol?: string
  readonly target: LoadTarget
  readonly facts: PeerFacts
  readCounters(): Promise<ServerCounters>
  /** Where its metrics can be read by others. */
  readonly metricsUrl?: string
  readonly pid?: number
  stop(): Promise<void>
}

/** Sluice as one process and as a cluster, and what a shop would use instead. */
export const peerNames = ['sluice', 'cluster', 'redis', 'fastify', 'nginx', 'postgres-update', 'postgres-skip-locked'] as const
export type PeerName = (typeof peerNames)[number]
