import type { ArchiveRecord, Position } from '../../cluster/store.ts'
import { formatOrderTag, orderTag } from '../../protocol/ids.ts'
import { readRecord, type ReadRecord } from './journal-records.ts'
import { readSessionEvent } from './session-events.ts'
import { readStockEvent, type StockEvent, type StockSettings } from './stock-events.ts'
import { type LedgerWatch, type PromiseId, StockLedger } from './stock-ledger.ts'

/** Something in a journal that must not be. */
export interface JournalProblem {
  readonly shard: string
  /** `epoch-seq` of the record. */
  readonly at: string
  readonly sku: string
  /** The promise of SPEC.md that it breaks. */
  readonly promise: PromiseId
  readonly problem: string
}

/**
 * Follows one shard's journal, record by record: its chain, its checksums, and for an inventory shard what it says of every SKU.
 */
export class ShardAudit {
  records = 0
  epochs = 0
  events = 0
  /** The oldest records are gone, as the archive's time wants it; without them the books cannot be kept, and only the chain is checked. */
  isPartial = false
  private readonly shard: string
  private readonly isInventory: boolean
  private readonly mayBePartial: boolean
  private readonly onProblem: (problem: JournalProblem) => void
  private readonly watchOf: ((ledger: StockLedger) => LedgerWatch) | undefined
  private readonly ledgers: StockLedger[] = []
  private last: Position | undefined
  private lastNow = 0
  private sku = ''
  private orderTag = ''

  /** `watchOf` gives a new SKU's books somebody who follows them. */
  constructor(
    shard: string,
    mayBePartial: boolean,
    onProblem: (problem: JournalProblem) => void,
    watchOf?: (ledger: StockLedger) => LedgerWatch,
  ) {
    this.shard = shard
    this.isInventory = shard.startsWith('inv.')
    this.mayBePartial = mayBePartial
    this.onProblem = onProblem
    this.watchOf = watchOf
  }

  get skus(): readonly StockLedger[] {
    return this.isPartial ? [] : this.ledgers
  }

  take({ position, bytes }: Pick<ArchiveRecord, 'position' | 'bytes'>): void {
    this.checkChain(position)
    this.last = position
    if (position.seq === 0) {
      this.epochs++
      if (bytes.length > 0) this.report('G5', 'opens an epoch and yet has content')
      return
    }
    this.records++
    const record = readRecord(bytes)
    if (typeof record === 'string') {
      this.report('G12', record)
      return
    }
    if (record.now < this.lastNow) this.report('G5', `is ${this.lastNow - record.now} ms older than the one before it`)
    const sinceLastMs = this.lastNow === 0 ? 0 : record.now - this.lastNow
    this.lastNow = record.now
    this.events += record.events.length
    if (!this.isInventory) return this.checkSessions(record)
    if (this.isPartial) return
    const events: StockEvent[] = []
    for (const event of record.events) {
      const read = readStockEvent(event)
      if (typeof read === 'string') this.report('G12', read)
      else events.push(read)
    }
    this.checkResumption(position, events[0], sinceLastMs)
    for (const event of events) this.tell(event, record.now)
  }

  private checkSessions({ events }: ReadRecord): void {
    for (const event of events) {
      const read = readSessionEvent(event)
      if (typeof read === 'string') this.report('G12', read)
    }
  }

  /** Nobody could use the time in which nobody owned the shard: a new owner begins with moving all deadlines by it. */
  private checkResumption({ epoch, seq }: Position, first: StockEvent | undefined, sinceLastMs: number): void {
    const resumed = first?.kind === 'resumedBy' ? first : undefined
    if (resumed !== undefined && resumed.epoch !== 0 && resumed.epoch !== epoch)
      this.report('G5', `says that it is of epoch ${resumed.epoch}`)
    const gapMs = resumed?.gapMs
    if (gapMs === undefined && seq === 1 && sinceLastMs > 0)
      this.report('G7', `takes ${sinceLastMs} ms without an owner from all deadlines`)
    if (gapMs !== undefined && gapMs !== sinceLastMs)
      this.report('G7', `moves all deadlines by ${gapMs} ms, and there was no owner for ${sinceLastMs} ms`)
  }

  private checkChain(position: Position): void {
    const { last } = this
    if (last === undefined) {
      if (position.seq === 0) return
      if (this.mayBePartial) this.isPartial = true
      else this.reportAt(position, 'G5', `is the first, but its predecessors are missing`)
      return
    }
    const follows = position.epoch === last.epoch ? position.seq === last.seq + 1 : position.epoch > last.epoch && position.seq === 0
    if (!follows) this.reportAt(position, 'G5', `comes after ${textOf(last)}: something between them is missing`)
  }

  private tell(event: StockEvent, now: number): void {
    if (event.kind === 'configured') return this.configure(event.settings)
    if (event.kind === 'erased') {
      for (const ledger of this.ledgers) ledger.take(event, now)
      return
    }
    if (event.kind === 'resumedBy') {
      if (event.epoch !== 0) this.orderTag = formatOrderTag(orderTag(event.epoch))
      for (const ledger of this.ledgers) {
        ledger.orderTag = this.orderTag
        ledger.take(event, now)
      }
      return
    }
    const ledger = this.ledgers[event.index]
    if (ledger !== undefined) ledger.take(event, now)
    else if (this.mayBePartial) this.isPartial = true
    else this.report('G12', `speaks of SKU number ${event.index}, which was never configured`)
  }

  private configure(settings: StockSettings): void {
    const known = this.ledgers.find(({ sku }) => sku === settings.sku)
    if (known !== undefined) return known.reconfigure(settings)
    const ledger = new StockLedger(settings, (promise, problem) => {
      this.sku = settings.sku
      this.report(promise, problem)
    })
    ledger.orderTag = this.orderTag
    ledger.watch = this.watchOf?.(ledger)
    this.ledgers.push(ledger)
  }

  private report(promise: PromiseId, problem: string): void {
    if (this.last !== undefined) this.reportAt(this.last, promise, problem)
  }

  private reportAt(position: Position, promise: PromiseId, problem: string): void {
    this.onProblem({ shard: this.shard, at: textOf(position), sku: this.sku, promise, problem })
    this.sku = ''
  }
}

function textOf({ epoch, seq }: Position): string {
  return `${epoch}-${seq}`
}
