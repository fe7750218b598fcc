import { SkuView } from '../../gateway/sku-view.ts'
import { benchSettings } from '../micro/bench-sale.ts'
import { keptBytes } from './kept-bytes.ts'
import { TicketLine } from './ticket-line.ts'
import type { TicketMemory } from './ticket-memory.ts'

// Started by ticket-memory.ts, with --expose-gc: fills a line and prints what a ticket of it takes.
const tickets = Number(process.argv[2])
const line = new TicketLine()
const before = memory()
line.join(1, tickets)
const after = memory()
const figures: TicketMemory = {
  tickets,
  actorBytes: each(keptBytes(line.actor)),
  actorResidentBytes: each(after.rss - before.rss),
  actorHeapBytes: each(after.heapUsed + after.external - before.heapUsed - before.external),
  viewBytes: each(keptBytes(viewOf(tickets).line)),
}
process.stdout.write(JSON.stringify(figures))

function memory(): NodeJS.MemoryUsage {
  // Twice: buffers go with what the first one found.
  for (let i = 0; i < 2; i++) globalThis.gc?.()
  return process.memoryUsage()
}

/** A gateway's view of the same line. */
function viewOf(size: number): SkuView {
  const settings = benchSettings(1)
  const numbers = { phase: 'open', available: 0, held: 1, ordered: 0, sold: 0, servedPerSecond: 0, releaseShare: 0 } as const
  const empty = { sku: settings.sku, settings, ...numbers, waiting: 0, lineFrom: 0, lineEnd: 1, line: new Uint8Array(0) }
  const view = new SkuView(0, empty)
  view.apply({ sku: settings.sku, ...numbers, waiting: size, joined: [1, size], left: [], changed: [] })
  return view
}

function each(bytes: number): number {
  return Math.round((bytes / tickets) * 10) / 10
}
