import { writeFileSync } from 'node:fs'
import { CommanderError } from 'commander'
import { BenchFault } from './bench-fault.ts'
import { soakChart } from './soak/soak-chart.ts'
import { soakCommand, soakOptionsOf } from './soak/soak-options.ts'
import { linesOf } from './soak/soak-report.ts'
import { runSoak } from './soak/soak-run.ts'

/** Ends: 0 nothing grows, 1 something does, or it failed; 2 asked for wrongly, 130 after Ctrl-C. What it started ends with it. */
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
    const options = soakOptionsOf(soakCommand().parse([...words], { from: 'user' }))
    const report = await runSoak(options, stop.signal)
    for (const line of linesOf(report)) print(line)
    if (options.into !== undefined) writeFileSync(options.into, `${JSON.stringify(report, null, 2)}\n`)
    if (options.svg !== undefined) writeFileSync(options.svg, soakChart(report))
    if (options.json) print(JSON.stringify(report))
    return report.grows ? exitCode.failed : exitCode.done
  } catch (error) {
    if (stop.signal.aborted) return exitCode.interrupted
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.misused
    if (!(error instanceof BenchFault)) throw error
    process.stderr.write(`bench:soak: ${error.message}\n`)
    return exitCode.failed
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
