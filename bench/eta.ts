import { SingleBar } from 'cli-progress'
import { CommanderError } from 'commander'
import { type DrawnSale, playDrawnSale } from './eta/drawn-sales.ts'
import { etaCommand, type EtaOptions, etaOptionsOf } from './eta/eta-options.ts'
import { linesOf, reportOf } from './eta/eta-report.ts'

/** Ends: 0 done, 2 asked for wrongly. */
const exitCode = { done: 0, misused: 2 } as const

process.exitCode = main(process.argv.slice(2))

function main(words: readonly string[]): number {
  try {
    const options = etaOptionsOf(etaCommand().parse([...words], { from: 'user' }))
    const report = reportOf(options.seed, playAll(options))
    for (const line of linesOf(report)) process.stdout.write(`${line}\n`)
    if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`)
    return exitCode.done
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.misused
    throw error
  }
}

function playAll({ sales, seed, names }: EtaOptions): DrawnSale[] {
  const bar = process.stderr.isTTY
    ? new SingleBar({ format: '{bar} {value} of {total} sales', clearOnComplete: true, stream: process.stderr })
    : undefined
  bar?.start(sales, 0)
  const played: DrawnSale[] = []
  for (let number = 0; number < sales; number++) {
    played.push(playDrawnSale(seed, names, number))
    bar?.update(number + 1)
  }
  bar?.stop()
  return played
}
