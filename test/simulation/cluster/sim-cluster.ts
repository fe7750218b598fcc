import type { ShardName } from '../../../cluster/store.ts'
import type { Gauge } from '../../checkers/final-check.ts'
import type { Hubs } from '../hubs.ts'
import type { Shape } from '../shape.ts'
import type { SimParts } from '../sim-parts.ts'
import type { SimProcess } from '../sim-process.ts'
import { type SimActors, startActors } from './actors-process.ts'
import { type SimGateway, startGateway } from './gateway-process.ts'
import { Machine } from './machine.ts'
import { type SimOrders, startOrders } from './orders-process.ts'

/** All machines of a cluster, each with the role that it plays. */
export class SimCluster {
  readonly actors: readonly Machine<SimActors>[]
  readonly gateways: readonly Machine<SimGateway>[]
  readonly orders: readonly Machine<SimOrders>[]
  private readonly onUnable: (process: SimProcess, reason: Error) => void

  constructor(run: SimParts, hubs: Hubs, shape: Shape, onUnable: (process: SimProcess, reason: Error) => void) {
    this.onUnable = onUnable
    const machines = <Role>(count: number, prefix: string, start: (process: SimProcess) => Role): Machine<Role>[] =>
      Array.from({ length: count }, (_, index) => {
        const name = `${prefix}${index + 1}`
        return new Machine(run, name, shape.skewMs(name), start)
      })
    this.actors = machines(shape.actorNodes, 'act', (process) => this.startActors(process, hubs, shape))
    this.gateways = machines(shape.gateways, 'gate', (process) => startGateway(process, hubs, shape))
    this.orders = machines(shape.orderWorkers, 'pay', (process) => startOrders(process, hubs, shape))
  }

  /** What may be left of bounded things when nothing is under way any more. */
  *gauges(): Generator<Gauge> {
    // What a process that is gone was waiting for is nobody's.
    for (const { name, role } of [...this.actors, ...this.gateways, ...this.orders].filter(({ isUp }) => isUp))
      yield { name: `pending calls of ${name}`, value: role.calls.pending.size, max: restingCallsMax }
    for (const { name, role } of this.gateways.filter(({ isUp }) => isUp)) {
      const { underWay, overloaded } = role.core.gates
      yield { name: `calls under way through gates of ${name}`, value: underWay, max: 0 }
      yield { name: `overloaded shards of ${name}`, value: overloaded, max: 0 }
    }
  }

  /** Of every shard that somebody owns. */
  digests(): Map<ShardName, number> {
    return new Map(this.actors.flatMap(({ role }) => [...role.role.host.entries()].map(([name, shard]) => [name, shard.digest()] as const)))
  }

  get machines(): readonly Machine<unknown>[] {
    return [...this.actors, ...this.gateways, ...this.orders]
  }

  /** Hands everything over, as on SIGTERM, and is gone after that. */
  async stopActors(machine: Machine<SimActors>): Promise<void> {
    const { process, role } = machine
    await role.role.close()
    machine.crash()
    process.world.log.info({}, 'stopped')
  }

  private startActors(process: SimProcess, hubs: Hubs, shape: Shape): SimActors {
    const actors = startActors(process, hubs, shape, (reason) => this.onUnable(process, reason))
    actors.role.start().catch((error: unknown) => this.onUnable(process, error instanceof Error ? error : new Error(String(error))))
    return actors
  }
}

/** Views are read and pings answered even when nobody wants anything. */
const restingCallsMax = 4
