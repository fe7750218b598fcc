import { SingleBar } from 'cli-progress'

export interface SoakProgress {
  update(elapsedSeconds: number, what: string): void
  stop(): void
}

/** A bar on standard error if that is a terminal; otherwise silence, so that logs and pipes stay clean. */
export function soakProgress(name: string, seconds: number): SoakProgress {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} }
  const bar = new SingleBar({
    format: `${name} {bar} {minutes} min, {what}`,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  })
  bar.start(seconds, 0, { minutes: '0.0', what: 'starting' })
  return {
    update: (elapsedSeconds, what) => bar.update(Math.min(seconds, elapsedSeconds), { minutes: (elapsedSeconds / 60).toFixed(1), what }),
    stop: () => bar.stop(),
  }
}
