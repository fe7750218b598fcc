import type { Consumer, Delivery, Queue } from '../../cluster/queue.ts'
import type { Log } from '../../cluster/world.ts'

/** Takes orders from a queue, as many at a time as was said last. */
export class Intake<T> {
  private readonly queue: Pick<Queue<T>, 'consume'>
  private readonly handle: (delivery: Delivery<T>) => Promise<void>
  private readonly log: Log
  private consumer: Consumer | undefined
  /** Consumers that take no more; what they have taken is still under way. */
  private readonly closing = new Set<Promise<void>>()
  private isOpen = true

  constructor(queue: Pick<Queue<T>, 'consume'>, log: Log, handle: (delivery: Delivery<T>) => Promise<void>) {
    this.queue = queue
    this.log = log
    this.handle = handle
  }

  /** From now on `concurrency` at a time; with 0 orders stay in the queue. */
  take(concurrency: number): void {
    this.stop()
    if (this.isOpen && concurrency > 0) this.consumer = this.queue.consume(concurrency, this.handle)
  }

  /** Takes no more, and resolves when what is under way has ended. */
  async close(): Promise<void> {
    this.isOpen = false
    this.stop()
    await Promise.all(this.closing)
  }

  private stop(): void {
    const { consumer } = this
    if (consumer === undefined) return
    this.consumer = undefined
    const closed = consumer
      .close()
      .catch((error: unknown) => this.log.warn({ error: String(error) }, 'the order queue did not stop in order'))
      .finally(() => this.closing.delete(closed))
    this.closing.add(closed)
  }
}
