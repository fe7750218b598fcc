import { CommanderError } from 'commander'
import { SluiceError } from '../../protocol/client/rpc-client.ts'
import { ConfigFault } from '../config.ts'
import type { Terminal } from './terminal.ts'

/** What was asked for cannot be done as it was asked: each line names one thing to mend. */
export class CommandFault extends Error {
  readonly code = 'COMMAND'
  readonly lines: readonly string[]

  constructor(...lines: readonly string[]) {
    super(lines.join('\n'))
    this.lines = lines
  }
}

/** Ends of a command. */
export const exitCode = { done: 0, failed: 1, misused: 2 } as const

/** Says on one line each what went wrong, and returns the exit code. Only a bug shows a stack. */
export function reportFault(error: unknown, terminal: Terminal): number {
  const say = (...lines: readonly string[]) => terminal.err(lines.map((line) => `sluice: ${line}\n`).join(''))
  // Commander has said it already, or was asked for help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.misused
  if (error instanceof CommandFault) {
    say(...error.lines)
    return exitCode.misused
  }
  if (error instanceof ConfigFault) {
    say(...error.problems)
    return exitCode.misused
  }
  if (error instanceof SluiceError) say(`${error.method}: ${error.code}: ${error.message}`)
  else if (isFault(error)) say(error.message)
  else say(`this is a bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  return exitCode.failed
}

/** Our faults and the system's carry a code; what Node says of a wrong call (`ERR_...`) is a bug. */
function isFault(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && !error.code.startsWith('ERR_')
}
