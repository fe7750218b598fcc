import type { SimMembers } from './sim-members.ts'
import type { SimNetwork } from './sim-network.ts'
import type { SimProvider } from './sim-provider.ts'
import type { SimQueue } from './sim-queue.ts'
import type { SimSockets } from './sim-sockets.ts'
import type { SimStore } from './sim-store.ts'

/** The services that processes meet in: each gives a process its adapter of a port. */
export interface Hubs {
  readonly network: SimNetwork
  readonly sockets: SimSockets
  readonly store: SimStore
  readonly members: SimMembers
  readonly queue: SimQueue
  readonly provider: SimProvider
}
