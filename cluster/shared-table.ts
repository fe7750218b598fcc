/**
 * Many rows by key that all processes of a cluster share. Every change gets a revision, and revisions only rise: whoever remembers the last one that it has
 * seen reads what came since. Every adapter passes `shared-table-contract.ts`. A rejected promise is a `StoreFault`.
 */
export interface SharedTable {
  /** Undefined if there is no such row. */
  get(key: string): Promise<Uint8Array | undefined>
  /**
   * Makes all of these changes or none: `full`, with nothing changed, if there would be more than `rowsMax` rows. A few hundred changes at
   * a time at most, no key twice. Repeating it is harmless. The bytes may not change until it has settled.
   */
  write(changes: readonly RowChange[]): Promise<'stored' | 'full'>
  /** The rows whose last change came after `revision`, oldest change first, at most `most`: from 0 on, a walk through all that there is. */
  walk(revision: number, most: number): Promise<TableChanges>
  /**
   * The same for somebody who has seen everything up to `revision`. `again`: what came since cannot be known any more, for the table has forgotten
   * removals or lost its newest changes; walk through it, and drop what is not found.
   */
  changesAfter(revision: number, most: number): Promise<TableChanges | 'again'>
  /** The same walk from the other end: rows whose last change came before `revision`, newest change first. `Infinity` begins with the newest. */
  walkBack(revision: number, most: number): Promise<TableChanges>
  /** The newest revision; 0 for a table without any. */
  last(): Promise<number>
  /** Rows that there are. */
  size(): Promise<number>
}

/** `bytes` is undefined for a removal; a row has at least one byte. */
export interface RowChange {
  readonly key: string
  readonly bytes: Uint8Array | undefined
}

export interface TableRow extends RowChange {
  readonly revision: number
}

export interface TableChanges {
  readonly rows: readonly TableRow[]
  /** There was nothing behind these when they were read. */
  readonly isEnd: boolean
}

export interface TableLimits {
  readonly rowsMax: number
  /** Removals that are remembered, so that others hear of them. */
  readonly removalsMax: number
}

/** A row of a few hundred bytes makes this some hundred megabytes. */
export const tableLimits: TableLimits = { rowsMax: 500_000, removalsMax: 20_000 }
