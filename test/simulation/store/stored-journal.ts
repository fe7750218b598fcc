import {
  type ArchiveRecord,
  comparePositions,
  type JournalRecord,
  journalStart,
  type Position,
  type RewriteRecord,
} from '../../../cluster/store.ts'

/** What the simulated store can be made to do wrong, so that it is seen whether the checkers notice. */
export type StoreSabotage =
  /** An older epoch may go on writing. */
  | 'no-fence'
  /** A record may come without its predecessor. */
  | 'no-chain'
  /** A snapshot is kept whatever is there already. */
  | 'unconditional-snapshot'

/** One shard's chain of records, openings included, oldest first. A record comes right after its predecessor or not at all. */
export class StoredJournal {
  private records: JournalRecord[] = []
  private readonly sabotage: StoreSabotage | undefined
  /** So many of the oldest are trimmed: only the archive has them. */
  private trimmed = 0

  constructor(sabotage: StoreSabotage | undefined) {
    this.sabotage = sabotage
  }

  get head(): Position {
    return this.records.at(-1)?.position ?? journalStart
  }

  /** The epoch was the last to open, and so may write. */
  isOpen(epoch: number): boolean {
    if (this.sabotage === 'no-fence') return this.lastOf(epoch).epoch > 0
    return epoch > 0 && epoch === this.head.epoch
  }

  /** The epoch may write, and this is its last record. */
  endsWith(last: Position): boolean {
    return this.isOpen(last.epoch) && comparePositions(this.lastOf(last.epoch), last) === 0
  }

  open(epoch: number): 'stored' | 'repeated' | 'fenced' {
    const opening = { epoch, seq: 0 }
    const { head } = this
    if (comparePositions(opening, head) === 0) return 'repeated'
    if (epoch <= head.epoch) return 'fenced'
    this.records.push({ position: opening, bytes: noBytes })
    return 'stored'
  }

  append(position: Position, bytes: Uint8Array): 'stored' | 'repeated' | 'fenced' {
    if (this.follows(position)) {
      this.records.push({ position, bytes })
      return 'stored'
    }
    if (position.seq < 1 || !this.isOpen(position.epoch)) return 'fenced'
    const kept = this.records[this.indexOf(position) ?? -1]
    return kept !== undefined && Buffer.compare(kept.bytes, bytes) === 0 ? 'repeated' : 'fenced'
  }

  /** Takes the newest record back: time turns. */
  takeBack(): void {
    this.records.pop()
  }

  /** Up to `countMax` records after `after`, openings included; `gap` if some of them are trimmed, or `after` is of another history. */
  slice(after: Position, countMax: number): readonly JournalRecord[] | 'gap' {
    const at = this.indexOf(after)
    if (at === undefined || at + 1 < this.trimmed) return 'gap'
    return this.records.slice(at + 1, at + 1 + countMax)
  }

  has(position: Position): boolean {
    return this.indexOf(position) !== undefined
  }

  /** Trims what is not after `upTo`; returns what undoes it. */
  trim(upTo: Position): () => void {
    const before = this.trimmed
    const last = this.records.findLastIndex((record) => comparePositions(record.position, upTo) <= 0)
    this.trimmed = Math.max(before, last + 1)
    return () => {
      this.trimmed = before
    }
  }

  /** Rewrites records before `end`, oldest first; says how many, and what undoes it. */
  rewrite(end: Position, rewrite: RewriteRecord): { readonly count: number; readonly undo: () => void } {
    const before = this.records
    let count = 0
    this.records = this.records.map((record) => {
      const bytes =
        record.position.seq === 0 || comparePositions(record.position, end) >= 0 ? undefined : rewrite(record.position, record.bytes)
      if (bytes !== undefined) count++
      return bytes === undefined ? record : { position: record.position, bytes: Buffer.from(bytes) }
    })
    const undo = (): void => {
      this.records = before
    }
    return { count, undo }
  }

  *archive(): IterableIterator<ArchiveRecord> {
    for (const [i, record] of this.records.entries()) yield { ...record, trimmed: i < this.trimmed }
  }

  private follows(position: Position): boolean {
    const { epoch, seq } = position
    if (seq < 1) return false
    const before = this.sabotage === 'no-fence' ? this.lastOf(epoch) : this.head
    if (before.epoch > 0 && before.epoch === epoch && before.seq + 1 === seq) return true
    return this.sabotage === 'no-chain' && comparePositions(position, this.head) > 0
  }

  private lastOf(epoch: number): Position {
    return this.records.findLast((record) => record.position.epoch === epoch)?.position ?? journalStart
  }

  /** -1 for {@link journalStart}. Looked for from the end, where almost everything happens. */
  private indexOf(position: Position): number | undefined {
    if (comparePositions(position, journalStart) === 0) return -1
    const found = this.records.findLastIndex((record) => comparePositions(record.position, position) === 0)
    return found < 0 ? undefined : found
  }
}

const noBytes = new Uint8Array(0)
