import { CommanderError } from 'commander'
import { BenchFault } from './bench-fault.ts'
import { lineCommand, lineOptionsOf } from './line/line-options.ts'
import { linesOf } from './line/line-report.ts'
import { measureLine } from './line/line-run.ts'

/** Ends: 0 done, 1 failed, 2 asked for wrongly. What it started ends with it, also after Ctrl-C. */
const exitCode = { done: 0, failed: 1, misused: 2, interrupted: 130 } as const

// Each process that is started is ended with this one, by a listener of its own.
process.setMaxListeners(100)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(exitCode.interrupted))
process.exitCode = await main(process.argv.slice(2))

async function main(words: readonly string[]): Promise<number> {
  try {
    const options = lineOptionsOf(lineCommand().parse([...words], { from: 'user' }))
    const report = await measureLine(options, print)
    for (const line of linesOf(report)) print(line)
    if (options.json) print(JSON.stringify(report))
    return exitCode.done
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.misused
    if (!(error instanceof BenchFault)) throw error
    process.stderr.write(`bench:line: ${error.message}\n`)
    return exitCode.failed
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
