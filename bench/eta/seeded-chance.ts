import { hashText, mix32 } from '../../protocol/hash.ts'

/** Chance that follows from a seed and a name, so that a draw more in one sale moves nothing in another. */
export class SeededChance {
  private readonly seed: number
  private state: number

  constructor(seed: number, name: string) {
    this.seed = mix32((seed ^ hashText(name)) >>> 0)
    this.state = this.seed
  }

  /** A stream of its own. */
  fork(name: string): SeededChance {
    return new SeededChance(this.seed, name)
  }

  /** From 0 up to 1, exclusive. Source: mulberry32 by T. Ettinger, public domain. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(this.state ^ (this.state >>> 15), this.state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from `from` to `to`, both inclusive. */
  between(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1))
  }

  is(share: number): boolean {
    return this.next() < share
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.between(0, from.length - 1)]
    if (picked === undefined) throw new RangeError('nothing to pick from')
    return picked
  }
}
