import type { Texts } from '../config.ts'

/** Where a command runs: what it may print to, what surrounds it, and who may ask it to stop. */
export interface Terminal {
  /** Results. */
  out(text: string): void
  /** What went wrong. */
  err(text: string): void
  /** Standard output is a screen that somebody reads. */
  readonly interactive: boolean
  readonly colours: boolean
  readonly columns: number
  readonly environment: Texts
  readonly workingFolder: string
  readInput(): Promise<string>
  /** Puts a question to whoever sits there, and gives the line that they type. */
  ask(question: string): Promise<string>
  /** Calls `listener` with each key that is pressed, at once, until the returned function is called. */
  onKey(listener: (key: string) => void): () => void
  /** Calls `listener` each time the process is asked to stop. */
  onStopSignal(listener: (signal: string) => void): void
}
