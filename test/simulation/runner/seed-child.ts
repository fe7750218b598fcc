import { type ChildProcess, fork } from 'node:child_process'
import type { SeedReport } from '../seed-report.ts'
import { answerSchema, type SeedAnswer, type SeedTask } from './seed-messages.ts'

/** How a task ended. Only after `report` and `threw` can the process take another. */
export type SeedEnd =
  | { readonly kind: 'report'; readonly report: SeedReport }
  | { readonly kind: 'threw'; readonly error: string }
  | { readonly kind: 'died'; readonly how: string }
  | { readonly kind: 'hung'; readonly afterMs: number }

/** The processes cannot run any seed at all. */
export class UnfitFault extends Error {
  readonly code = 'UNFIT'
}

const stderrCharsMax = 4_000
/** Node, and everything that a seed needs, loaded. */
const startMsMax = 30_000

/** A process that runs seeds, one at a time (seed-service.ts). */
export class SeedChild {
  private readonly process: ChildProcess
  private readonly started: Promise<SeedAnswer | SeedEnd>
  private readonly gone: Promise<void>
  private stderr = ''

  /** `program`: path of the compiled program; `words`: its arguments. */
  constructor(program: string, words: readonly string[]) {
    this.process = fork(program, [...words], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], serialization: 'advanced' })
    this.process.stderr?.on('data', (chunk: Buffer) => {
      this.stderr = `${this.stderr}${chunk.toString()}`.slice(-stderrCharsMax)
    })
    this.gone = new Promise((resolve) => {
      this.process.once('close', () => resolve())
    })
    this.started = this.answer(startMsMax)
  }

  /** Rejects with an {@link UnfitFault} if the process says that it cannot run any. */
  async run({ seed, keepTraceLines }: SeedTask, msMax: number): Promise<SeedEnd> {
    const first = await this.started
    if (first.kind === 'unfit') throw new UnfitFault(first.why)
    if (first.kind !== 'ready') return seedEnd(first)
    const answer = this.answer(msMax)
    // One that cannot be sent ends with the process.
    const task: SeedTask = { seed, keepTraceLines }
    this.process.send(task, () => {})
    return seedEnd(await answer)
  }

  kill(): void {
    this.process.kill('SIGKILL')
  }

  /** Resolves when the process is gone. */
  async end(): Promise<void> {
    this.kill()
    await this.gone
  }

  private answer(msMax: number): Promise<SeedAnswer | SeedEnd> {
    const child = this.process
    return new Promise((resolve) => {
      const end = (answer: SeedAnswer | SeedEnd): void => {
        clearTimeout(timer)
        child.off('message', said).off('close', closed).off('error', failed)
        resolve(answer)
      }
      const said = (message: unknown): void => end(answerSchema.parse(message))
      const closed = (code: number | null, signal: string | null): void =>
        end({ kind: 'died', how: `ended with ${signal ?? code}${this.stderr === '' ? '' : `: ${this.stderr.trim()}`}` })
      const failed = (error: Error): void => end({ kind: 'died', how: error.message })
      const timer = setTimeout(() => end({ kind: 'hung', afterMs: msMax }), msMax)
      child.on('message', said).on('close', closed).on('error', failed)
    })
  }
}

function seedEnd(answer: SeedAnswer | SeedEnd): SeedEnd {
  switch (answer.kind) {
    case 'done':
      return { kind: 'report', report: answer.report }
    case 'ready':
    case 'unfit':
      return { kind: 'died', how: `said ${answer.kind} where the end of a seed was due` }
    default:
      return answer
  }
}
