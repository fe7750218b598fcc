import { MultiBar, Presets } from 'cli-progress'

/** Standard error, or what stands for it. */
export type ProgressStream = NodeJS.WritableStream & { readonly isTTY?: boolean }

/** Shows how far a run is, on standard error. */
export interface SweepProgress {
  show(done: number, violations: number): void
  /** A line that stays. */
  say(line: string): void
  end(): void
}

const lineEveryMs = 5_000

/** A bar where somebody looks at a screen, otherwise a line now and then. */
export function sweepProgress(stream: ProgressStream, total: number): SweepProgress {
  return stream.isTTY === true ? bar(stream, total) : lines(stream, total)
}

function bar(stream: ProgressStream, total: number): SweepProgress {
  const format = '  {bar} {value}/{total} seeds, {violations} violations, {eta_formatted} left'
  const bars = new MultiBar({ format, stream, hideCursor: true, clearOnComplete: true, barsize: 24, fps: 5 }, Presets.shades_classic)
  const only = bars.create(total, 0, { violations: 0 })
  return {
    show: (done, violations) => only.update(done, { violations }),
    say: (line) => bars.log(`${line}\n`),
    end: () => bars.stop(),
  }
}

function lines(stream: ProgressStream, total: number): SweepProgress {
  let saidAt = performance.now()
  return {
    show: (done, violations) => {
      if (performance.now() < saidAt + lineEveryMs) return
      saidAt = performance.now()
      stream.write(`${done} of ${total} seeds, ${violations} violations\n`)
    },
    say: (line) => {
      stream.write(`${line}\n`)
    },
    end: () => {},
  }
}
