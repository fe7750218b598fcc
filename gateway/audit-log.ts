import type { SharedTable, TableRow } from '../cluster/shared-table.ts'
import type { Clock, Log } from '../cluster/world.ts'
import type { AuditEntry, AuditPage } from '../protocol/audit.ts'
import { packInner, unpackInner } from '../protocol/inner-codec.ts'

export interface AuditLimits {
  readonly auditEntriesMax: number
  readonly auditDays: number
}

export interface AuditLogParts {
  readonly table: SharedTable
  readonly clock: Clock
  readonly log: Log
  readonly limits: AuditLimits
}

/** Old entries that one new entry takes away at most: more than one, so that a lower limit is come to. */
const trimmedAtOnce = 32
const dayMs = 86_400_000

/**
 * What operators have done, newest first: one table that all processes share, so that whoever asks any of them sees all. An entry is there before its deed is begun, without
 * an outcome, and has it before whoever asked for it hears. Bounded by number and age.
 */
export class AuditLog {
  private readonly parts: AuditLogParts

  constructor(parts: AuditLogParts) {
    this.parts = parts
  }

  /** `again` if the deed of this key was done already; one that was refused may have another outcome this time. Rejects with a `StoreFault`. */
  async begin(key: string, entry: AuditEntry): Promise<'begun' | 'again'> {
    const known = await this.parts.table.get(key)
    if (known !== undefined && entryOf(known).outcome === 'done') return 'again'
    await this.write(key, entry)
    return 'begun'
  }

  /** Rejects with a `StoreFault`: the entry is then there without its outcome. */
  async end(key: string, entry: AuditEntry): Promise<void> {
    await this.write(key, entry)
  }

  /** At most `limit` entries, newest first; those before the one that `after` names. */
  async list(after: number | null, limit: number): Promise<AuditPage> {
    const entries: AuditEntry[] = []
    for (let before = after ?? Infinity; ;) {
      const { rows, isEnd } = await this.parts.table.walkBack(before, limit)
      for (const { bytes, revision } of rows) {
        before = revision
        if (bytes === undefined) continue
        entries.push(entryOf(bytes))
        if (entries.length === limit) return { entries, next: isEnd && rows.at(-1)?.revision === revision ? null : revision }
      }
      if (isEnd) return { entries, next: null }
    }
  }

  private async write(key: string, entry: AuditEntry): Promise<void> {
    const bytes = packInner(entry)
    // More than there may be, until what is too old has been taken away.
    while ((await this.parts.table.write([{ key, bytes }])) === 'full')
      if ((await this.trim(1)) === 0) throw new Error('the audit log takes no entry')
    if (entry.endedAt === null) return
    // Whoever waits for the answer need not wait for this.
    this.trim().catch((error: unknown) =>
      this.parts.log.warn({ error: String(error) }, 'old entries of the audit log could not be taken away'),
    )
  }

  /** Takes away what is too much or too old, or `least` of the oldest. */
  private async trim(least = 0): Promise<number> {
    const { table, clock, limits } = this.parts
    const excess = Math.max(least, (await table.size()) - limits.auditEntriesMax)
    const oldest = await this.oldest()
    const until = clock.now() - limits.auditDays * dayMs
    const gone = oldest.filter(({ bytes }, i) => i < excess || entryOf(bytes).at < until)
    if (gone.length > 0) await table.write(gone.map(({ key }) => ({ key, bytes: undefined })))
    return gone.length
  }

  private async oldest(): Promise<readonly (TableRow & { readonly bytes: Uint8Array })[]> {
    for (let after = 0; ;) {
      const { rows, isEnd } = await this.parts.table.walk(after, trimmedAtOnce)
      const there = rows.flatMap(({ bytes, ...row }) => (bytes === undefined ? [] : [{ ...row, bytes }]))
      // Removals stay in the table for a while.
      if (there.length > 0 || isEnd) return there
      after = rows.at(-1)?.revision ?? after
    }
  }
}

function entryOf(bytes: Uint8Array): AuditEntry {
  return unpackInner<AuditEntry>(bytes)
}
