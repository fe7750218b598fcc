import type { Position, ShardName } from '../../cluster/store.ts'
import { readRecord } from '../../ops/journal/journal-records.ts'
import type { BookedClaim, LedgerState } from '../../ops/journal/ledger-claim.ts'
import { type JournalProblem, ShardAudit } from '../../ops/journal/shard-audit.ts'
import type { LedgerWatch, SkuEvent, StockLedger } from '../../ops/journal/stock-ledger.ts'
import type { Complain } from './findings.ts'
import { SessionHistory } from './session-history.ts'
import { lastIndexUpTo, SkuHistory, type Steps } from './sku-history.ts'

/** One durable record, and when it became that: `tick` counts the records of all shards. */
export interface DurableRecord {
  readonly position: Position
  readonly bytes: Uint8Array
  readonly tick: number
  readonly atMs: number
  /** The last step of its events. */
  readonly step: number
}

/** A rule about what a journal may say of one SKU, beside those of the ledger itself. */
export type JournalRule = (ledger: StockLedger, complain: Complain) => LedgerWatch

/** All that one shard's durable records say, and what they said after each event before. */
export class ShardBooks {
  readonly shard: ShardName
  readonly records: DurableRecord[] = []
  readonly sessions: SessionHistory
  /** When its newest records were lost, in ms; until then undefined. */
  lostAtMs: number | undefined
  private readonly steps: Steps = { count: 0 }
  private readonly skus = new Map<string, SkuHistory>()
  private readonly byPosition = new Map<string, DurableRecord>()
  private readonly audit: ShardAudit

  constructor(shard: ShardName, rules: readonly JournalRule[], complain: Complain) {
    this.shard = shard
    this.sessions = new SessionHistory(this.steps)
    const onProblem = ({ at, sku, promise, problem }: JournalProblem): void =>
      complain(promise, `${shard} record ${at}${sku === '' ? '' : `, ${sku}`}: ${problem}`)
    this.audit = new ShardAudit(shard, false, onProblem, (ledger) => {
      const history = new SkuHistory(ledger, this.steps)
      this.skus.set(ledger.sku, history)
      return new Watches([history, ...rules.map((rule) => rule(ledger, complain))])
    })
  }

  take(position: Position, bytes: Uint8Array, tick: number, atMs: number): void {
    this.audit.take({ position, bytes })
    if (this.shard.startsWith('ses.') && bytes.length > 0) {
      const record = readRecord(bytes)
      if (typeof record !== 'string') for (const event of record.events) this.sessions.take(event)
    }
    const record = { position, bytes, tick, atMs, step: this.steps.count }
    this.records.push(record)
    this.byPosition.set(keyOf(position), record)
  }

  /** The step of now. */
  get step(): number {
    return this.steps.count
  }

  get allSkus(): Iterable<SkuHistory> {
    return this.skus.values()
  }

  sku(name: string): SkuHistory | undefined {
    return this.skus.get(name)
  }

  record(position: Position): DurableRecord | undefined {
    return this.byPosition.get(keyOf(position))
  }

  /** The last step that was durable when so many records of all shards were. */
  stepAtTick(tick: number): number {
    return this.records[lastIndexUpTo(this.records, (record) => record.tick, tick)]?.step ?? 0
  }

  /** The last step that was durable at this time. */
  stepAtTime(ms: number): number {
    return this.records[lastIndexUpTo(this.records, (record) => record.atMs, ms)]?.step ?? 0
  }

  /** The last step that was certainly decided at this time: a record bears the time of its first decision, and the rest may have come later. */
  stepDecidedAt(ms: number): number {
    let index = lastIndexUpTo(this.records, (record) => record.atMs, ms)
    while (this.records[index]?.position.seq === 0) index--
    return this.records[index - 1]?.step ?? 0
  }

  /** The last step under this epoch or an older one. */
  lastStepOf(epoch: number): number {
    return this.records[lastIndexUpTo(this.records, (record) => record.position.epoch, epoch)]?.step ?? 0
  }
}

class Watches implements LedgerWatch {
  private readonly all: readonly LedgerWatch[]

  constructor(all: readonly LedgerWatch[]) {
    this.all = all
  }

  moved(claim: BookedClaim, from: LedgerState | undefined): void {
    for (const watch of this.all) watch.moved(claim, from)
  }

  took(event: SkuEvent, now: number): void {
    for (const watch of this.all) watch.took(event, now)
  }
}

function keyOf({ epoch, seq }: Position): string {
  return `${epoch}-${seq}`
}
