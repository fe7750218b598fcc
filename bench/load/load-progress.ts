import { SingleBar } from 'cli-progress'
import type { LoadPlan } from './load-run.ts'

/** Where a run tells how far it is. */
export interface Progress {
  update(calls: number, errors: number, elapsedSeconds: number): void
  stop(): void
}

/** A bar on standard error if that is a terminal; otherwise silence, so that logs and pipes stay clean. */
export function progressBar(name: string, plan: LoadPlan): Progress {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} }
  const total = plan.warmupSeconds + plan.seconds
  const bar = new SingleBar({
    format: `${name} {bar} {phase} {rate} calls/s, {errors} errors`,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  })
  bar.start(total, 0, { phase: 'warming up', rate: 0, errors: 0 })
  return {
    update: (calls, errors, elapsedSeconds) => {
      const measured = elapsedSeconds - plan.warmupSeconds
      const phase = measured < 0 ? 'warming up' : 'measuring '
      const rate = measured > 0 ? Math.round(calls / measured).toLocaleString('en-US') : '-'
      bar.update(Math.min(total, elapsedSeconds), { phase, rate, errors })
    },
    stop: () => bar.stop(),
  }
}
