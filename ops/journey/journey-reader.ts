import type { ShardName } from '../../cluster/store.ts'
import { type JournalLine, type LinesSource, readJournalLines } from '../journal/journal-lines.ts'
import type { StockLedger } from '../journal/stock-ledger.ts'
import { stepsIn } from './sku-steps.ts'
import { SkuTimes } from './sku-times.ts'
import type { JourneyStep, SkuJourney, UserJourney, Visit } from './user-journey.ts'
import { tellJourney } from './why.ts'

/** Devices that came and went again and again are told by their latest visits. */
const visitsMax = 50
const skusOfStrangers = 10

/** What the journal says of one SKU to everyone. */
export interface SkuBook {
  readonly sku: string
  /** Undefined where the SKU's beginning is past the archive's time. */
  ledger: StockLedger | undefined
  readonly times: SkuTimes
}

/**
 * The journeys of these users, in their order, out of all inventory shards and their own session shards; with `sku` only what concerns that one, which is in
 * the shard `home`. One walk through the journal, however many they are. Memory: the claims of all SKUs.
 */
export async function readJourneys(
  source: LinesSource,
  users: readonly string[],
  shards: readonly ShardName[],
  sku?: string,
): Promise<readonly UserJourney[]> {
  const reader = new JourneyReader(users)
  for (const shard of shards) for await (const line of readJournalLines(source, [shard])) reader.take(line)
  return users.map((user) => reader.journeyOf(user, sku))
}

class JourneyReader {
  private readonly users: ReadonlySet<string>
  private readonly books = new Map<string, SkuBook>()
  private readonly steps = new Map<string, Map<string, JourneyStep[]>>()
  private readonly visits = new Map<string, Visit[]>()
  private readonly partial = new Set<string>()
  private shard = ''

  constructor(users: readonly string[]) {
    this.users = new Set(users)
  }

  take(line: JournalLine): void {
    if (line.shard !== this.shard && line.position.seq !== 0 && line.shard.startsWith('inv.')) this.partial.add(line.shard)
    this.shard = line.shard
    const { event, trail, now } = line
    if (event.kind === 'attached' || event.kind === 'detached') {
      this.visited(event.user, { at: now, kind: event.kind === 'attached' ? 'came' : 'went', gateway: event.gateway })
      return
    }
    if (trail === undefined) return
    const book = this.bookOf(line.sku)
    book.ledger = trail.ledger
    if (trail.ledger !== undefined) book.times.look(trail.ledger, now)
    for (const [user, step] of stepsIn(line, this.users)) this.stepsOf(user, line.sku).push(step)
  }

  journeyOf(user: string, sku: string | undefined): UserJourney {
    const own = this.steps.get(user) ?? new Map<string, JourneyStep[]>()
    const skus = this.skusFor(user, own, sku).map((book): SkuJourney => tellJourney(user, book, own.get(book.sku) ?? [], this.saleOf(book)))
    return { user, visits: this.visits.get(user) ?? [], skus, partial: [...this.partial] }
  }

  /** Those that the user has to do with, in the order in which they came to them; for a stranger those that began last. */
  private skusFor(user: string, own: ReadonlyMap<string, readonly JourneyStep[]>, only: string | undefined): readonly SkuBook[] {
    const all = [...this.books.values()].filter((book) => book.sku !== '')
    if (only !== undefined) return all.filter(({ sku }) => sku === only)
    const touched = all.filter(({ sku }) => own.has(sku)).toSorted((a, b) => beganAt(own.get(a.sku)) - beganAt(own.get(b.sku)))
    if (touched.length === 0) return all.toSorted((a, b) => openedAt(b) - openedAt(a)).slice(0, skusOfStrangers)
    // A limit of the sale speaks for those SKUs too that the user never got.
    const limited = all.filter((book) => !own.has(book.sku) && this.saleOf(book).some(({ ledger }) => isLimitedBy(ledger, user)))
    return [...touched, ...limited]
  }

  /** All SKUs that one limit of a sale counts, or this one alone. */
  private saleOf(book: SkuBook): readonly SkuBook[] {
    const settings = book.ledger?.settings
    if (settings?.saleLimitPerUser === undefined) return [book]
    return [...this.books.values()].filter(({ ledger }) => ledger?.settings.sale === settings.sale)
  }

  private bookOf(sku: string): SkuBook {
    const known = this.books.get(sku)
    if (known !== undefined) return known
    const book = { sku, ledger: undefined, times: new SkuTimes() }
    this.books.set(sku, book)
    return book
  }

  private stepsOf(user: string, sku: string): JourneyStep[] {
    const skus = this.steps.get(user) ?? new Map<string, JourneyStep[]>()
    this.steps.set(user, skus)
    const steps = skus.get(sku) ?? []
    skus.set(sku, steps)
    return steps
  }

  private visited(user: string, visit: Visit): void {
    if (!this.users.has(user)) return
    const visits = this.visits.get(user) ?? []
    this.visits.set(user, visits)
    visits.push(visit)
    if (visits.length > visitsMax) visits.shift()
  }
}

function isLimitedBy(ledger: StockLedger | undefined, user: string): boolean {
  if (ledger?.settings.saleLimitPerUser === undefined) return false
  const { bought, live } = ledger.unitsOf(user)
  return bought + live > 0
}

function beganAt(steps: readonly JourneyStep[] | undefined): number {
  return steps?.[0]?.at ?? 0
}

function openedAt({ times }: SkuBook): number {
  return times.spans.find(({ answer }) => answer === 'open')?.from ?? 0
}
