import { StoreFault } from '../../../cluster/store.ts'
import type { Scheduler } from '../scheduler.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { SimProcess } from '../sim-process.ts'
import type { StoreWeather } from './store-weather.ts'

export interface StoreLinkParts {
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  readonly weather: StoreWeather
  readonly process: SimProcess
}

/**
 * One process's connection to the store. Requests arrive in the order in which they were sent, and are answered in that order, like on one TCP
 * connection; a request that was sent arrives, whatever becomes of its sender.
 */
export class StoreLink {
  private readonly parts: StoreLinkParts
  private arrivesAt = 0
  private answeredAt = 0
  /** Requests that wait through an outage. */
  private hanging = 0
  private slowedUntil = 0
  private slowedByMs = 0
  private nextWrite: { readonly extraMs: number; readonly onSent: () => void } | undefined

  constructor(parts: StoreLinkParts) {
    this.parts = parts
  }

  /** What is sent within the next `forMs` takes `extraMs` longer to arrive, and all that comes behind waits for it. */
  slow(extraMs: number, forMs: number): void {
    this.slowedUntil = this.parts.scheduler.now + forMs
    this.slowedByMs = extraMs
  }

  /** The next record that is sent takes `extraMs` longer to arrive, and all that comes behind waits for it; `onSent` hears when that is. */
  slowNextWrite(extraMs: number, onSent: () => void): void {
    this.nextWrite = { extraMs, onSent }
  }

  /** From now on requests travel at their usual pace, behind those that are on their way. */
  heal(): void {
    this.slowedUntil = 0
    this.nextWrite = undefined
  }

  /** A request that brings a record. */
  write<T>(run: () => T): Promise<T> {
    const { nextWrite } = this
    this.nextWrite = undefined
    if (nextWrite === undefined) return this.request(run)
    this.arrivesAt = Math.max(this.arrivesAt, this.parts.scheduler.now + nextWrite.extraMs)
    nextWrite.onSent()
    return this.request(run)
  }

  /** Does `run` at the store in one step. Rejects with what it throws, or with a `StoreFault` whether or not it was done. */
  request<T>(run: () => T): Promise<T> {
    const { scheduler, weather } = this.parts
    return new Promise((resolve, reject) => {
      const fail = (why: string) => (): void => reject(new StoreFault('STORE_FAILED', why))
      const sentAt = scheduler.now
      const serve = (): void => {
        if (this.strikes(weather.failShare)) return this.answer(fail('the request was lost'))
        let outcome: T
        try {
          outcome = run()
        } catch (error) {
          return this.answer(() => reject(error instanceof Error ? error : new Error(String(error))))
        }
        if (this.strikes(weather.loseAnswerShare)) return this.answer(fail('the answer was lost'))
        this.answer(() => resolve(outcome))
      }
      const waitThrough = (): void => {
        this.hanging++
        scheduler.after(weather.outageUntil - scheduler.now, () => {
          this.hanging--
          if (this.isDown) waitThrough()
          else serve()
        })
      }
      const arrive = (): void => {
        if (this.isDown && !this.strikes(weather.hangShare)) return this.answer(fail('the store is down'))
        // Also when it is up again in this very moment: first those that came before.
        if (!this.isDown && this.hanging === 0) return serve()
        this.giveUp(sentAt, fail('the store does not answer'))
        waitThrough()
      }
      const waitMs = this.wayThere()
      if (waitMs > weather.answerWithinMs) this.giveUp(sentAt, fail('the store does not answer'))
      scheduler.after(waitMs, arrive)
    })
  }

  /** Drawn only if it may happen. */
  strikes(share: number): boolean {
    return share > 0 && this.parts.random.is(share)
  }

  private get isDown(): boolean {
    return this.parts.weather.outageUntil > this.parts.scheduler.now
  }

  private wayThere(): number {
    const { now } = this.parts.scheduler
    const extraMs = this.slowedUntil > now ? this.slowedByMs : 0
    this.arrivesAt = Math.max(this.arrivesAt, now + this.latency() + extraMs)
    return this.arrivesAt - now
  }

  private answer(settle: () => void): void {
    const { scheduler, process } = this.parts
    this.answeredAt = Math.max(this.answeredAt, scheduler.now + this.latency())
    scheduler.after(this.answeredAt - scheduler.now, settle, process)
  }

  /** Only slow requests have a timer: most are answered long before. */
  private giveUp(sentAt: number, fail: () => void): void {
    const { scheduler, weather, process } = this.parts
    scheduler.after(sentAt + weather.answerWithinMs - scheduler.now, fail, process)
  }

  private latency(): number {
    const { weather, random } = this.parts
    return random.between(...weather.latencyMs)
  }
}
