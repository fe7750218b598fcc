import type { Calls } from '../../cluster/calls.ts'
import type { NodeDirectory } from '../../cluster/node-directory.ts'
import type { World } from '../../cluster/world.ts'
import type { Closers } from '../closers.ts'
import type { Config } from '../config.ts'
import type { Metrics } from '../metrics.ts'
import type { NodePorts } from '../node-ports.ts'
import type { OpsServer } from '../ops-server.ts'
import type { Readiness } from '../readiness.ts'

/** What the roles of one process share. */
export interface RoleParts {
  readonly config: Config
  readonly world: World
  /** One run of this process, on the bus and among members. */
  readonly node: string
  readonly ports: NodePorts
  readonly calls: Calls
  readonly directory: NodeDirectory
  readonly metrics: Metrics
  readonly ops: Pick<OpsServer, 'add' | 'addSection'>
  readonly closers: Closers
  /** Ends what waits. */
  readonly stopping: AbortSignal
  readonly readiness: Readiness
}
