import { CommanderError } from 'commander'
import { BenchFault } from './bench-fault.ts'
import { compare } from './load/comparison.ts'
import { loadCommand, type LoadOptions, loadOptionsOf } from './load/load-options.ts'
import { type LoadReport, linesOf, verdictsOf } from './load/load-report.ts'
import { loadPeer } from './load/peer-load.ts'

/** Ends of a bench: 0 done, 1 failed, 2 asked for wrongly, and as shells have it 128 + 2 after Ctrl-C. */
const exitCode = { done: 0, failed: 1, misused: 2, interrupted: 130 } as const

process.exitCode = await main(process.argv.slice(2))

async function main(words: readonly string[]): Promise<number> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      // A second one ends this process at once; its `exit` listeners still take away what it started.
      process.once(signal, () => process.exit(exitCode.interrupted))
      stop.abort()
    })
  }
  try {
    const command = loadCommand()
    const options = loadOptionsOf(command.parse([...words], { from: 'user' }))
    await (options.compare === undefined ? loadOne(options, stop.signal) : loadBoth(options, options.compare, stop.signal))
    return exitCode.done
  } catch (error) {
    if (stop.signal.aborted) return exitCode.interrupted
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.misused
    const reason =
      error instanceof BenchFault
        ? error.message
        : error instanceof Error && 'code' in error
          ? `${String(error.code)}: ${error.message}`
          : undefined
    if (reason === undefined) throw error
    process.stderr.write(`bench:load: ${reason}\n`)
    return exitCode.failed
  }
}

async function loadOne(options: LoadOptions, stop: AbortSignal): Promise<void> {
  for (const load of options.loads) {
    const report = await loadPeer(load, options, stop)
    tell(report)
    if (options.json) print(JSON.stringify(report))
  }
}

async function loadBoth(options: LoadOptions, rounds: number, stop: AbortSignal): Promise<void> {
  const comparison = await compare(rounds, options.loads, options.rival, async (load) => {
    const report = await loadPeer(load, options, stop)
    tell(report)
    return report
  })
  for (const line of verdictsOf(comparison)) print(line)
  if (options.json) print(JSON.stringify(comparison))
}

function tell(report: LoadReport): void {
  for (const line of linesOf(report)) print(line)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
