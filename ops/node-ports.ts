import type { Follower } from '../actors/compaction/follower.ts'
import type { EndedOrder } from '../actors/inventory/ended-order.ts'
import type { Bus } from '../cluster/bus.ts'
import type { Members } from '../cluster/members.ts'
import type { Queue } from '../cluster/queue.ts'
import type { BucketRate, SharedBucket } from '../cluster/shared-bucket.ts'
import type { SharedRecord } from '../cluster/shared-record.ts'
import type { SharedTable, TableLimits } from '../cluster/shared-table.ts'
import type { Store } from '../cluster/store.ts'
import type { Secrets } from './secrets.ts'

/** What a node's roles stand on, whether that is this process alone (embedded-ports.ts) or NATS and Redis (cluster-ports.ts). */
export interface NodePorts {
  readonly bus: Bus
  /** There are no other nodes. */
  readonly isAlone: boolean
  readonly secrets: () => Promise<Secrets>
  readonly queue: () => Promise<Queue>
  /** To the back office. */
  readonly officeQueue: () => Promise<Queue<EndedOrder>>
  /** From which the shop takes orders that have ended by itself. Rejects where there is no JetStream. */
  readonly endedStream: () => Promise<Pick<Queue<EndedOrder>, 'put'>>
  readonly actorPorts: () => Promise<ActorPorts>
  /** What gateways have in common. */
  readonly shared: () => Promise<SharedPorts>
  /** For the log: where things are. */
  readonly facts: Readonly<Record<string, string>>
}

export interface ActorPorts {
  readonly store: Store
  readonly members: Members
  readonly follower: Follower
}

export interface SharedPorts {
  bucket(rate: BucketRate): SharedBucket
  record(name: string): SharedRecord
  table(name: string, limits?: TableLimits): SharedTable
}
