const classBytes = [16, 24, 32, 48, 64] as const
const slotBits = 27

/**
 * User ids as bytes, off the JavaScript heap: one array per size class with a list of free slots. A reference is `class << 27 | slot`;
 * the length is the caller's to keep. A million 16-byte ids take 16 MB and give the garbage collector nothing to do.
 */
export class UserBytes {
  private readonly arenas = classBytes.map((size) => new Arena(size))

  add(bytes: Uint8Array, from: number, to: number): number {
    const length = to - from
    const index = length <= 16 ? 0 : length <= 24 ? 1 : length <= 32 ? 2 : length <= 48 ? 3 : 4
    return (index << slotBits) | this.arena(index).add(bytes, from, to)
  }

  equal(reference: number, length: number, bytes: Uint8Array, from: number): boolean {
    const arena = this.arena(reference >>> slotBits)
    const at = (reference & ((1 << slotBits) - 1)) * arena.size
    const kept = arena.bytes
    for (let i = 0; i < length; i++) if (kept[at + i] !== bytes[from + i]) return false
    return true
  }

  /** A view of the id's bytes, valid until the next `add`. */
  get(reference: number, length: number): Uint8Array {
    const arena = this.arena(reference >>> slotBits)
    const at = (reference & ((1 << slotBits) - 1)) * arena.size
    return arena.bytes.subarray(at, at + length)
  }

  /** Copies the id to `to` at `at`. */
  copy(reference: number, length: number, to: Uint8Array, at: number): void {
    const arena = this.arena(reference >>> slotBits)
    const from = (reference & ((1 << slotBits) - 1)) * arena.size
    const kept = arena.bytes
    for (let i = 0; i < length; i++) to[at + i] = kept[from + i] as number
  }

  free(reference: number): void {
    this.arena(reference >>> slotBits).freeSlots.push(reference & ((1 << slotBits) - 1))
  }

  private arena(index: number): Arena {
    const arena = this.arenas[index]
    if (arena === undefined) throw new Error(`no size class ${index}`)
    return arena
  }
}

class Arena {
  readonly size: number
  bytes: Uint8Array
  readonly freeSlots: number[] = []
  private used = 0

  constructor(size: number) {
    this.size = size
    this.bytes = new Uint8Array(size * 64)
  }

  add(source: Uint8Array, from: number, to: number): number {
    const slot = this.freeSlots.pop() ?? this.used++
    const at = slot * this.size
    if (at + this.size > this.bytes.length) {
      const larger = new Uint8Array(this.bytes.length * 2)
      larger.set(this.bytes)
      this.bytes = larger
    }
    // A loop beats TypedArray.set below about 50 bytes.
    for (let i = from, out = at; i < to; i++, out++) this.bytes[out] = source[i] as number
    return slot
  }
}
