import { closeSync, openSync, writeSync } from 'node:fs'
import { CommandFault } from './command-fault.ts'
import { Portions } from './portions.ts'

/** A new file of JSON lines, written in portions, so that a list of any length takes little memory. */
export class LinesFile {
  private readonly file: number
  private readonly portions = new Portions((text) => void writeSync(this.file, text))

  /** Throws a {@link CommandFault} if the file cannot be written. */
  constructor(path: string) {
    try {
      this.file = openSync(path, 'w')
    } catch (error) {
      throw new CommandFault(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  write(value: object): void {
    this.portions.write(`${JSON.stringify(value)}\n`)
  }

  close(): void {
    this.portions.flush()
    closeSync(this.file)
  }
}
