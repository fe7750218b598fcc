import { type Command, CommanderError } from 'commander'
import { reasonOf } from './bench-fault.ts'

/** Ends of a bench: 0 done, 1 failed, 2 asked for wrongly, and as shells have it 128 + 2 after Ctrl-C. */
const exitCode = { done: 0, failed: 1, misused: 2, interrupted: 130 } as const

/** `failed`: it ran, and has printed what is not as it should be. */
type Outcome = Promise<void | 'failed'>

/**
 * Runs this process as one program of the bench: reads its command line, and ends it with an exit code, at most one line saying why.
 * Ctrl-C ends it at once; what it started ends with it.
 */
export async function benchProgram<Options>(
  command: Command,
  optionsOf: (command: Command) => Options,
  run: (options: Options) => Outcome,
): Promise<void> {
  onStopSignal(() => process.exit(exitCode.interrupted))
  process.exitCode = await endOf(command, optionsOf, run, () => false)
}

/** As {@link benchProgram}, but a first Ctrl-C asks `run` to stop and to clean up, and only a second one ends it at once. */
export async function stoppableProgram<Options>(
  command: Command,
  optionsOf: (command: Command) => Options,
  run: (options: Options, stop: AbortSignal) => Outcome,
): Promise<void> {
  const stop = new AbortController()
  onStopSignal((signal) => {
    process.once(signal, () => process.exit(exitCode.interrupted))
    stop.abort()
  })
  process.exitCode = await endOf(
    command,
    optionsOf,
    (options) => run(options, stop.signal),
    () => stop.signal.aborted,
  )
}

/** A line of the result. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function endOf<Options>(
  command: Command,
  optionsOf: (command: Command) => Options,
  run: (options: Options) => Outcome,
  wasStopped: () => boolean,
): Promise<number> {
  let isRunning = false
  try {
    const options = optionsOf(command.parse())
    isRunning = true
    return (await run(options)) === 'failed' ? exitCode.failed : exitCode.done
  } catch (error) {
    if (wasStopped()) return exitCode.interrupted
    // It has printed the help that was asked for, or what is wrong with the command line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.misused
    const reason = reasonOf(error)
    if (reason === undefined) throw error
    process.stderr.write(`${command.name()}: ${reason}\n`)
    return isRunning ? exitCode.failed : exitCode.misused
  }
}

function onStopSignal(listener: (signal: NodeJS.Signals) => void): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, listener)
}
