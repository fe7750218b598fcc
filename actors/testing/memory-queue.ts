import type { Consumer, DeadLetter, Delivery, Queue, QueuedOrder } from '../../cluster/queue.ts'
import type { Timers } from '../../cluster/world.ts'

const redeliverMs = 500
const attemptsMax = 10

interface Waiting {
  readonly id: string
  readonly order: QueuedOrder
  attempt: number
}

/** A queue for tests: at least once, deduplicated by id; it can be told to forget what it has. */
export class MemoryQueue implements Queue {
  readonly puts: QueuedOrder[] = []
  private readonly timers: Timers
  private readonly seen = new Set<string>()
  private readonly dead: DeadLetter[] = []
  private waiting: Waiting[] = []
  private pump: () => void = () => {}

  constructor(timers: Timers) {
    this.timers = timers
  }

  async put(id: string, order: QueuedOrder): Promise<void> {
    if (this.seen.has(id)) return
    this.seen.add(id)
    this.puts.push(order)
    this.waiting.push({ id, order, attempt: 0 })
    this.pump()
  }

  consume(concurrency: number, handler: (delivery: Delivery) => Promise<void>): Consumer {
    const underWay = new Set<Promise<void>>()
    const deliver = async (one: Waiting): Promise<void> => {
      one.attempt++
      try {
        await handler({ id: one.id, order: one.order, attempt: one.attempt })
      } catch (error) {
        if (one.attempt >= attemptsMax) this.dead.push({ id: one.id, order: one.order, attempts: one.attempt, reason: String(error) })
        else this.later(one)
      }
    }
    const pump = (): void => {
      while (underWay.size < concurrency) {
        const one = this.waiting.shift()
        if (one === undefined) return
        const work = deliver(one).finally(() => {
          underWay.delete(work)
          this.pump()
        })
        underWay.add(work)
      }
    }
    this.pump = pump
    pump()
    return {
      close: async () => {
        this.pump = () => {}
        await Promise.all(underWay)
      },
    }
  }

  /** Forgets every order that waits, and which ids it has seen. */
  loseEverything(): void {
    this.waiting = []
    this.seen.clear()
  }

  async deadLetters(): Promise<readonly DeadLetter[]> {
    return this.dead
  }

  async close(): Promise<void> {
    this.waiting = []
  }

  private later(one: Waiting): void {
    this.timers.after(redeliverMs, () => {
      this.waiting.push(one)
      this.pump()
    })
  }
}
