/**
 * One small record that all processes of a cluster share and seldom change. Whoever writes says what it has read, so that of two who change it at once one
 * has to look again. Every adapter passes `shared-record-contract.ts`.
 */
export interface SharedRecord {
  /** What is kept now; undefined if that still has the version `known`. Rejects with a `StoreFault` if it cannot be read. */
  read(known: string): Promise<VersionedBytes | undefined>
  /**
   * Puts `next` in the place of what has the version `known`. Rejects with a `StoreFault` if it cannot be known whether it has: reading again tells, by
   * the version. The bytes may not change until it is settled.
   */
  write(known: string, next: VersionedBytes): Promise<'stored' | 'overtaken'>
}

export interface VersionedBytes {
  /** Never used again for other bytes, also after a store has lost its newest writes; so who writes makes it by chance. */
  readonly version: string
  readonly bytes: Uint8Array
}

/** Of a record that nobody has written. */
export const nothingShared: VersionedBytes = { version: '', bytes: new Uint8Array(0) }
