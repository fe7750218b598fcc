import type { Random } from '../../cluster/world.ts'
import { hashText, mix32 } from '../../protocol/hash.ts'

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** Chance that follows from a seed. Each part of a run draws from a stream of its own, so that a draw more in one place moves nothing in another. */
export class SeededRandom implements Random {
  private readonly seed: number
  private state: number

  constructor(seed: number) {
    this.seed = seed >>> 0
    this.state = this.seed
  }

  /** Another stream, which follows from this one's seed and the name only. */
  fork(name: string): SeededRandom {
    return new SeededRandom(mix32((this.seed ^ hashText(name)) >>> 0))
  }

  /** Source: mulberry32 by T. Ettinger, public domain. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(this.state ^ (this.state >>> 15), this.state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }

  id(length: number): string {
    let id = ''
    while (id.length < length) id += letters[this.below(letters.length)] ?? ''
    return id
  }

  /** A whole number from 0 up to `end`, exclusive. */
  below(end: number): number {
    return Math.floor(this.next() * end)
  }

  /** A whole number from `from` to `to`, both inclusive. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1)
  }

  is(share: number): boolean {
    return this.next() < share
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)]
    if (picked === undefined) throw new RangeError('nothing to pick from')
    return picked
  }
}
