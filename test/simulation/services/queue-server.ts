import { type DeadLetter, type Delivery, QueueFault, type QueuedOrder } from '../../../cluster/queue.ts'
import { RecentIds } from '../../../cluster/recent-ids.ts'
import { simulationStart } from '../scheduler.ts'
import type { SimParts } from '../sim-parts.ts'
import type { QueueWeather } from '../weather.ts'

export interface QueueLimits {
  /** Orders that wait, run or back off; one more is refused. */
  readonly ordersMax: number
  readonly dedupeMs: number
  /** For a worker's answer, from the moment at which the order is sent to it. */
  readonly ackMs: number
  readonly attemptsMax: number
  readonly backoffMs: number
  readonly backoffMsMax: number
  /** The oldest go first. */
  readonly deadLettersMax: number
}

/** Someone who takes orders, as the server sees them. */
export interface QueueConsumer {
  readonly who: string
  readonly concurrency: number
  /** Sends the order on its way. */
  deliver(handOut: HandOut): void
  /** What was sent to it and has not ended, or not yet too late. */
  readonly running: Set<HandOut>
}

/** One order that was given to one consumer. */
export interface HandOut {
  readonly entry: Entry
  readonly consumer: QueueConsumer
  readonly delivery: Delivery
}

interface Entry {
  readonly id: string
  readonly order: QueuedOrder
  attempts: number
  /** Consumers that have it at the moment. */
  held: number
}

/** The queue's own machine, which no process of the cluster can take along when it dies. */
export class QueueServer {
  private readonly parts: SimParts
  private readonly limits: QueueLimits
  private readonly weather: () => QueueWeather
  private readonly orders = new Map<string, Entry>()
  /** Those that can be handed out, oldest first. */
  private readonly ready = new Set<Entry>()
  private readonly consumers = new Set<QueueConsumer>()
  /** Orders that went without an end: nobody works on them unless they are put again. */
  readonly lost = new Set<string>()
  private recent: RecentIds
  private dead: readonly DeadLetter[] = []

  constructor(parts: SimParts, limits: QueueLimits, weather: () => QueueWeather) {
    this.parts = parts
    this.limits = limits
    this.weather = weather
    this.recent = this.noIds()
  }

  /** Orders that wait, run or back off. */
  get size(): number {
    return this.orders.size
  }

  get deadLetters(): readonly DeadLetter[] {
    return this.dead
  }

  /** Throws a {@link QueueFault} if it is full. */
  put(id: string, order: QueuedOrder): void {
    const { now } = this.parts.scheduler
    if (this.orders.has(id) || this.recent.has(id, now)) return this.note(`${id} was put before`)
    if (this.orders.size >= this.limits.ordersMax) throw new QueueFault('QUEUE_FULL', `the queue has ${this.limits.ordersMax} orders`)
    this.note(`${id} is put`)
    this.recent.add(id, now)
    const entry: Entry = { id, order, attempts: 0, held: 0 }
    this.orders.set(id, entry)
    this.ready.add(entry)
    this.pump()
  }

  attach(consumer: QueueConsumer): void {
    this.consumers.add(consumer)
    this.pump()
  }

  /** Gets no more; what it has may still end. */
  detach(consumer: QueueConsumer): void {
    this.consumers.delete(consumer)
  }

  /** Will never answer for what it has. */
  died(consumer: QueueConsumer): void {
    this.detach(consumer)
    for (const handOut of consumer.running) this.failed(handOut, `${consumer.who} died`)
  }

  /** Also when it comes too late: what is done need not be done again. */
  ended(handOut: HandOut): void {
    const { entry } = handOut
    if (this.isHere(entry)) {
      this.orders.delete(entry.id)
      this.ready.delete(entry)
      this.note(`${entry.id} is done`)
    }
    this.takeBack(handOut)
    this.pump()
  }

  /** Comes too late if its time has run out. */
  failed(handOut: HandOut, reason: string): void {
    const { entry } = handOut
    if (!this.takeBack(handOut)) return
    if (this.isHere(entry) && entry.held === 0) this.retry(entry, reason)
    this.pump()
  }

  /** Orders, remembered ids and dead letters; who has an order works on. */
  loseEverything(): void {
    this.note(`loses ${this.orders.size} orders`)
    if (this.orders.size > 0) this.parts.reached.count('order queue lost everything')
    for (const { order } of this.orders.values()) this.lost.add(order.order)
    this.orders.clear()
    this.ready.clear()
    this.recent = this.noIds()
    this.dead = []
  }

  private pump(): void {
    for (const entry of this.ready) {
      const consumer = this.anyWithRoom(undefined)
      if (consumer === undefined) return
      this.ready.delete(entry)
      entry.attempts++
      this.handOut(entry, consumer)
      if (!this.parts.random.is(this.weather().doubleShare)) continue
      const other = this.anyWithRoom(consumer)
      if (other === undefined) continue
      this.parts.reached.count('order delivered twice')
      this.handOut(entry, other)
    }
  }

  private handOut(entry: Entry, consumer: QueueConsumer): void {
    const { id, order, attempts } = entry
    const handOut: HandOut = { entry, consumer, delivery: { id, order, attempt: attempts } }
    const { ackMs } = this.limits
    entry.held++
    consumer.running.add(handOut)
    this.note(`${id} goes to ${consumer.who}, attempt ${attempts}`)
    consumer.deliver(handOut)
    this.parts.scheduler.after(ackMs, () => this.failed(handOut, `no end within ${ackMs} ms`))
  }

  /** False if that was done before. */
  private takeBack(handOut: HandOut): boolean {
    if (!handOut.consumer.running.delete(handOut)) return false
    handOut.entry.held--
    return true
  }

  private retry(entry: Entry, reason: string): void {
    const { attemptsMax, backoffMs, backoffMsMax } = this.limits
    if (entry.attempts >= attemptsMax) return this.bury(entry, reason)
    const longest = Math.min(backoffMsMax, backoffMs * 2 ** (entry.attempts - 1))
    const waitMs = this.parts.random.between(Math.ceil(longest / 2), longest)
    this.note(`${entry.id} waits ${waitMs} ms: ${reason}`)
    const again = (): void => {
      if (!this.isHere(entry)) return
      this.ready.add(entry)
      this.pump()
    }
    this.parts.scheduler.after(waitMs, again)
  }

  private bury(entry: Entry, reason: string): void {
    const { id, order, attempts } = entry
    this.note(`${id} is a dead letter: ${reason}`)
    this.orders.delete(id)
    this.lost.add(order.order)
    this.dead = [...this.dead, { id, order, attempts, reason }].slice(-this.limits.deadLettersMax)
  }

  private anyWithRoom(except: QueueConsumer | undefined): QueueConsumer | undefined {
    const free = [...this.consumers].filter((one) => one !== except && one.running.size < one.concurrency)
    return free.length === 0 ? undefined : this.parts.random.pick(free)
  }

  /** Neither done, dead nor lost. */
  private isHere(entry: Entry): boolean {
    return this.orders.get(entry.id) === entry
  }

  private noIds(): RecentIds {
    return new RecentIds(this.limits.dedupeMs, 2 * this.limits.ordersMax)
  }

  private note(what: string): void {
    const { scheduler, trace } = this.parts
    trace.add(scheduler.now - simulationStart, 'queue', what)
  }
}
