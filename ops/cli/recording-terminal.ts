import type { Texts } from '../config.ts'
import type { Terminal } from './terminal.ts'

/** A terminal for tests: keeps what is printed, and nobody looks at it. */
export class RecordingTerminal implements Terminal {
  printed = ''
  complained = ''
  readonly interactive: boolean
  readonly colours = false
  readonly columns = 120
  readonly environment: Texts
  readonly workingFolder: string

  constructor(workingFolder: string, interactive = false, environment: Texts = {}) {
    this.workingFolder = workingFolder
    this.interactive = interactive
    this.environment = environment
  }

  out(text: string): void {
    this.printed += text
  }

  err(text: string): void {
    this.complained += text
  }

  readInput(): Promise<string> {
    return Promise.resolve('')
  }

  ask(): Promise<string> {
    return Promise.resolve('')
  }

  onKey(): () => void {
    return () => {}
  }

  onStopSignal(): void {
    // Nobody asks a test to stop.
  }
}
