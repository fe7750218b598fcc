import { type Consumer, type DeadLetter, type Delivery, type Queue, QueueFault, type QueuedOrder } from './queue.ts'
import { RecentIds } from './recent-ids.ts'
import type { Timer, World } from './world.ts'

export interface LocalQueueLimits {
  /** Orders that wait, run or back off; one more is refused as `QUEUE_FULL`. */
  readonly ordersMax: number
  /** How long an id is remembered after it was put. */
  readonly dedupeMs: number
  /** A handler that has not ended by then counts as failed, and no longer against `concurrency`. */
  readonly ackMs: number
  /** An order that was handed out this often without an end is a dead letter. */
  readonly attemptsMax: number
  readonly backoffMs: number
  readonly backoffMsMax: number
  /** The oldest go first. */
  readonly deadLettersMax: number
}

export const localQueueLimits: LocalQueueLimits = {
  ordersMax: 100_000,
  dedupeMs: 120_000,
  ackMs: 30_000,
  attemptsMax: 8,
  backoffMs: 500,
  backoffMsMax: 30_000,
  deadLettersMax: 1000,
}

/** The queue of one process, in memory: a restart empties it, and the journal fills it again. */
export class LocalQueue<T = QueuedOrder> implements Queue<T> {
  readonly #world: World
  readonly #limits: LocalQueueLimits
  /** Everything that has not ended. */
  readonly #orders = new Map<string, Entry<T>>()
  /** Those that can be handed out, oldest first. */
  readonly #ready = new Set<Entry<T>>()
  readonly #recent: RecentIds
  readonly #consumers = new Set<LocalConsumer<T>>()
  #dead: DeadLetter<T>[] = []
  #pumpDue = false
  #closed = false

  constructor(world: World, limits: LocalQueueLimits = localQueueLimits) {
    this.#world = world
    this.#limits = limits
    this.#recent = new RecentIds(limits.dedupeMs, 2 * limits.ordersMax)
  }

  async put(id: string, order: T): Promise<void> {
    if (this.#closed) throw new QueueFault('QUEUE_CLOSED', 'the queue is closed')
    const now = this.#world.clock.monotonic()
    if (this.#orders.has(id) || this.#recent.has(id, now)) return
    if (this.#orders.size >= this.#limits.ordersMax) {
      throw new QueueFault('QUEUE_FULL', `the queue has ${this.#limits.ordersMax} orders, which is all it takes`)
    }
    this.#recent.add(id, now)
    const entry: Entry<T> = { id, order, attempts: 0, timer: undefined }
    this.#orders.set(id, entry)
    this.#ready.add(entry)
    this.#pumpSoon()
  }

  consume(concurrency: number, handler: (delivery: Delivery<T>) => Promise<void>): Consumer {
    if (this.#closed) throw new QueueFault('QUEUE_CLOSED', 'the queue is closed')
    const consumer = new LocalConsumer<T>(concurrency, handler, () => this.#consumers.delete(consumer))
    this.#consumers.add(consumer)
    this.#pumpSoon()
    return consumer
  }

  async deadLetters(): Promise<readonly DeadLetter<T>[]> {
    return this.#dead
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(Array.from(this.#consumers, (consumer) => consumer.close()))
    for (const entry of this.#orders.values()) entry.timer?.cancel()
    this.#orders.clear()
    this.#ready.clear()
  }

  /** Never from inside `put`: whoever puts an order does not expect a worker to run under it. */
  #pumpSoon(): void {
    if (this.#pumpDue) return
    this.#pumpDue = true
    this.#world.timers.soon(() => {
      this.#pumpDue = false
      this.#pump()
    })
  }

  #pump(): void {
    for (const consumer of this.#consumers) {
      for (const entry of this.#ready) {
        if (!consumer.hasRoom()) break
        this.#ready.delete(entry)
        this.#handOut(consumer, entry)
      }
    }
  }

  #handOut(consumer: LocalConsumer<T>, entry: Entry<T>): void {
    const attempt = ++entry.attempts
    let given = true
    /** The first of: the handler ends, the deadline passes. */
    const giveUp = (reason: string): void => {
      if (!given) return
      given = false
      deadline.cancel()
      consumer.left()
      if (this.#orders.get(entry.id) === entry && entry.attempts === attempt) this.#failed(entry, reason)
      this.#pumpSoon()
    }
    const deadline = this.#world.timers.after(this.#limits.ackMs, () => giveUp(`no end within ${this.#limits.ackMs} ms`))
    consumer.run({ id: entry.id, order: entry.order, attempt }).then(
      () => {
        // Also when it comes too late: what is done need not be done again.
        this.#ended(entry)
        giveUp('')
      },
      (error: unknown) => giveUp(error instanceof Error ? error.message : String(error)),
    )
  }

  #ended(entry: Entry<T>): void {
    if (this.#orders.get(entry.id) !== entry) return
    this.#orders.delete(entry.id)
    this.#ready.delete(entry)
    entry.timer?.cancel()
  }

  #failed(entry: Entry<T>, reason: string): void {
    if (entry.attempts >= this.#limits.attemptsMax) {
      this.#orders.delete(entry.id)
      this.#bury({ id: entry.id, order: entry.order, attempts: entry.attempts, reason })
      return
    }
    const longest = Math.min(this.#limits.backoffMsMax, this.#limits.backoffMs * 2 ** (entry.attempts - 1))
    // Between half and all of it, so that orders which failed together do not come back together.
    const backoffMs = Math.round(longest * (0.5 + this.#world.random.next() / 2))
    entry.timer = this.#world.timers.after(backoffMs, () => {
      entry.timer = undefined
      this.#ready.add(entry)
      this.#pumpSoon()
    })
  }

  #bury(letter: DeadLetter<T>): void {
    this.#world.log.error(
      { id: letter.id, attempts: letter.attempts, reason: letter.reason },
      'an order was handed out too often without an end',
    )
    this.#dead = [...this.#dead, letter].slice(-this.#limits.deadLettersMax)
  }
}

interface Entry<T> {
  readonly id: string
  readonly order: T
  attempts: number
  /** Runs while the order backs off. */
  timer: Timer | undefined
}

class LocalConsumer<T> implements Consumer {
  readonly #concurrency: number
  readonly #handler: (delivery: Delivery<T>) => Promise<void>
  readonly #onClose: () => void
  #running = 0
  #open = true
  #idle: (() => void)[] = []

  constructor(concurrency: number, handler: (delivery: Delivery<T>) => Promise<void>, onClose: () => void) {
    this.#concurrency = concurrency
    this.#handler = handler
    this.#onClose = onClose
  }

  hasRoom(): boolean {
    return this.#open && this.#running < this.#concurrency
  }

  async run(delivery: Delivery<T>): Promise<void> {
    this.#running++
    await this.#handler(delivery)
  }

  /** A delivery has ended or was given up. */
  left(): void {
    this.#running--
    if (this.#running > 0) return
    for (const resolve of this.#idle) resolve()
    this.#idle = []
  }

  async close(): Promise<void> {
    this.#open = false
    this.#onClose()
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#idle.push(resolve)
      })
    }
  }
}
