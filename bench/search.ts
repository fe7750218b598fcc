import { benchProgram, print } from './bench-program.ts'
import { measureBuys } from './search/buys-meanwhile.ts'
import { measureSearches } from './search/measured-searches.ts'
import { searchCommand, searchOptionsOf } from './search/search-options.ts'

await benchProgram(searchCommand(), searchOptionsOf, async (options) => {
  const searches = await measureSearches(options.products, options.searches, print)
  for (const { kind, p50Ms, p99Ms, maxMs, found } of [...searches.kinds, searches.all])
    print(`  ${kind}: p50 ${p50Ms} ms, p99 ${p99Ms} ms, longest ${maxMs} ms; finds ${found} on average`)
  const buys = options.rounds === 0 ? undefined : await measureBuys(options, print)
  if (buys !== undefined)
    print(
      `p99 of buy: ${buys.p99WithoutMs} ms without a rebuild, ${buys.p99WithMs} ms with one, ${buys.ratio} times as much (medians of the turns)`,
    )
  if (options.json) print(JSON.stringify({ searches, ...(buys === undefined ? {} : { buys }) }))
})
