import { Writable } from 'node:stream'
import { Presets, SingleBar } from 'cli-progress'
import type { RushProgress } from '../rush/rush.ts'
import type { Terminal } from './terminal.ts'

/** Shows how far a rush is, until `end`. */
export interface ProgressView {
  readonly show: (progress: RushProgress) => void
  readonly end: () => void
}

const lineEveryMs = 1_000

/** A bar where somebody looks at a screen, otherwise a line a second; as JSON a line for each progress. */
export function rushProgress(terminal: Terminal, users: number, asJson: boolean): ProgressView {
  if (asJson) return { show: (progress) => terminal.out(`${JSON.stringify({ kind: 'progress', ...progress })}\n`), end: () => {} }
  return terminal.interactive ? bar(terminal, users) : lines(terminal)
}

function bar(terminal: Terminal, users: number): ProgressView {
  const single = new SingleBar(
    {
      format: '  {bar} {value}/{total}  {text}',
      stream: screenOf(terminal),
      hideCursor: true,
      clearOnComplete: true,
      barsize: 24,
      fps: 10,
    },
    Presets.shades_classic,
  )
  single.start(users, 0, { text: '' })
  return {
    show: (progress) => single.update(progress.done, { text: countsText(progress) }),
    end: () => single.stop(),
  }
}

function lines(terminal: Terminal): ProgressView {
  let last = ''
  let saidAt = Number.NEGATIVE_INFINITY
  return {
    show: (progress) => {
      const text = `${progress.done} of ${progress.users} done: ${countsText(progress)}\n`
      if (text === last || (performance.now() < saidAt + lineEveryMs && progress.done < progress.users)) return
      last = text
      saidAt = performance.now()
      terminal.out(text)
    },
    end: () => {},
  }
}

function countsText({ stages, outcomes }: RushProgress): string {
  const counts: readonly (readonly [number, string])[] = [
    [stages.arriving, 'connecting'],
    [stages.early, 'waiting for the opening'],
    [stages.queued, 'in line'],
    [stages.held + stages.paying, 'at the till'],
    [outcomes.bought, 'bought'],
    [outcomes.soldout, 'sold out'],
    [outcomes.left + outcomes.lapsed, 'gone without'],
    [outcomes.declined + outcomes.refunded, 'declined'],
    [outcomes.refused + outcomes.unanswered, 'failed'],
  ]
  return counts
    .filter(([number]) => number > 0)
    .map(([number, name]) => `${number} ${name}`)
    .join(', ')
}

/** What the bar's package writes to; it asks the stream itself whether it is a screen. */
function screenOf(terminal: Terminal): NodeJS.WritableStream {
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      terminal.out(String(chunk))
      done()
    },
  })
  return Object.assign(stream, { isTTY: true, columns: terminal.columns })
}
