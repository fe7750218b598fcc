import { comparePositions, type Position } from '../cluster/store.ts'
import { type Pseudonym, pseudonymOf, userHashOf } from './pseudonym.ts'

/** Of one shard; another one is `BUSY`. */
export const erasuresMax = 50_000
/** After this nothing is kept of what was before it: neither cold records nor what limits of sales count. */
export const erasureMemoryMs = 30 * 24 * 3_600_000

/** One user who was erased. */
export interface Erasure<Kept> {
  readonly pseudonym: Pseudonym
  /** The record that says so: everything of the user up to it is to go. */
  readonly position: Position
  readonly at: number
  /** What still counts. */
  readonly kept: Kept
}

/** The erasures of one shard in the last month, oldest first. Written by `evolve` alone. */
export class Erasures<Kept> {
  /** The record of the last one. */
  newest: Position | undefined
  private readonly byPseudonym = new Map<Pseudonym, Erasure<Kept>>()
  /** By the hash of the user's id: how many, so that most names are known not to be among them without working out their pseudonym. */
  private readonly hashes = new Map<number, number>()

  get isFull(): boolean {
    return this.byPseudonym.size >= erasuresMax
  }

  get isEmpty(): boolean {
    return this.byPseudonym.size === 0
  }

  add(erasure: Erasure<Kept>): void {
    this.remove(erasure.pseudonym)
    for (const { pseudonym, at } of this.byPseudonym.values()) {
      if (erasure.at - at <= erasureMemoryMs) break
      this.remove(pseudonym)
    }
    this.newest = erasure.position
    const hash = userHashOf(erasure.pseudonym)
    this.byPseudonym.set(erasure.pseudonym, erasure)
    this.hashes.set(hash, (this.hashes.get(hash) ?? 0) + 1)
  }

  /** That of a user by id or pseudonym, if it comes no earlier than `position`. */
  of(user: string | Uint8Array, position: Position): Erasure<Kept> | undefined {
    if (this.hashes.size === 0 || !this.hashes.has(userHashOf(user))) return undefined
    const erasure = this.byPseudonym.get(pseudonymOf(user))
    return erasure !== undefined && comparePositions(erasure.position, position) >= 0 ? erasure : undefined
  }

  save(): readonly Erasure<Kept>[] {
    return [...this.byPseudonym.values()]
  }

  restore(saved: readonly Erasure<Kept>[]): void {
    for (const erasure of saved) this.add(erasure)
  }

  clear(): void {
    this.byPseudonym.clear()
    this.hashes.clear()
    this.newest = undefined
  }

  private remove(pseudonym: Pseudonym): void {
    if (!this.byPseudonym.delete(pseudonym)) return
    const hash = userHashOf(pseudonym)
    const left = (this.hashes.get(hash) ?? 1) - 1
    if (left === 0) this.hashes.delete(hash)
    else this.hashes.set(hash, left)
  }
}
