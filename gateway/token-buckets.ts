import { mix32 } from '../protocol/hash.ts'

export interface TokenBucketsLimits {
  readonly ratePerSecond: number
  readonly burst: number
  /** Buckets that are kept apart, about; whoever comes while all that a key may use are in use shares one. */
  readonly keysMax: number
  /** How many times the rate and the burst of others some keys have. */
  readonly largerTimes?: number
}

/** Where a key may be: four entries, a cache line. */
const entriesOfSet = 4
/** Entries of 16 bytes: 64 bits that tell the key, and the time at which its bucket is full again. */
const entryWords = 4
const entryDoubles = 2
const fullAtAt = 1
/** So many entries for each key: sets then overflow for one key in fifty when all are in use. */
const entriesOfKey = 2
/** Of the second word: this key's bucket is larger. */
const largerBit = 1
/** Rounding of a sum of fractions; whoever waits for as long as told gets a token. */
const roundingMs = 1e-6

/**
 * A token bucket for each key, in a table of a fixed size. A bucket is one number, the time at which it will be full (GCRA, ITU-T I.371), so that what is full needs no place: it makes way for another
 * key. No object and no string is kept, for those of a rush would be most of what the garbage collector has to copy: a call costs about one cache miss (`npm run bench -- --filter bucket`).
 *
 * Keys are told apart by a seeded hash of 63 bits: nobody can choose a name that shares the bucket of another's.
 */
export class TokenBuckets {
  private readonly words: Uint32Array
  private readonly doubles: Float64Array
  private readonly setMask: number
  private readonly seed: number
  private hash1 = 0
  private hash2 = 0
  private readonly msOfToken: number
  private readonly fillMs: number
  private readonly largerTimes: number
  /** Of the key that was refused last: until it has a token. */
  waitMs = 0

  constructor(limits: TokenBucketsLimits, seed: number) {
    const sets = 2 ** Math.ceil(Math.log2(Math.max(1, (limits.keysMax * entriesOfKey) / entriesOfSet)))
    this.doubles = new Float64Array(sets * entriesOfSet * entryDoubles)
    this.words = new Uint32Array(this.doubles.buffer)
    this.setMask = sets - 1
    this.seed = seed
    this.msOfToken = 1000 / limits.ratePerSecond
    this.fillMs = limits.burst * this.msOfToken
    this.largerTimes = limits.largerTimes ?? 1
  }

  /**
   * Takes a token of this key's bucket. False if there is none; {@link waitMs} then says when there will be one. `now` is monotonic ms; `isLarger` is asked only of keys
   * that have no bucket yet.
   */
  take(key: string, now: number, isLarger: (key: string) => boolean = never): boolean {
    const { words, doubles } = this
    this.hash(key)
    const { hash1: hash, hash2: again } = this
    const first = (hash & this.setMask) * entriesOfSet
    let entry = first
    let isKnown = false
    // Its own, or else the fullest one.
    for (let at = first; at < first + entriesOfSet && !isKnown; at++) {
      isKnown = words[at * entryWords] === hash && ((words[at * entryWords + 1] as number) | largerBit) >>> 0 === again
      if (isKnown || (doubles[at * entryDoubles + fullAtAt] as number) < (doubles[entry * entryDoubles + fullAtAt] as number)) entry = at
    }
    const word = entry * entryWords
    if (!isKnown) {
      words[word] = hash
      words[word + 1] = isLarger(key) ? again : again & ~largerBit
    }
    const times = words[word + 1] === again ? this.largerTimes : 1
    const at = entry * entryDoubles + fullAtAt
    const fullAt = Math.max(doubles[at] as number, now) + this.msOfToken / times
    // A larger bucket has as many times the tokens at as many times the rate, so all fill in the same time.
    const waitMs = fullAt - now - this.fillMs
    if (waitMs > roundingMs) {
      this.waitMs = Math.ceil(waitMs - roundingMs)
      return false
    }
    doubles[at] = fullAt
    return true
  }

  private hash(key: string): void {
    let hash = this.seed
    let again = ~this.seed
    for (let i = 0; i < key.length; i++) {
      const code = key.charCodeAt(i)
      hash = Math.imul(hash ^ code, 0x01000193)
      again = Math.imul(again ^ code, 0x5bd1e995) + (again >>> 15)
    }
    this.hash1 = mix32(hash)
    this.hash2 = (mix32(again) | largerBit) >>> 0
  }
}

function never(): boolean {
  return false
}
