import { CommanderError } from 'commander'
import { BenchFault } from './bench-fault.ts'
import { measureBuys } from './search/buys-meanwhile.ts'
import { measureSearches } from './search/measured-searches.ts'
import { searchCommand, searchOptionsOf } from './search/search-options.ts'

/** Ends: 0 done, 1 failed, 2 asked for wrongly. What it started ends with it, also after Ctrl-C. */
const exitCode = { done: 0, failed: 1, misused: 2, interrupted: 130 } as const

process.exitCode = await main(process.argv.slice(2))

async function main(words: readonly string[]): Promise<number> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(exitCode.interrupted))
  try {
    const options = searchOptionsOf(searchCommand().parse([...words], { from: 'user' }))
    const searches = await measureSearches(options.products, options.searches, print)
    for (const { kind, p50Ms, p99Ms, maxMs, found } of [...searches.kinds, searches.all])
      print(`  ${kind}: p50 ${p50Ms} ms, p99 ${p99Ms} ms, longest ${maxMs} ms; finds ${found} on average`)
    const buys = options.rounds === 0 ? undefined : await measureBuys(options, print, stop.signal)
    if (buys !== undefined)
      print(
        `p99 of buy: ${buys.p99WithoutMs} ms without a rebuild, ${buys.p99WithMs} ms with one, ${buys.ratio} times as much (medians of the turns)`,
      )
    if (options.json) print(JSON.stringify({ searches, ...(buys === undefined ? {} : { buys }) }))
    return exitCode.done
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.misused
    if (!(error instanceof BenchFault)) throw error
    process.stderr.write(`bench:search: ${error.message}\n`)
    return exitCode.failed
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
