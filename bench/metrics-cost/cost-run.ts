import { randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { runLoad } from '../load/load-run.ts'
import { usualLoads } from '../load/load.ts'
import { startSluice } from '../servers/sluice-peer.ts'
import type { CostOptions } from './cost-options.ts'
import type { Pair } from './paired-cost.ts'
import { processorSecondsOf } from './processor-time.ts'
import { Scraper } from './scraper.ts'
import { type Look, ratesOf } from './window-rates.ts'

const warmupSeconds = 1.5
/** So that the last window has a look behind it. */
const tailSeconds = 0.5
/** A scrape begins so long after its window, to fall into it whole. */
const settleMs = 50
const firstScrapes = 20
const idleScrapes = 40

export interface NodeCost {
  readonly pairs: readonly Pair[]
  /** Processor time that a scrape takes of the node when it has nothing else to do; the first ones, which take longer, are left out. */
  readonly scrapeMs: number
}

/** Pairs of windows on one node that is started for them. */
export async function costOfOneNode({ pairs, windowSeconds, scrapeEverySeconds }: CostOptions, stop: AbortSignal): Promise<NodeCost> {
  const run = randomInt(36 ** 4)
    .toString(36)
    .padStart(4, '0')
  const peer = await startSluice({ transport: 'rpc', durability: 'fsync', run, snapshots: false })
  const { pid = 0, metricsUrl = '' } = peer
  const scraper = new Scraper(metricsUrl)
  const looks: Look[] = []
  const isScraped = Array.from({ length: 2 * pairs }, (_, i) => isFirstScraped(i >> 1) === (i % 2 === 0))
  let scraping: Promise<void> = Promise.resolve()
  let scrapeMs = 0
  try {
    const { connections, depth } = usualLoads.rpc
    const plan = { connections, depth, seconds: 2 * pairs * windowSeconds + tailSeconds, warmupSeconds, rate: undefined }
    for (let i = 0; i < firstScrapes; i++) await scraper.scrape()
    const before = processorSecondsOf(pid)
    for (let i = 0; i < idleScrapes; i++) await scraper.scrape()
    scrapeMs = ((processorSecondsOf(pid) - before) * 1000) / idleScrapes
    await runLoad(
      plan,
      peer.target,
      {
        measuring: () => {
          scraping = scrapeIn(isScraped, windowSeconds * 1000, scrapeEverySeconds * 1000, scraper, stop)
          // Awaited below; if the run fails first, that is what has to be told.
          scraping.catch(() => {})
        },
        measured: () => {},
        progress: (calls, _errors, at) => looks.push({ at, calls, processorSeconds: processorSecondsOf(pid) }),
      },
      stop,
    )
    await scraping
  } finally {
    await scraper.close()
    await peer.stop()
  }
  const rates = ratesOf(looks, warmupSeconds, windowSeconds, isScraped.length)
  const measured = Array.from({ length: pairs }, (_, i): Pair => {
    const [first, second] = rates.slice(2 * i)
    if (first === undefined || second === undefined) throw new Error('a pair without its windows')
    return isFirstScraped(i) ? { scraped: first, alone: second } : { scraped: second, alone: first }
  })
  return { pairs: measured, scrapeMs }
}

/** In turns, so that what changes while a node runs meets both alike. */
function isFirstScraped(pair: number): boolean {
  return pair % 2 === 0
}

async function scrapeIn(
  windows: readonly boolean[],
  windowMs: number,
  everyMs: number,
  scraper: Scraper,
  stop: AbortSignal,
): Promise<void> {
  const begunAt = performance.now()
  const times = windows.flatMap((isScraped, i) =>
    isScraped ? Array.from({ length: Math.ceil((windowMs - settleMs) / everyMs) }, (_, n) => i * windowMs + settleMs + n * everyMs) : [],
  )
  for (const at of times) {
    await delay(Math.max(0, begunAt + at - performance.now()), undefined, { signal: stop })
    await scraper.scrape()
  }
}
