import { CommanderError } from 'commander'
import type { Terminal } from '../../../ops/cli/terminal.ts'
import { type Searched, searchedFor, searchSabotage, searchTable } from './sabotage-search.ts'
import { UnfitFault } from './seed-child.ts'
import { SeedCrew } from './seed-crew.ts'
import { SeedSweep } from './seed-sweep.ts'
import { simulateCommand, type SimulateOptions, simulateOptionsOf } from './simulate-options.ts'
import { type ProgressStream, sweepProgress } from './sweep-progress.ts'
import { isClean, reportOf, summaryOf } from './sweep-report.ts'
import { linesOf } from './violation.ts'

export interface SimulateHost {
  readonly terminal: Terminal
  /** Where progress and failures go, so that standard output is the result's. */
  readonly progress: ProgressStream
  /** The compiled program of a process that runs seeds. */
  readonly program: string
}

/** Ends of the command: 0 all as it should be, 1 not, 2 asked for wrongly, and as shells have it 128 + 2 after Ctrl-C. */
const exitCode = { done: 0, failed: 1, misused: 2, interrupted: 130 } as const

/** Runs the command; resolves with its exit code. */
export async function simulate(words: readonly string[], host: SimulateHost): Promise<number> {
  const stop = new AbortController()
  host.terminal.onStopSignal(() => stop.abort())
  try {
    const options = simulateOptionsOf(simulateCommand(host.terminal).parse([...words], { from: 'user' }))
    const isGood = await (options.search ? search(options, host, stop.signal) : sweep(options, host, stop.signal))
    if (stop.signal.aborted) return exitCode.interrupted
    return isGood ? exitCode.done : exitCode.failed
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.misused
    if (!(error instanceof UnfitFault)) throw error
    host.terminal.err(`simulate: ${error.message}\n`)
    return exitCode.failed
  }
}

async function sweep(options: SimulateOptions, host: SimulateHost, stop: AbortSignal): Promise<boolean> {
  const { start, seeds: count, sabotage, trace, json, jobs, patience } = options
  const { terminal, program } = host
  const progress = sweepProgress(host.progress, count)
  progress.say(count === 1 ? `seed ${start}` : `${count} seeds from ${start}`)
  const seeds = Array.from({ length: count }, (_, index) => start + index)
  const run = new SeedSweep({ seeds, sabotage, repeats: count > 1, traces: trace }, (violation) => {
    // Whoever prints everything that happened needs no excerpt of it.
    for (const line of linesOf(trace ? { ...violation, trace: [] } : violation)) progress.say(line)
  })
  const watch = setInterval(() => progress.show(run.tally.seeds, run.violations.length), progressEveryMs)
  try {
    await new SeedCrew({ program, sabotage, jobs, seedMsMax: patience * 1000 }).run(run, stop)
    run.close()
  } finally {
    clearInterval(watch)
    progress.end()
  }
  const report = reportOf({ start, sabotage, interrupted: stop.aborted }, run)
  const whole = run.reports.flatMap((one) => one.trace)
  if (json) terminal.out(`${JSON.stringify(trace ? { ...report, trace: whole } : report)}\n`)
  else for (const line of [...whole, ...summaryOf(report)]) terminal.out(`${line}\n`)
  return isClean(report)
}

async function search(options: SimulateOptions, host: SimulateHost, stop: AbortSignal): Promise<boolean> {
  const { start, seeds, jobs, patience, sabotage = '', json } = options
  const { terminal, program } = host
  const searches: Searched[] = []
  for (const one of searchedFor(sabotage)) {
    const progress = sweepProgress(host.progress, seeds)
    progress.say(`${one.name}: up to ${seeds} seeds from ${start}`)
    try {
      searches.push(await searchSabotage(one, { start, seeds, jobs, patience, program, progress }, stop))
    } finally {
      progress.end()
    }
    if (stop.aborted) break
  }
  if (json) terminal.out(`${JSON.stringify({ start, seeds, interrupted: stop.aborted, sabotages: searches })}\n`)
  else terminal.out(searchTable(terminal, searches))
  return searches.every(({ caught }) => caught.length > 0)
}

const progressEveryMs = 200
