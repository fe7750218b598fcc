import type { Queue, QueuedOrder } from '../../cluster/queue.ts'
import { QueueClient } from './services/queue-client.ts'
import { type QueueLimits, QueueServer } from './services/queue-server.ts'
import type { SimParts } from './sim-parts.ts'
import type { SimProcess } from './sim-process.ts'
import { calmQueue, type QueueWeather } from './weather.ts'

export const queueLimits: QueueLimits = {
  ordersMax: 1_000,
  dedupeMs: 5_000,
  ackMs: 5_000,
  attemptsMax: 4,
  backoffMs: 100,
  backoffMsMax: 1_000,
  deadLettersMax: 10,
}

type PutListener = (process: SimProcess, id: string, order: QueuedOrder) => void

/** A queue like JetStream's that all processes share: it delivers at least once, sometimes twice at once, and may lose everything. */
export class SimQueue {
  /** May be changed at any time. */
  weather: QueueWeather = calmQueue
  private readonly parts: SimParts
  private readonly limits: QueueLimits
  private readonly server: QueueServer
  private readonly putListeners: PutListener[] = []

  constructor(parts: SimParts, limits: QueueLimits = queueLimits) {
    this.parts = parts
    this.limits = limits
    this.server = new QueueServer(parts, limits, () => this.weather)
  }

  connect(process: SimProcess): Queue {
    const { parts, server, limits } = this
    const onPut = (id: string, order: QueuedOrder): void => {
      for (const listener of this.putListeners) listener(process, id, order)
    }
    return new QueueClient({ sim: parts, server, process, weather: () => this.weather, ackMs: limits.ackMs, onPut })
  }

  /** Hears of every order at the moment at which it leaves its process. */
  onPut(listener: PutListener): void {
    this.putListeners.push(listener)
  }

  loseEverything(): void {
    this.server.loseEverything()
  }

  /** Orders that wait, run or back off. */
  get size(): number {
    return this.server.size
  }

  /** Ids of orders that it has lost, or thrown away, at some time. */
  get lostOrders(): ReadonlySet<string> {
    return this.server.lost
  }

  healAll(): void {
    this.weather = calmQueue
  }
}
