import { type Consumer, type DeadLetter, type Delivery, type Queue, QueueFault, type QueuedOrder } from '../../../cluster/queue.ts'
import type { SimParts } from '../sim-parts.ts'
import type { SimProcess } from '../sim-process.ts'
import { drawMs, type QueueWeather } from '../weather.ts'
import type { HandOut, QueueConsumer, QueueServer } from './queue-server.ts'
import { callService, requestMs } from './service-call.ts'

export interface QueueClientParts {
  readonly sim: SimParts
  readonly server: QueueServer
  readonly process: SimProcess
  readonly weather: () => QueueWeather
  /** As the server has it: later than that nobody waits for a handler. */
  readonly ackMs: number
  /** Hears of every order at the moment at which it leaves its process, before anything can befall it. */
  readonly onPut: (id: string, order: QueuedOrder) => void
}

/** One process's connection to the simulated queue. */
export class QueueClient implements Queue {
  private readonly parts: QueueClientParts
  private readonly workers = new Set<QueueWorker>()
  private isClosed = false

  constructor(parts: QueueClientParts) {
    this.parts = parts
    parts.process.whenDead(() => this.died())
  }

  async put(id: string, order: QueuedOrder): Promise<void> {
    if (this.isClosed) throw closed()
    this.parts.onPut(id, order)
    await this.call(() => this.parts.server.put(id, order))
  }

  consume(concurrency: number, handler: (delivery: Delivery) => Promise<void>): Consumer {
    if (this.isClosed) throw closed()
    const worker = new QueueWorker(this.parts, concurrency, handler)
    this.workers.add(worker)
    return worker
  }

  deadLetters(): Promise<readonly DeadLetter[]> {
    return this.call(() => this.parts.server.deadLetters)
  }

  async close(): Promise<void> {
    this.isClosed = true
    await Promise.all(Array.from(this.workers, (worker) => worker.close()))
  }

  private call<T>(run: () => T): Promise<T> {
    const { sim, process, weather } = this.parts
    return callService(sim, process, weather(), { run, fault: (why) => new QueueFault('QUEUE_FAILED', `the queue did not answer: ${why}`) })
  }

  private died(): void {
    const { sim, server, weather } = this.parts
    sim.scheduler.after(drawMs(sim.random, weather().deathNoticeMs), () => {
      for (const worker of this.workers) server.died(worker)
    })
  }
}

/** What takes orders in a process: the server hands them to it, it hands them to the handler and tells the server how that ended. */
class QueueWorker implements Consumer, QueueConsumer {
  readonly who: string
  readonly concurrency: number
  readonly running = new Set<HandOut>()
  private readonly parts: QueueClientParts
  private readonly handler: (delivery: Delivery) => Promise<void>
  private handling = 0
  private isOpen = true
  private idle: (() => void)[] = []

  constructor(parts: QueueClientParts, concurrency: number, handler: (delivery: Delivery) => Promise<void>) {
    this.parts = parts
    this.who = parts.process.name
    this.concurrency = concurrency
    this.handler = handler
    this.tell(() => {
      // Words may overtake each other: what is closed by now stays away.
      if (this.isOpen && !parts.process.isDead) parts.server.attach(this)
    })
  }

  deliver(handOut: HandOut): void {
    const { sim, process, weather } = this.parts
    sim.scheduler.after(requestMs(sim, weather()), () => this.handle(handOut), process)
  }

  async close(): Promise<void> {
    if (this.isOpen) this.tell(() => this.parts.server.detach(this))
    this.isOpen = false
    if (this.handling === 0) return
    await new Promise<void>((resolve) => {
      this.idle.push(resolve)
    })
  }

  private handle(handOut: HandOut): void {
    const { server, process, ackMs } = this.parts
    if (!this.isOpen) return this.answer(() => server.failed(handOut, `${this.who} takes no more`))
    this.handling++
    let isWaitedFor = true
    const leave = (): void => {
      if (!isWaitedFor) return
      isWaitedFor = false
      deadline.cancel()
      this.left()
    }
    const deadline = process.world.timers.after(ackMs, leave)
    this.run(handOut.delivery)
      .then(
        () => this.answer(() => server.ended(handOut)),
        (error: unknown) => this.answer(() => server.failed(handOut, error instanceof Error ? error.message : String(error))),
      )
      .finally(leave)
  }

  /** A handler that throws at once is no different from one that fails. */
  private async run(delivery: Delivery): Promise<void> {
    await this.handler(delivery)
  }

  private left(): void {
    this.handling--
    if (this.handling > 0) return
    for (const resolve of this.idle) resolve()
    this.idle = []
  }

  private answer(arrive: () => void): void {
    const { sim, weather } = this.parts
    if (!sim.random.is(weather().ackLostShare)) this.tell(arrive)
  }

  private tell(arrive: () => void): void {
    const { sim, weather } = this.parts
    sim.scheduler.after(drawMs(sim.random, weather().delayMs), arrive)
  }
}

function closed(): QueueFault {
  return new QueueFault('QUEUE_CLOSED', 'the queue is closed')
}
