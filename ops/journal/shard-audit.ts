import type { ArchiveRecord, Position } from '../../cluster/store.ts'
import { readRecord } from './journal-records.ts'
import { readStockEvent } from './stock-events.ts'
import { StockLedger } from './stock-ledger.ts'

/** Something in a journal that must not be. */
export interface JournalProblem {
  readonly shard: string
  /** `epoch-seq` of the record. */
  readonly at: string
  readonly sku: string
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
  private readonly ledgers: StockLedger[] = []
  private last: Position | undefined
  private lastNow = 0
  private sku = ''

  constructor(shard: string, mayBePartial: boolean, onProblem: (problem: JournalProblem) => void) {
    this.shard = shard
    this.isInventory = shard.startsWith('inv.')
    this.mayBePartial = mayBePartial
    this.onProblem = onProblem
  }

  get skus(): readonly StockLedger[] {
    return this.isPartial ? [] : this.ledgers
  }

  take({ position, bytes }: ArchiveRecord): void {
    this.checkChain(position)
    this.last = position
    if (position.seq === 0) {
      this.epochs++
      if (bytes.length > 0) this.report('opens an epoch and yet has content')
      return
    }
    this.records++
    const record = readRecord(bytes)
    if (typeof record === 'string') {
      this.report(record)
      return
    }
    if (record.now < this.lastNow) this.report(`is ${this.lastNow - record.now} ms older than the one before it`)
    this.lastNow = record.now
    this.events += record.events.length
    if (!this.isInventory || this.isPartial) return
    for (const event of record.events) {
      const read = readStockEvent(event)
      if (typeof read === 'string') this.report(read)
      else if (read.kind === 'configured') this.configure(read)
      else if (read.kind !== 'resumedBy') this.tell(read, record.now)
    }
  }

  private checkChain(position: Position): void {
    const { last } = this
    if (last === undefined) {
      if (position.seq === 0) return
      if (this.mayBePartial) this.isPartial = true
      else this.reportAt(position, `is the first, but its predecessors are missing`)
      return
    }
    const follows = position.epoch === last.epoch ? position.seq === last.seq + 1 : position.epoch > last.epoch && position.seq === 0
    if (!follows) this.reportAt(position, `comes after ${textOf(last)}: something between them is missing`)
  }

  private configure(event: { readonly sku: string; readonly stock: number; readonly perUserMax: number }): void {
    const known = this.ledgers.find(({ sku }) => sku === event.sku)
    if (known !== undefined) known.reconfigure(event.perUserMax)
    else {
      this.ledgers.push(
        new StockLedger(event.sku, event.stock, event.perUserMax, (problem) => {
          this.sku = event.sku
          this.report(problem)
        }),
      )
    }
  }

  private tell(event: Parameters<StockLedger['take']>[0], now: number): void {
    const ledger = this.ledgers[event.index]
    if (ledger !== undefined) ledger.take(event, now)
    else if (this.mayBePartial) this.isPartial = true
    else this.report(`speaks of SKU number ${event.index}, which was never configured`)
  }

  private report(problem: string): void {
    if (this.last !== undefined) this.reportAt(this.last, problem)
  }

  private reportAt(position: Position, problem: string): void {
    this.onProblem({ shard: this.shard, at: textOf(position), sku: this.sku, problem })
    this.sku = ''
  }
}

function textOf({ epoch, seq }: Position): string {
  return `${epoch}-${seq}`
}
