import type { JournalReader } from './journal-reader.ts'
import { epochKey, logKey } from './lmdb-keys.ts'
import { encodePosition } from './lmdb-manifest.ts'
import type { LmdbEnv } from './lmdb.ts'
import { comparePositions, type Position } from './store.ts'

/**
 * One shard's chain of records, as its only writer in this process sees it. That nobody else wrote meanwhile is checked by every
 * transaction (the owner's term), so the head in memory is the head on disk and nothing is read before a write.
 *
 * One write is under way at a time: a record that was sent while its predecessor could still fail would leave a gap behind it.
 */
export class ShardJournal {
  readonly shard: Buffer
  readonly #env: LmdbEnv
  readonly #term: number
  readonly #epochKey: Buffer
  #owner: string | undefined
  /** The newest epoch that was ever given out. */
  #lastEpoch: number
  /** The epoch that may write, 0 for none. */
  #epoch = 0
  #head: Position
  #underWay: Promise<unknown> | undefined

  constructor(env: LmdbEnv, term: number, shard: Buffer, reader: JournalReader) {
    this.#env = env
    this.#term = term
    this.shard = shard
    this.#epochKey = epochKey(shard)
    this.#head = reader.head(shard)
    this.#lastEpoch = Math.max(this.#head.epoch, env.shards.get(this.#epochKey)?.readDoubleBE(0) ?? 0)
  }

  get head(): Position {
    return this.#head
  }

  stands(epoch: number): boolean {
    return this.#epoch === epoch && this.#env.owns(this.#term)
  }

  /** The epoch was the last to open, as far as this process knows. */
  isOpen(epoch: number): boolean {
    return this.#epoch === epoch && this.#head.epoch === epoch
  }

  /** A new epoch for `owner`, ending the one it had; undefined while another has the shard. */
  async claim(owner: string): Promise<number | 'taken'> {
    if (this.#owner !== undefined && this.#owner !== owner) return 'taken'
    this.#owner = owner
    this.#epoch = 0
    const epoch = ++this.#lastEpoch
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleBE(epoch)
    try {
      const written = await this.#env.write(this.#term, () => this.#env.shards.put(this.#epochKey, bytes))
      if (written && this.#lastEpoch === epoch) this.#epoch = epoch
    } finally {
      if (this.#epoch === 0 && this.#lastEpoch === epoch) this.#owner = undefined
    }
    return this.#epoch === epoch ? epoch : 'taken'
  }

  release(epoch: number): void {
    if (this.#epoch !== epoch) return
    this.#epoch = 0
    this.#owner = undefined
  }

  async open(epoch: number): Promise<'stored' | 'fenced'> {
    while (this.#underWay !== undefined) await this.#underWay
    if (this.#epoch !== epoch) return 'fenced'
    const opening = { epoch, seq: 0 }
    if (comparePositions(this.#head, opening) === 0) return this.stands(epoch) ? 'stored' : 'fenced'
    return this.#head.epoch < epoch ? this.#write(opening, encodePosition(this.#head)) : 'fenced'
  }

  async append(position: Position, record: Uint8Array): Promise<'stored' | 'fenced'> {
    while (this.#underWay !== undefined) await this.#underWay
    if (this.#epoch !== position.epoch) return 'fenced'
    const head = this.#head
    if (head.epoch === position.epoch && position.seq === head.seq + 1) return this.#write(position, record)
    return this.#holds(position, record) && this.stands(position.epoch) ? 'stored' : 'fenced'
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    while (this.#underWay !== undefined) await this.#underWay
  }

  #write(position: Position, record: Uint8Array): Promise<'stored' | 'fenced'> {
    const key = logKey(this.shard, position)
    const outcome = this.#env
      .write(this.#term, () => this.#env.log.put(key, record))
      .then((written) => {
        if (!written) return 'fenced'
        this.#head = position
        return 'stored'
      })
    this.#underWay = outcome.then(
      () => this.#ended(),
      () => this.#ended(),
    )
    return outcome
  }

  #ended(): void {
    this.#underWay = undefined
  }

  #holds(position: Position, record: Uint8Array): boolean {
    if (position.seq < 1 || comparePositions(position, this.#head) > 0) return false
    this.#env.fresh()
    const kept = this.#env.log.get(logKey(this.shard, position))
    return kept !== undefined && Buffer.compare(kept, record) === 0
  }
}
