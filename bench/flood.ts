import { CommanderError } from 'commander'
import { BenchFault } from './bench-fault.ts'
import { floodCommand, floodOptionsOf } from './flood/flood-options.ts'
import { type FloodReport, linesOf, verdictOf } from './flood/flood-report.ts'
import { runFlood } from './flood/flood-run.ts'

/** Ends: 0 done, 1 failed, 2 asked for wrongly, 130 after Ctrl-C. What it started ends with it. */
const exitCode = { done: 0, failed: 1, misused: 2, interrupted: 130 } as const

process.exitCode = await main(process.argv.slice(2))

async function main(words: readonly string[]): Promise<number> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.once(signal, () => process.exit(exitCode.interrupted))
      stop.abort()
    })
  }
  try {
    const options = floodOptionsOf(floodCommand().parse([...words], { from: 'user' }))
    const cases: FloodReport['cases'][number][] = []
    for (const one of options.cases) {
      const figures = await runFlood(one, options, stop.signal)
      const report = { ...figures, verdict: verdictOf(figures, options.seconds) }
      cases.push(report)
      for (const line of linesOf({ seconds: options.seconds, cases: [report] })) print(line)
    }
    if (options.json) print(JSON.stringify({ seconds: options.seconds, cases } satisfies FloodReport))
    return exitCode.done
  } catch (error) {
    if (stop.signal.aborted) return exitCode.interrupted
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.misused
    if (!(error instanceof BenchFault)) throw error
    process.stderr.write(`bench:flood: ${error.message}\n`)
    return exitCode.failed
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
