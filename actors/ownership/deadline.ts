import type { Timers } from '../../cluster/world.ts'

/** Waits for the work, but no longer than `ms`; false if it was still under way then. Rejects if the work does in time. */
export function within(timers: Timers, ms: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = timers.after(ms, () => resolve(false))
    work.then(
      () => {
        timer.cancel()
        resolve(true)
      },
      (error: unknown) => {
        timer.cancel()
        reject(error instanceof Error ? error : new Error(String(error)))
      },
    )
  })
}
