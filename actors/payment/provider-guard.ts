import type { MetricSink, MetricSource } from '../../cluster/metrics.ts'
import type { World } from '../../cluster/world.ts'
import type { OrderId } from '../../protocol/ids.ts'
import { type BreakerLimits, type BreakerState, CircuitBreaker } from './circuit-breaker.ts'
import { DurationCounts } from './duration-counts.ts'
import { ProviderFault } from './provider-fault.ts'

export interface ProviderGuardLimits {
  /** Questions under way at a time. */
  readonly concurrency: number
  /** For one answer; after that the outcome is unknown. */
  readonly providerDeadlineMs: number
  readonly breaker: BreakerLimits
}

export type Question = 'charge' | 'query' | 'close' | 'refund'

interface Answered<T> {
  readonly answer: T | 'unknown'
  /** The provider works, whatever it said. */
  readonly isAlive: boolean
}

/**
 * Stands between the worker and its provider: no more than so many questions at a time, each with a deadline, and none while the provider fails. What
 * cannot be asked, or is not answered, is `unknown`.
 */
export class ProviderGuard implements MetricSource {
  private readonly world: World
  private readonly limits: ProviderGuardLimits
  private readonly breaker: CircuitBreaker
  private readonly counts = { charge: questionCounts(), query: questionCounts(), close: questionCounts(), refund: questionCounts() }
  private asking = 0
  /** For a place, first come first served; no more than the orders that the worker has. */
  private readonly waiting: (() => void)[] = []

  constructor(world: World, limits: ProviderGuardLimits, onChange: (state: BreakerState) => void) {
    this.world = world
    this.limits = limits
    this.breaker = new CircuitBreaker(world, limits.breaker, (state) => {
      world.log.warn({ state }, 'the circuit breaker before the payment provider has changed')
      onChange(state)
    })
  }

  async ask<T extends string>(question: Question, order: OrderId, run: () => Promise<T>): Promise<T | 'unknown'> {
    // Counted here too: a queue that hands an order out again because it takes long makes room for another one beside it.
    if (this.asking < this.limits.concurrency) this.asking++
    else await this.place()
    const passage = this.breaker.enter()
    if (passage === undefined) {
      this.counts[question].skipped++
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
    for (const [question, { durations, failed, skipped }] of Object.entries(this.counts)) {
      const labels = { question }
      durations.collect(sink, 'sluice_payment_provider_seconds', 'Time until the payment provider answered, or was given up', labels)
      sink.counter('sluice_payment_provider_failures_total', 'Questions that the payment provider did not answer', failed, labels)
      sink.counter('sluice_payment_provider_skipped_total', 'Questions not asked because the payment provider fails', skipped, labels)
    }
    sink.gauge('sluice_payment_provider_asking', 'Questions to the payment provider under way', this.asking)
    sink.gauge('sluice_payment_breaker_open', '1 while the payment provider is left alone', this.breaker.state === 'closed' ? 0 : 1)
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
    const counts = this.counts[question]
    const begunAt = world.clock.monotonic()
    return new Promise((resolve) => {
      let isOver = false
      const end = (answered: Answered<T>): void => {
        if (isOver) return
        isOver = true
        timer.cancel()
        counts.durations.note(world.clock.monotonic() - begunAt)
        resolve(answered)
      }
      const fail = (error: unknown): void => {
        if (!isOver) counts.failed++
        world.log.warn({ order, question, error: String(error) }, 'the payment provider failed; the outcome is asked for')
        end({ answer: 'unknown', isAlive: error instanceof ProviderFault && error.code === 'PROVIDER_REFUSED' })
      }
      const running = run()
      const timer = world.timers.after(this.limits.providerDeadlineMs, () =>
        fail(new ProviderFault('PROVIDER_SILENT', 'no answer in time')),
      )
      running.then((answer) => end({ answer, isAlive: true }), fail)
    })
  }
}

function questionCounts() {
  return { durations: new DurationCounts(), failed: 0, skipped: 0 }
}
