import { type Database, open, type RootDatabase } from 'lmdb'
import { hasData, roomFault } from './data-file.ts'
import { brokenFault, closedFault, commitFault, copyFault, openingFault } from './lmdb-faults.ts'
import type { StoreFault } from './store.ts'

/**
 * One opened LMDB environment: the only file that knows the `lmdb` package. Two of its defaults are not used:
 *
 * - `overlappingSync` shows a commit before it is on disk, and a failed fsync is then followed by a later one that succeeds without
 *   having written the lost pages. Without it a commit is: write pages, fdatasync, write the root by a synchronous write. That is also no slower.
 * - `eventTurnBatching` adds a promise of its own to every turn, which nobody can await and whose rejection (a full disk) ends the process.
 */
export interface LmdbEnvOptions {
  readonly folder: string
  readonly durability: Durability
  readonly readOnly: boolean
  /** Writes are refused while the disk has less free space than this: a page write of LMDB that hits the end of the disk may end the process. */
  readonly reserveBytes: number
}

/**
 * `fsync`: a commit is on disk before it is seen. `everysec`: its pages are, but the root that makes them count may follow up to a second
 * later (`PeriodicSync`), so that a crash of the machine takes back the last commits; the file itself stays whole.
 */
export type Durability = 'fsync' | 'everysec'

export interface TableEntry {
  readonly key: Buffer
  readonly bytes: Buffer
}

/** Address space, not disk space. The package lets the map grow past it, but only by unmapping what is being read. */
const mapBytes = 2 ** 38
const tableCountMax = 8
const ownerKey = Buffer.from('owner')
const formatKey = Buffer.from('format')
/** Whose entries have versions. */
const tables = { meta: true, log: false, shards: false, chunks: false, trims: false, records: true, rows: true } as const
const copiedAtOnce = 512
const binary = { encoding: 'binary', keyEncoding: 'binary' } as const

export interface Owner {
  /** 0 before the first owner. */
  readonly term: number
  readonly name: string
}

/** Who owned the folder last, read without LMDB's writer lock, which a stopped owner might hold for ever. */
export async function peekOwner(folder: string): Promise<Owner> {
  const nobody = { term: 0, name: '' }
  if (!hasData(folder)) return nobody
  try {
    const root = open({ path: folder, noSubdir: false, mapSize: mapBytes, maxDbs: tableCountMax, overlappingSync: false, readOnly: true })
    // Undefined, whatever its type says, while the first owner is still making the tables.
    const meta: Database<Buffer, Uint8Array> | undefined = root.openDB<Buffer, Uint8Array>({ name: 'meta', useVersions: true, ...binary })
    const entry = meta?.getEntry(ownerKey)
    // The package shares what one process has opened: the owner must not be given this view, which cannot write.
    await root.close()
    return entry === undefined ? nobody : { term: entry.version ?? 0, name: entry.value.toString() }
  } catch (error) {
    throw openingFault(folder, error)
  }
}

export class LmdbEnv {
  readonly log: LmdbTable
  readonly shards: LmdbTable
  readonly chunks: LmdbTable
  readonly trims: LmdbTable
  readonly records: LmdbTable
  /** Of tables that processes share. */
  readonly rows: LmdbTable
  readonly #root: RootDatabase<Buffer, Uint8Array>
  readonly #meta: Database<Buffer, Uint8Array>
  readonly #options: LmdbEnvOptions
  #fault: StoreFault | undefined
  #closed = false

  constructor(options: LmdbEnvOptions) {
    this.#options = options
    try {
      this.#root = open<Buffer, Uint8Array>({
        path: options.folder,
        noSubdir: false,
        mapSize: mapBytes,
        maxDbs: tableCountMax,
        noMemInit: true,
        overlappingSync: false,
        eventTurnBatching: false,
        noMetaSync: options.durability === 'everysec',
        readOnly: options.readOnly,
        ...binary,
      })
      this.#meta = this.#table('meta', tables.meta)
      this.log = new LmdbTable(this.#table('log', tables.log))
      this.shards = new LmdbTable(this.#table('shards', tables.shards))
      this.chunks = new LmdbTable(this.#table('chunks', tables.chunks))
      this.trims = new LmdbTable(this.#table('trims', tables.trims))
      this.records = new LmdbTable(this.#table('records', tables.records))
      this.rows = new LmdbTable(this.#table('rows', tables.rows))
    } catch (error) {
      throw openingFault(options.folder, error)
    }
  }

  /** This number still owns the folder. Reads what is committed now, whoever committed it. */
  owns(term: number): boolean {
    this.fresh()
    return this.#meta.doesExist(ownerKey, term)
  }

  readFormat(): Buffer | undefined {
    return this.#meta.get(formatKey)
  }

  /** Makes `previous + 1` the owner if `previous` still is: of any number of rivals exactly one gets true. */
  takeTerm(previous: number, name: string, format: Uint8Array): Promise<boolean> {
    const refused = this.#refusal(this.#options.reserveBytes)
    if (refused !== undefined) return Promise.reject(refused)
    const write = (): void => {
      void this.#meta.put(formatKey, Buffer.from(format), 0)
      void this.#meta.put(ownerKey, Buffer.from(name), previous + 1)
    }
    return this.#settled(previous === 0 ? this.#meta.ifNoExists(ownerKey, write) : this.#meta.ifVersion(ownerKey, previous, write))
  }

  /**
   * Runs `write` inside a transaction that first looks whether `term` still owns the folder, and resolves when it is on disk; false, with
   * nothing written, if it does not. Bytes that are put must not change until then: they are copied by the writing thread.
   */
  write(term: number, write: () => void): Promise<boolean> {
    return this.#guarded(term, write, this.#options.reserveBytes)
  }

  /** Like {@link write}, for what only removes: it makes room, so it may use half of the reserve for that. */
  clear(term: number, remove: () => void): Promise<boolean> {
    return this.#guarded(term, remove, this.#options.reserveBytes / 2)
  }

  /** Reads after this see every commit that is visible now. Comes before every read, so that a closed store says so. */
  fresh(): void {
    if (this.#closed) throw closedFault()
    this.#root.resetReadTxn()
  }

  /**
   * Writes every entry into an empty folder. LMDB's own copy leaves out the pages that are free, but takes the others as they are, with what was deleted in the room
   * between their entries.
   */
  async rewriteTo(folder: string): Promise<void> {
    this.fresh()
    const copy = open<Buffer, Uint8Array>({
      ...{ path: folder, noSubdir: false, mapSize: mapBytes, maxDbs: tableCountMax, overlappingSync: false, eventTurnBatching: false },
      ...binary,
    })
    try {
      for (const [name, useVersions] of Object.entries(tables)) {
        const to = copy.openDB<Buffer, Uint8Array>({ name, useVersions, ...binary })
        let copied = 0
        for (const { key, value, version } of this.#table(name, useVersions).getRange({ versions: useVersions })) {
          const put = to.put(key, Buffer.from(value), version ?? 0)
          if (++copied % copiedAtOnce === 0) await put
        }
        await to.committed
      }
      await copy.flushed
    } finally {
      await copy.close()
    }
  }

  /** Writes all that is committed now as `data.mdb` into a folder that is there and has none, without free pages and beside whoever writes. */
  async copyTo(folder: string): Promise<void> {
    try {
      await this.#root.backup(folder, true)
    } catch (error) {
      throw copyFault(this.#options.folder, error)
    }
  }

  /** From now on every write is refused with this: what is on disk can no longer be known. */
  giveUp(fault: StoreFault): void {
    this.#fault ??= fault
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#root.close()
  }

  #table(name: string, useVersions: boolean): Database<Buffer, Uint8Array> {
    return this.#root.openDB<Buffer, Uint8Array>({ name, useVersions, ...binary })
  }

  #guarded(term: number, write: () => void, reserveBytes: number): Promise<boolean> {
    const refused = this.#refusal(reserveBytes)
    if (refused !== undefined) return Promise.reject(refused)
    return this.#settled(this.#meta.ifVersion(ownerKey, term, write))
  }

  #refusal(reserveBytes: number): StoreFault | undefined {
    if (this.#closed) return closedFault()
    if (this.#fault !== undefined) return this.#fault
    return roomFault(this.#options.folder, reserveBytes)
  }

  #settled(commit: Promise<boolean>): Promise<boolean> {
    return commit.catch(async (error: unknown) => {
      // After a failed write of the root page the environment is dead, and one more write would never return.
      if (!this.#canRead()) this.giveUp(brokenFault(this.#options.folder))
      throw await commitFault(this.#options.folder, error)
    })
  }

  #canRead(): boolean {
    try {
      this.fresh()
      this.#meta.doesExist(ownerKey)
      return true
    } catch {
      return false
    }
  }
}

/** Keys and values as bytes. `put` and `remove` are called inside {@link LmdbEnv.write} or {@link LmdbEnv.clear} only. */
export class LmdbTable {
  readonly #db: Database<Buffer, Uint8Array>

  constructor(db: Database<Buffer, Uint8Array>) {
    this.#db = db
  }

  get(key: Uint8Array): Buffer | undefined {
    return this.#db.get(key)
  }

  getVersioned(key: Uint8Array): { readonly value: Buffer; readonly version?: number } | undefined {
    return this.#db.getEntry(key)
  }

  has(key: Uint8Array): boolean {
    return this.#db.doesExist(key)
  }

  put(key: Uint8Array, bytes: Uint8Array, version = 0): void {
    void this.#db.put(key, asBuffer(bytes), version)
  }

  remove(key: Uint8Array): void {
    void this.#db.remove(key)
  }

  /** Does nothing if the entry has another version by then. */
  removeVersion(key: Uint8Array, version: number): void {
    // The surrounding write tells of a failure; this promise of its own would end the process by rejecting unheard.
    this.#db.remove(key, version).catch(() => false)
  }

  /** Entries from `start` up to `end`, exclusive, until one of the limits is reached. */
  entries(start: Uint8Array, end: Uint8Array, countMax: number, bytesMax: number): TableEntry[] {
    const found: TableEntry[] = []
    let bytes = 0
    for (const { key, value } of this.#db.getRange({ start, end, limit: countMax })) {
      found.push({ key: asBuffer(key), bytes: value })
      bytes += value.length
      if (bytes >= bytesMax) break
    }
    return found
  }

  /** Entries from `start` up to `end`, exclusive, the last first. */
  lastEntries(start: Uint8Array, end: Uint8Array, countMax: number): TableEntry[] {
    const found: TableEntry[] = []
    // Backwards the package begins with what stands at `end`, and ends before what stands at its other bound.
    for (const { key, value } of this.#db.getRange({ start: end, reverse: true, limit: countMax + 1 })) {
      if (Buffer.compare(key, start) < 0 || found.length === countMax) break
      if (Buffer.compare(key, end) < 0) found.push({ key: asBuffer(key), bytes: value })
    }
    return found
  }

  keys(start: Uint8Array, end: Uint8Array | undefined, countMax: number): Buffer[] {
    return Array.from(this.#db.getKeys({ start, ...(end === undefined ? {} : { end }), limit: countMax }), asBuffer)
  }

  /** The last key from `start` up to `end`, exclusive. */
  lastKey(start: Uint8Array, end: Uint8Array): Buffer | undefined {
    for (const key of this.#db.getKeys({ start: end, end: start, reverse: true, limit: 2 })) {
      if (Buffer.compare(key, end) < 0) return asBuffer(key)
    }
    return undefined
  }

  /** Keys with their versions from `start` on. */
  versions(start: Uint8Array, countMax: number): { readonly key: Buffer; readonly version: number }[] {
    const found: { key: Buffer; version: number }[] = []
    for (const { key, version } of this.#db.getRange({ start, limit: countMax, versions: true })) {
      found.push({ key: asBuffer(key), version: version ?? 0 })
    }
    return found
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
