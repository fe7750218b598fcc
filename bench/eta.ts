import { setImmediate } from 'node:timers/promises'
import { SingleBar } from 'cli-progress'
import { benchProgram, print } from './bench-program.ts'
import { type DrawnSale, playDrawnSale } from './eta/drawn-sales.ts'
import { etaCommand, type EtaOptions, etaOptionsOf } from './eta/eta-options.ts'
import { linesOf, reportOf } from './eta/eta-report.ts'

await benchProgram(etaCommand(), etaOptionsOf, async (options) => {
  const report = reportOf(options.seed, await playAll(options))
  for (const line of linesOf(report)) print(line)
  if (options.json) print(JSON.stringify(report))
})

async function playAll({ sales, seed, names }: EtaOptions): Promise<readonly DrawnSale[]> {
  const bar = process.stderr.isTTY
    ? new SingleBar({ format: '{bar} {value} of {total} sales', clearOnComplete: true, stream: process.stderr })
    : undefined
  bar?.start(sales, 0)
  const played: DrawnSale[] = []
  for (let number = 0; number < sales; number++) {
    played.push(playDrawnSale(seed, names, number))
    bar?.update(number + 1)
    // Ctrl-C is heard between two sales.
    await setImmediate()
  }
  bar?.stop()
  return played
}
