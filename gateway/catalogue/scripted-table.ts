import type { RowChange, SharedTable, TableChanges, TableRow } from '../../cluster/shared-table.ts'
import { StoreFault } from '../../cluster/store.ts'

/** A table in memory that counts what is asked of it, may be away, and answers when the test says so. */
export class ScriptedTable implements SharedTable {
  reads = 0
  isAway = false
  private rows: readonly TableRow[] = []
  private revision = 0
  private held: (() => void)[] | undefined

  async get(key: string): Promise<Uint8Array | undefined> {
    this.reads++
    // As of now, however late the answer arrives.
    const found = this.rows.find((row) => row.key === key)?.bytes
    await this.answer()
    await this.released()
    return found
  }

  async write(changes: readonly RowChange[]): Promise<'stored' | 'full'> {
    await this.answer()
    for (const change of changes) {
      const row = { ...change, revision: ++this.revision }
      this.rows = [...this.rows.filter(({ key }) => key !== change.key), row]
    }
    return 'stored'
  }

  async changesAfter(revision: number, most: number): Promise<TableChanges | 'again'> {
    await this.answer()
    return revision > this.revision ? 'again' : this.walk(revision, most)
  }

  async walk(revision: number, most: number): Promise<TableChanges> {
    await this.answer()
    const rows = this.rows.filter((row) => row.revision > revision).slice(0, most)
    return { rows, isEnd: rows.length < most }
  }

  async walkBack(revision: number, most: number): Promise<TableChanges> {
    await this.answer()
    const rows = this.rows
      .filter((row) => row.revision < revision)
      .toReversed()
      .slice(0, most)
    return { rows, isEnd: rows.length < most }
  }

  async last(): Promise<number> {
    await this.answer()
    return this.revision
  }

  async size(): Promise<number> {
    return this.rows.filter(({ bytes }) => bytes !== undefined).length
  }

  /** Answers of `get` wait from now on. */
  hold(): void {
    this.held = []
  }

  letGo(): void {
    const held = this.held ?? []
    this.held = undefined
    for (const go of held) go()
  }

  /** As a failover does that comes too soon. */
  loseAll(): void {
    this.rows = []
    this.revision = 0
  }

  private answer(): Promise<void> {
    if (this.isAway) return Promise.reject(new StoreFault('STORE_FAILED', 'away'))
    return Promise.resolve()
  }

  private released(): Promise<void> {
    const { held } = this
    return held === undefined ? Promise.resolve() : new Promise((resolve) => void held.push(resolve))
  }
}
