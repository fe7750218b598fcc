import { pageMemory } from '../page-memory.ts'

const classBytes = [16, 24, 32, 48, 64] as const
const slotBits = 27
const pageBits = 9
const pageSlots = 1 << pageBits
const pageMask = pageSlots - 1

/**
 * User ids as bytes, off the JavaScript heap: pages per size class with a list of free slots. A reference is `class << 27 | slot`;
 * the length is the caller's to keep. A million 16-byte ids take 16 MB and give the garbage collector nothing to do; one more never moves the others.
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
    const slot = slotOf(reference)
    const kept = arena.page(slot)
    const at = (slot & pageMask) * arena.size
    for (let i = 0; i < length; i++) if (kept[at + i] !== bytes[from + i]) return false
    return true
  }

  /** A view of the id's bytes, valid until the next `add`. */
  get(reference: number, length: number): Uint8Array {
    const arena = this.arena(reference >>> slotBits)
    const slot = slotOf(reference)
    const at = (slot & pageMask) * arena.size
    return arena.page(slot).subarray(at, at + length)
  }

  /** Copies the id to `to` at `at`. */
  copy(reference: number, length: number, to: Uint8Array, at: number): void {
    const arena = this.arena(reference >>> slotBits)
    const slot = slotOf(reference)
    const from = (slot & pageMask) * arena.size
    const kept = arena.page(slot)
    for (let i = 0; i < length; i++) to[at + i] = kept[from + i] as number
  }

  free(reference: number): void {
    this.arena(reference >>> slotBits).freeSlots.push(slotOf(reference))
  }

  private arena(index: number): Arena {
    const arena = this.arenas[index]
    if (arena === undefined) throw new Error(`no size class ${index}`)
    return arena
  }
}

class Arena {
  readonly size: number
  readonly freeSlots: number[] = []
  private readonly pages: Uint8Array[] = []
  private used = 0

  constructor(size: number) {
    this.size = size
  }

  page(slot: number): Uint8Array {
    return this.pages[slot >>> pageBits] as Uint8Array
  }

  add(source: Uint8Array, from: number, to: number): number {
    const slot = this.freeSlots.pop() ?? this.used++
    if (slot >>> pageBits === this.pages.length) this.pages.push(new Uint8Array(pageMemory(this.size * pageSlots)))
    const page = this.page(slot)
    // A loop beats TypedArray.set below about 50 bytes.
    for (let i = from, out = (slot & pageMask) * this.size; i < to; i++, out++) page[out] = source[i] as number
    return slot
  }
}

function slotOf(reference: number): number {
  return reference & ((1 << slotBits) - 1)
}
