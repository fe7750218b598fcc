import { closeSync, openSync, writeSync } from 'node:fs'
import { CommandFault } from './command-fault.ts'

const flushAt = 64 * 1024

/** A new file of JSON lines, written in portions, so that a list of any length takes little memory. */
export class LinesFile {
  private readonly file: number
  private waiting = ''

  /** Throws a {@link CommandFault} if the file cannot be written. */
  constructor(path: string) {
    try {
      this.file = openSync(path, 'w')
    } catch (error) {
      throw new CommandFault(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  write(value: object): void {
    this.waiting += `${JSON.stringify(value)}\n`
    if (this.waiting.length >= flushAt) this.flush()
  }

  close(): void {
    this.flush()
    closeSync(this.file)
  }

  private flush(): void {
    writeSync(this.file, this.waiting)
    this.waiting = ''
  }
}
