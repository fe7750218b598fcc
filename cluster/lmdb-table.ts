import type { LmdbEnv, LmdbTable as EnvTable } from './lmdb.ts'
import { lostFolder } from './shard-snapshots.ts'
import type { RowChange, SharedTable, TableChanges, TableLimits } from './shared-table.ts'
import type { Clock } from './world.ts'

/**
 * Keys begin with the table's name and one letter:
 *
 *     r <key>        a row, its revision as the entry's version; without bytes if it is removed
 *     c <revision>   the key that changed then last, 8 bytes big-endian
 *     g <revision>   the same of removed rows only
 *     s              as doubles: rows, the newest removal that is forgotten, removals that are remembered
 */
export class LmdbTable implements SharedTable {
  readonly #env: LmdbEnv
  readonly #term: number
  readonly #clock: Clock
  readonly #prefix: string
  readonly #limits: TableLimits
  /** One process writes, so that it is enough to write in turn. */
  #writing: Promise<unknown> = Promise.resolve()

  constructor(env: LmdbEnv, term: number, clock: Clock, name: string, limits: TableLimits) {
    this.#env = env
    this.#term = term
    this.#clock = clock
    this.#prefix = `${name}\u0000`
    this.#limits = limits
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const bytes = this.#rows().get(this.#rowKey(key))
    return bytes === undefined || bytes.length === 0 ? undefined : bytes
  }

  write(changes: readonly RowChange[]): Promise<'stored' | 'full'> {
    const written = this.#writing.then(() => this.#change(changes))
    this.#writing = written.catch(() => {})
    return written
  }

  async changesAfter(revision: number, most: number): Promise<TableChanges | 'again'> {
    const rows = this.#rows()
    return revision > this.#last(rows) || revision < this.#state(rows).forgotten ? 'again' : this.walk(revision, most)
  }

  async walk(revision: number, most: number): Promise<TableChanges> {
    const rows = this.#rows()
    const found = rows.entries(this.#at('c', revision + 1), this.#end('c'), most, Infinity)
    return this.#changed(rows, found, most)
  }

  async walkBack(revision: number, most: number): Promise<TableChanges> {
    const rows = this.#rows()
    const end = Number.isFinite(revision) ? this.#at('c', revision) : this.#end('c')
    return this.#changed(rows, rows.lastEntries(this.#at('c', 0), end, most), most)
  }

  async last(): Promise<number> {
    return this.#last(this.#rows())
  }

  async size(): Promise<number> {
    return this.#state(this.#rows()).count
  }

  async #change(changes: readonly RowChange[]): Promise<'stored' | 'full'> {
    const rows = this.#rows()
    const state = this.#state(rows)
    const steps: (() => void)[] = []
    let { count, forgotten } = state
    let revision = Math.max(this.#last(rows), this.#clock.now() * 1_000)
    const gone: Removal[] = []
    const back = new Set<number>()
    for (const { key, bytes } of changes) {
      const rowKey = this.#rowKey(key)
      const old = rows.getVersioned(rowKey)
      const was = old?.version ?? 0
      const isThere = old !== undefined && old.value.length > 0
      if (bytes === undefined && !isThere) continue
      const at = ++revision
      const isGone = old !== undefined && !isThere
      if (isGone) back.add(was)
      if (bytes === undefined) gone.push({ revision: at, key })
      count += (bytes === undefined ? 0 : 1) - (isThere ? 1 : 0)
      steps.push(() => {
        if (old !== undefined) rows.remove(this.#at('c', was))
        if (isGone) rows.remove(this.#at('g', was))
        if (bytes === undefined) rows.put(this.#at('g', at), Buffer.from(key))
        rows.put(rowKey, bytes ?? noBytes, at)
        rows.put(this.#at('c', at), Buffer.from(key))
      })
    }
    if (count > this.#limits.rowsMax && count > state.count) return 'full'
    if (steps.length === 0) return 'stored'
    const removals = state.removals - back.size + gone.length
    const excess = Math.max(0, removals - this.#limits.removalsMax)
    for (const old of this.#oldestRemovals(rows, excess, back, gone)) {
      forgotten = old.revision
      steps.push(() => {
        for (const index of ['c', 'g'] as const) rows.remove(this.#at(index, old.revision))
        rows.remove(this.#rowKey(old.key))
      })
    }
    const kept = Buffer.alloc(stateBytes)
    for (const [i, number] of [count, forgotten, removals - excess].entries()) kept.writeDoubleLE(number, i * doubleBytes)
    steps.push(() => rows.put(this.#stateKey(), kept))
    const isOurs = await this.#env.write(this.#term, () => {
      for (const step of steps) step()
    })
    if (!isOurs) throw lostFolder()
    return 'stored'
  }

  #changed(rows: EnvTable, found: readonly { readonly bytes: Buffer }[], most: number): TableChanges {
    const changed = found.flatMap(({ bytes }) => {
      const key = bytes.toString()
      const row = rows.getVersioned(this.#rowKey(key))
      if (row === undefined) return []
      return [{ key, revision: row.version ?? 0, bytes: row.value.length === 0 ? undefined : row.value }]
    })
    return { rows: changed, isEnd: found.length < most }
  }

  #rows(): EnvTable {
    this.#env.fresh()
    return this.#env.rows
  }

  #oldestRemovals(rows: EnvTable, count: number, back: ReadonlySet<number>, fresh: readonly Removal[]): readonly Removal[] {
    if (count === 0) return []
    const known = rows
      .entries(this.#at('g', 0), this.#end('g'), count + back.size, Infinity)
      .map(({ key, bytes }) => ({ revision: revisionOf(key), key: bytes.toString() }))
    return [...known.filter(({ revision }) => !back.has(revision)), ...fresh].slice(0, count)
  }

  #state(rows: EnvTable): TableState {
    const kept = rows.get(this.#stateKey())
    if (kept === undefined) return { count: 0, forgotten: 0, removals: 0 }
    return { count: kept.readDoubleLE(0), forgotten: kept.readDoubleLE(doubleBytes), removals: kept.readDoubleLE(2 * doubleBytes) }
  }

  /** A forgotten removal may have been the newest change. */
  #last(rows: EnvTable): number {
    const key = rows.lastKey(this.#at('c', 0), this.#end('c'))
    const last = key === undefined ? 0 : revisionOf(key)
    return Math.max(last, this.#state(rows).forgotten)
  }

  #rowKey(key: string): Buffer {
    return Buffer.from(`${this.#prefix}r${key}`)
  }

  #stateKey(): Buffer {
    return Buffer.from(`${this.#prefix}s`)
  }

  #at(index: 'c' | 'g', revision: number): Buffer {
    const number = Buffer.alloc(revisionBytes)
    number.writeBigUInt64BE(BigInt(revision))
    return Buffer.concat([Buffer.from(`${this.#prefix}${index}`), number])
  }

  #end(index: 'c' | 'g'): Buffer {
    return Buffer.from(`${this.#prefix}${index === 'c' ? 'd' : 'h'}`)
  }
}

interface TableState {
  readonly count: number
  readonly forgotten: number
  readonly removals: number
}

interface Removal {
  readonly revision: number
  readonly key: string
}

function revisionOf(key: Buffer): number {
  return Number(key.readBigUInt64BE(key.length - revisionBytes))
}

const noBytes = new Uint8Array(0)
const revisionBytes = 8
const doubleBytes = 8
const stateBytes = 3 * doubleBytes
