import { auditJournal, type JournalReport } from '../../ops/journal/journal-audit.ts'
import type { LedgerClaim } from '../../ops/journal/ledger-claim.ts'
import { openJournal } from '../../ops/journal/open-journal.ts'

/** What the independent reader makes of a data folder. */
export interface JournalBooks extends JournalReport {
  /** By SKU and user: the latest claim of each. */
  readonly latest: ReadonlyMap<string, ReadonlyMap<string, LedgerClaim>>
}

/** Reads the whole journal in a data folder, beside a running node or without one. */
export async function readBooks(folder: string): Promise<JournalBooks> {
  const latest = new Map<string, Map<string, LedgerClaim>>()
  const journal = openJournal(folder)
  try {
    const report = await auditJournal(journal, (claim) => {
      const claims = latest.get(claim.sku) ?? new Map<string, LedgerClaim>()
      latest.set(claim.sku, claims.set(claim.user, claim))
    })
    return { ...report, latest }
  } finally {
    await journal.close()
  }
}
