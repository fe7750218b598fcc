import { SingleBar } from 'cli-progress'
import { print, stoppableProgram } from './bench-program.ts'
import { costCommand, type CostOptions, costOptionsOf } from './metrics-cost/cost-options.ts'
import { costOfOneNode, type NodeCost } from './metrics-cost/cost-run.ts'
import { type Cost, costOf } from './metrics-cost/paired-cost.ts'
import type { Rates } from './metrics-cost/window-rates.ts'

/** As ops/deploy/prometheus/prometheus.yml has it. */
const shippedEverySeconds = 5

await stoppableProgram(costCommand(), costOptionsOf, async (options, stop) => {
  tell(await measure(options, stop), options)
})

async function measure(options: CostOptions, stop: AbortSignal): Promise<readonly NodeCost[]> {
  const bar = process.stderr.isTTY
    ? new SingleBar({ format: '{bar} {value} of {total} nodes', clearOnComplete: true, stream: process.stderr })
    : undefined
  bar?.start(options.runs, 0)
  const nodes: NodeCost[] = []
  try {
    for (let run = 0; run < options.runs; run++) {
      nodes.push(await costOfOneNode(options, stop))
      bar?.update(run + 1)
    }
  } finally {
    bar?.stop()
  }
  return nodes
}

function tell(nodes: readonly NodeCost[], { json, scrapeEverySeconds, windowSeconds }: CostOptions): void {
  const pairs = nodes.flatMap((node) => node.pairs)
  const scrapeMs = Number((nodes.reduce((sum, node) => sum + node.scrapeMs, 0) / nodes.length).toFixed(2))
  const byClock = costOf(pairs, 'perSecond')
  const byProcessor = costOf(pairs, 'perProcessorSecond')
  print(`a scrape every ${scrapeEverySeconds} s costs (${pairs.length} pairs of ${windowSeconds} s, at most: in 95 of 100 cases)`)
  print(`  ${shareOf(byClock)} calls a second`)
  print(`  ${shareOf(byProcessor)} calls for each second of a processor`)
  // Each scrape costs what it costs, so the share follows their number.
  const asShipped = (byClock.bound95 * scrapeEverySeconds) / shippedEverySeconds
  print(`  every ${shippedEverySeconds} s, as Prometheus is shipped: at most ${percent(asShipped)} of calls a second`)
  print(`  a scrape alone takes ${scrapeMs} ms of a processor`)
  if (!json) return
  const each = pairs.map(({ scraped, alone }) => ({ scraped: rounded(scraped), alone: rounded(alone) }))
  print(
    JSON.stringify({
      windowSeconds,
      scrapeEverySeconds,
      scrapeMs,
      byClock: exact(byClock),
      byProcessor: exact(byProcessor),
      asShippedBound95: Number(asShipped.toFixed(5)),
      each,
    }),
  )
}

function shareOf({ mean, bound95, rate }: Cost): string {
  return `${percent(mean)}, at most ${percent(bound95)}, of ${rate.toLocaleString('en-US')}`
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`
}

function exact({ mean, bound95, ...rest }: Cost): Cost {
  return { ...rest, mean: Number(mean.toFixed(5)), bound95: Number(bound95.toFixed(5)) }
}

function rounded({ perSecond, perProcessorSecond }: Rates): Rates {
  return { perSecond: Math.round(perSecond), perProcessorSecond: Math.round(perProcessorSecond) }
}
