import type { SimParts } from '../sim-parts.ts'
import type { SimProcess } from '../sim-process.ts'
import { drawMs, type ServiceWeather } from '../weather.ts'

export interface ServiceCall<T> {
  /** What the service does when the request arrives; what it throws is its answer. */
  readonly run: () => T
  /** What the caller gets instead of an answer. */
  readonly fault: (why: string) => Error
  /** How long the service keeps the answer back; not at all if absent. */
  readonly takesMs?: (result: T) => number
}

/**
 * A request of a process to a shared service. It arrives even if the process has died meanwhile, or has long given up; the answer comes only to a
 * process that lives.
 */
export function callService<T>(
  parts: SimParts,
  process: SimProcess,
  weather: ServiceWeather,
  { run, fault, takesMs }: ServiceCall<T>,
): Promise<T> {
  const { scheduler, random } = parts
  const fails = random.is(weather.failShare)
  const losesAnswer = random.is(weather.answerLostShare)
  const thereMs = requestMs(parts, weather)
  const backMs = drawMs(random, weather.delayMs)
  return new Promise((resolve, reject) => {
    const timer = process.world.timers.after(weather.timeoutMs, () => reject(fault(`no answer within ${weather.timeoutMs} ms`)))
    const answer = (tell: () => void, inMs: number): void => {
      const answered = (): void => {
        timer.cancel()
        tell()
      }
      scheduler.after(inMs + backMs, answered, process)
    }
    scheduler.after(thereMs, () => {
      if (fails) return answer(() => reject(fault('it failed')), 0)
      try {
        const result = run()
        if (!losesAnswer) answer(() => resolve(result), takesMs?.(result) ?? 0)
      } catch (error) {
        const refused = error instanceof Error ? error : fault(String(error))
        if (!losesAnswer) answer(() => reject(refused), 0)
      }
    })
  })
}

/** How long a request is on its way. */
export function requestMs({ random }: SimParts, weather: ServiceWeather): number {
  const slowMs = drawMs(random, weather.slowMs)
  return drawMs(random, weather.delayMs) + (random.is(weather.slowShare) ? slowMs : 0)
}
