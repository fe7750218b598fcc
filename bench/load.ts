import { CommanderError } from 'commander'
import { BenchFault } from './bench-fault.ts'
import { loadCommand, loadOptionsOf } from './load/load-options.ts'
import { linesOf } from './load/load-report.ts'
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
    const { load, json, ...settings } = loadOptionsOf(command.parse([...words], { from: 'user' }))
    const report = await loadPeer(load, settings, stop.signal)
    for (const line of linesOf(report)) print(line)
    if (json) print(JSON.stringify(report))
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

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
