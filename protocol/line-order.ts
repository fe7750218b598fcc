const wordBits = 32

/**
 * Who waits, by claim number, and how many wait before any of them: a bitmap with a Fenwick tree over its words.
 *
 *     numbers   base ............ base+31 | base+32 ........ base+63 | ...
 *     words     1 bit per claim number that waits
 *     tree      Fenwick sums of the words' bit counts
 *
 * Numbers are added in rising order; anyone may leave from anywhere. `add`, `remove` and `countBefore` cost O(log n), `first` O(1) on average.
 * Memory: 8 bytes per 32 numbers of the live range. The inventory actor and every gateway's line view hold one of these per SKU.
 */
export class LineOrder {
  private base = 0
  private words = new Uint32Array(16)
  private tree = new Int32Array(17)
  private firstWord = 0
  private live = 0
  /** One more than the largest number that was ever added. */
  private end = 0

  /** How many wait. */
  get size(): number {
    return this.live
  }

  /** Where the line ends: every number that was ever added is below. */
  get nextNumber(): number {
    return this.end
  }

  has(number: number): boolean {
    const bit = number - this.base
    if (bit < 0 || number >= this.end) return false
    return (((this.words[bit >>> 5] as number) >>> (bit & 31)) & 1) === 1
  }

  /** `number` is larger than every number before it. */
  add(number: number): void {
    if (number < this.end) throw new Error(`claim ${number} joins the line behind ${this.end - 1}`)
    if (this.live === 0) this.rebase(number)
    else if (number - this.base >= this.words.length * wordBits) this.makeRoom(number)
    const bit = number - this.base
    const word = bit >>> 5
    this.words[word] = ((this.words[word] as number) | (1 << (bit & 31))) >>> 0
    this.count(word, 1)
    this.live++
    this.end = number + 1
  }

  /** Takes a number out; false if it did not wait. */
  remove(number: number): boolean {
    if (!this.has(number)) return false
    const bit = number - this.base
    const word = bit >>> 5
    this.words[word] = ((this.words[word] as number) & ~(1 << (bit & 31))) >>> 0
    this.count(word, -1)
    this.live--
    return true
  }

  /** People who wait before this number. */
  countBefore(number: number): number {
    const bit = number - this.base
    if (bit <= 0) return 0
    const word = bit >>> 5
    if (word >= this.words.length) return this.live
    let sum = bitCount((this.words[word] as number) & ((1 << (bit & 31)) - 1))
    for (let i = word; i > 0; i -= i & -i) sum += this.tree[i] as number
    return sum
  }

  /** The number with so many before it, or -1. */
  numberAt(place: number): number {
    if (place < 0 || place >= this.live) return -1
    let word = 0
    let left = place
    for (let step = 1 << (31 - Math.clz32(this.words.length)); step > 0; step >>>= 1) {
      const next = word + step
      if (next >= this.tree.length || (this.tree[next] as number) > left) continue
      word = next
      left -= this.tree[next] as number
    }
    let bits = this.words[word] as number
    for (; left > 0; left--) bits &= bits - 1
    return this.base + word * wordBits + trailingZeros(bits)
  }

  /** The number that has waited longest, or -1. */
  first(): number {
    if (this.live === 0) return -1
    while (this.words[this.firstWord] === 0) this.firstWord++
    const word = this.words[this.firstWord] as number
    return this.base + this.firstWord * wordBits + trailingZeros(word)
  }

  /** The smallest number that waits and is not below `from`, or -1. Walks word by word: for scans, not for single look-ups. */
  nextFrom(from: number): number {
    let bit = Math.max(from - this.base, 0)
    const end = Math.min(this.words.length * wordBits, this.end - this.base)
    while (bit < end) {
      const rest = (this.words[bit >>> 5] as number) >>> (bit & 31)
      if (rest !== 0) return this.base + bit + trailingZeros(rest)
      bit = ((bit >>> 5) + 1) << 5
    }
    return -1
  }

  /** The live range as a bitmap: `from` is the number of its first bit. */
  toBitmap(): { readonly from: number; readonly bits: Uint8Array } {
    if (this.live === 0) return { from: this.end, bits: new Uint8Array(0) }
    this.first()
    const lastWord = (this.end - 1 - this.base) >>> 5
    const words = this.words.slice(this.firstWord, lastWord + 1)
    return { from: this.base + this.firstWord * wordBits, bits: new Uint8Array(words.buffer) }
  }

  /** The order that {@link toBitmap} described; `end` is where the next numbers may begin. Source of the bit order: little-endian words. */
  static fromBitmap(from: number, bits: Uint8Array, end: number): LineOrder {
    const order = new LineOrder()
    order.base = from
    order.words = new Uint32Array(Math.max(16, Math.ceil(bits.length / 4)))
    new Uint8Array(order.words.buffer).set(bits)
    order.rebuildTree()
    for (const word of order.words) order.live += bitCount(word)
    order.end = end
    return order
  }

  private count(word: number, delta: number): void {
    for (let i = word + 1; i < this.tree.length; i += i & -i) this.tree[i] = (this.tree[i] as number) + delta
  }

  /** Drops the words before the first waiting number, and doubles the room if that frees less than half. */
  private makeRoom(number: number): void {
    this.first()
    const kept = this.words.subarray(this.firstWord)
    const newBase = this.base + this.firstWord * wordBits
    const neededWords = ((number - newBase) >>> 5) + 1
    let capacity = this.words.length
    while (capacity < neededWords * 2) capacity *= 2
    const words = new Uint32Array(capacity)
    words.set(kept)
    this.words = words
    this.base = newBase
    this.firstWord = 0
    this.rebuildTree()
  }

  /** With nobody in line all words and sums are zero already, so a line that empties and fills again costs nothing. */
  private rebase(number: number): void {
    this.base = number - (number & 31)
    this.firstWord = 0
  }

  private rebuildTree(): void {
    const { words } = this
    const tree = new Int32Array(words.length + 1)
    for (let i = 1; i < tree.length; i++) {
      tree[i] = (tree[i] as number) + bitCount(words[i - 1] as number)
      const parent = i + (i & -i)
      if (parent < tree.length) tree[parent] = (tree[parent] as number) + (tree[i] as number)
    }
    this.tree = tree
  }
}

/** Set bits of a 32-bit word. Source: Warren, Hacker's Delight, chapter 5. */
function bitCount(word: number): number {
  let x = word - ((word >>> 1) & 0x5555_5555)
  x = (x & 0x3333_3333) + ((x >>> 2) & 0x3333_3333)
  return Math.imul((x + (x >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word)
}
