import type { ArchiveRecord, ShardName } from '../../cluster/store.ts'
import type { LedgerClaim } from './ledger-claim.ts'
import { type JournalProblem, ShardAudit } from './shard-audit.ts'

/** What the audit reads: every record that is kept. */
export interface JournalSource {
  readonly shards: readonly ShardName[]
  readArchive(shard: ShardName): AsyncIterable<ArchiveRecord>
  /** Undefined for a shard that never had a snapshot, whose journal was therefore never trimmed. */
  readSnapshot(shard: ShardName): Promise<object | undefined>
}

/** Where one SKU's units are, by the journal alone. */
export interface SkuBooks {
  readonly sku: string
  readonly shard: string
  readonly phase: string
  /** Put in, at the beginning and by restocks. */
  readonly units: number
  readonly available: number
  readonly held: number
  readonly ordered: number
  readonly sold: number
  readonly waiting: number
  readonly claims: number
  readonly users: number
}

export interface JournalReport {
  readonly shards: number
  readonly records: number
  readonly events: number
  readonly epochs: number
  /** Shards whose oldest records are past the archive's time: of these only the chain and the checksums are known. */
  readonly partial: readonly string[]
  readonly skus: readonly SkuBooks[]
  readonly problemCount: number
  /** The first {@link problemsKept} of them. */
  readonly problems: readonly JournalProblem[]
}

export const problemsKept = 100

/**
 * Reads a journal from its beginning and recomputes what it says, with none of the code that wrote it. Calls `onClaim` for every claim there ever was,
 * SKU by SKU, in the order of their tickets. Memory: one shard's claims at a time.
 */
export async function auditJournal(source: JournalSource, onClaim: (claim: LedgerClaim) => void = () => {}): Promise<JournalReport> {
  const problems: JournalProblem[] = []
  let problemCount = 0
  const onProblem = (problem: JournalProblem): void => {
    problemCount++
    if (problems.length < problemsKept) problems.push(problem)
  }
  const totals = { shards: 0, records: 0, events: 0, epochs: 0 }
  const partial: string[] = []
  const skus: SkuBooks[] = []
  for (const shard of source.shards) {
    const audit = new ShardAudit(shard, (await source.readSnapshot(shard)) !== undefined, onProblem)
    for await (const record of source.readArchive(shard)) audit.take(record)
    if (audit.records > 0) totals.shards++
    totals.records += audit.records
    totals.events += audit.events
    totals.epochs += audit.epochs
    if (audit.isPartial) partial.push(shard)
    for (const ledger of audit.skus) {
      const { sku, phase, units, available, held, ordered, sold, waiting, users } = ledger
      let claims = 0
      for (const claim of ledger.allClaims()) {
        claims++
        onClaim(claim)
      }
      skus.push({ sku, shard, phase, units, available, held, ordered, sold, waiting, claims, users })
    }
  }
  return { ...totals, partial, skus: skus.toSorted((a, b) => (a.sku < b.sku ? -1 : 1)), problemCount, problems }
}
