import type { Plain } from './msgpack-writer.ts'

/** What became of a deed: `done`, the code with which it was refused, or `unknown` for one of which the end was not seen. */
export type AuditOutcome = string

/** One deed of an operator that changed something, or was to. Users are named by their pseudonyms, so that nobody has to be struck out of it (docs/users.md). */
export interface AuditEntry {
  /** When it was asked for, and when its outcome was known. */
  readonly at: number
  readonly endedAt: number | null
  /** The name of the key; `loopback` where none is asked for. */
  readonly who: string
  readonly address: string
  readonly method: string
  /** What it was asked for, without secrets. */
  readonly params: Plain
  readonly outcome: AuditOutcome
  /** Why it was refused. */
  readonly message: string | null
  readonly before: Plain
  readonly after: Plain
}

export interface AuditPage {
  /** Newest first. */
  readonly entries: readonly AuditEntry[]
  /** Asks for the entries behind these; null if there are none. */
  readonly next: number | null
}
