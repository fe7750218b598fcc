import { type BreakerLimits, type BreakerState, CircuitBreaker } from '../../cluster/circuit-breaker.ts'
import type { MetricSink, MetricSource } from '../../cluster/metrics.ts'
import { MsCounts } from '../../cluster/ms-counts.ts'
import type { World } from '../../cluster/world.ts'
import type { OrderId } from '../../protocol/ids.ts'
import { ServerFault } from './server-fault.ts'

export interface ServerGuardLimits {
  /** Questions under way at a time. */
  readonly concurrency: number
  /** For one answer; after that the outcome is unknown. */
  readonly answerDeadlineMs: number
  readonly breaker: BreakerLimits
}

/** What a guard calls its server, in logs and metrics, and what it may be asked. */
export interface GuardedServer<Question extends string> {
  readonly called: string
  readonly metric: string
  readonly breakerMetric: string
  readonly questions: readonly Question[]
}

interface Answered<T> {
  readonly answer: T | 'unknown'
  /** The provider works, whatever it said. */
  readonly isAlive: boolean
}

/**
 * Stands between a worker and a server of the shop: no more than so many questions at a time, each with a deadline, and none while the server fails. What
 * cannot be asked, or is not answered, is `unknown`.
 */
export class ServerGuard<Question extends string> implements MetricSource {
  private readonly server: GuardedServer<Question>
  private readonly world: World
  private readonly limits: ServerGuardLimits
  private readonly breaker: CircuitBreaker
  private readonly counts: ReadonlyMap<Question, QuestionCounts>
  private asking = 0
  /** For a place, first come first served; no more than the worker has orders. */
  private readonly waiting: (() => void)[] = []

  constructor(
    server: GuardedServer<Question>,
    parts: { readonly world: World; readonly limits: ServerGuardLimits; readonly onChange: (state: BreakerState) => void },
  ) {
    const { world, limits, onChange } = parts
    this.server = server
    this.world = world
    this.limits = limits
    this.counts = new Map(
      server.questions.map((question) => [question, { durations: new MsCounts(answerBoundsMs), failed: 0, skipped: 0 }]),
    )
    this.breaker = new CircuitBreaker(world, limits.breaker, (state) => {
      world.log.warn({ state }, `the circuit breaker before ${server.called} has changed`)
      onChange(state)
    })
  }

  async ask<T extends string>(question: Question, order: OrderId, run: () => Promise<T>): Promise<T | 'unknown'> {
    // Counted here too: a queue that hands an order out again because it takes long makes room for another one beside it.
    if (this.asking < this.limits.concurrency) this.asking++
    else await this.place()
    const passage = this.breaker.enter()
    if (passage === undefined) {
      this.countsOf(question).skipped++
      this.leave()
      return 'unknown'
    }
    const { answer, isAlive } = await this.answerOf(question, order, run)
    passage.end(isAlive)
    this.leave()
    return answer
  }

  /** What is under way may still ask. */
  stop(): void {
    this.breaker.stop()
  }

  collect(sink: MetricSink): void {
    const { called, metric, breakerMetric } = this.server
    for (const [question, { durations, failed, skipped }] of this.counts) {
      const labels = { question }
      durations.tell(sink, `${metric}_seconds`, `Time until ${called} answered, or was given up`, labels)
      sink.counter(`${metric}_failures_total`, `Questions that ${called} did not answer`, failed, labels)
      sink.counter(`${metric}_skipped_total`, `Questions not asked because ${called} fails`, skipped, labels)
    }
    sink.gauge(`${metric}_asking`, `Questions to ${called} under way`, this.asking)
    sink.gauge(breakerMetric, `1 while ${called} is left alone`, this.breaker.state === 'closed' ? 0 : 1)
  }

  private countsOf(question: Question): QuestionCounts {
    const counts = this.counts.get(question)
    if (counts === undefined) throw new Error(`${this.server.called} is not asked for a ${question}`)
    return counts
  }

  /** Resolves with a place that somebody has left. */
  private place(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve)
    })
  }

  private leave(): void {
    const next = this.waiting.shift()
    if (next === undefined) this.asking--
    else next()
  }

  private answerOf<T extends string>(question: Question, order: OrderId, run: () => Promise<T>): Promise<Answered<T>> {
    const { world } = this
    const counts = this.countsOf(question)
    const begunAt = world.clock.monotonic()
    return new Promise((resolve) => {
      let isOver = false
      const end = (answered: Answered<T>): void => {
        if (isOver) return
        isOver = true
        timer.cancel()
        counts.durations.observe(world.clock.monotonic() - begunAt)
        resolve(answered)
      }
      const fail = (error: unknown): void => {
        if (!isOver) counts.failed++
        world.log.warn({ order, question, error: String(error) }, `${this.server.called} failed; what became of it is not known`)
        end({ answer: 'unknown', isAlive: error instanceof ServerFault && error.code === 'SERVER_REFUSED' })
      }
      const running = run()
      const timer = world.timers.after(this.limits.answerDeadlineMs, () => fail(new ServerFault('SERVER_SILENT', 'no answer in time')))
      running.then((answer) => end({ answer, isAlive: true }), fail)
    })
  }
}

const answerBoundsMs = [10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000] as const

interface QuestionCounts {
  readonly durations: MsCounts
  failed: number
  skipped: number
}
