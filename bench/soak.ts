import { writeFileSync } from 'node:fs'
import { CommanderError } from 'commander'
import { BenchFault } from './bench-fault.ts'
import { soakChart } from './soak/soak-chart.ts'
import { soakCommand, type SoakOptions, soakOptionsOf } from './soak/soak-options.ts'
import { fileText, linesOf } from './soak/soak-report.ts'
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
    const options = optionsOf(words)
    if (typeof options === 'string') return misused(options)
    const report = await runSoak(options, stop.signal)
    for (const line of linesOf(report)) print(line)
    if (options.into !== undefined) writeFileSync(options.into, fileText(report))
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

/** The options, or what is wrong with them as a whole. */
function optionsOf(words: readonly string[]): SoakOptions | string {
  const command = soakCommand().parse([...words], { from: 'user' })
  try {
    return soakOptionsOf(command)
  } catch (error) {
    if (error instanceof BenchFault) return error.message
    throw error
  }
}

function misused(why: string): number {
  process.stderr.write(`bench:soak: ${why}\n`)
  return exitCode.misused
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
