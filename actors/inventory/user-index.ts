import { pageOfWords } from '../page-memory.ts'

const partBits = 6
const parts = 1 << partBits
/** A cell is two numbers: the user's hash, and the row + 1 or 0 for an empty cell. */
export const cellSize = 2

/**
 * From a user's hash to its row: open addressing with linear probing, in 64 parts that grow one by one, each at another load, so that neither a single insert nor
 * those of one batch pay for moving millions of entries. The hash stands in the cell, so that looking for a new user touches one line of memory and no rows.
 */
export class UserIndex {
  private readonly cells: Uint32Array[] = Array.from({ length: parts }, () => pageOfWords(16 * cellSize))
  private readonly counts = new Uint32Array(parts)

  /** The cells to probe for this hash, beginning at {@link firstCell}. Kept apart from the comparison so that the table can inline both. */
  part(hash: number): Uint32Array {
    return this.cells[hash >>> (32 - partBits)] as Uint32Array
  }

  insert(hash: number, row: number): void {
    const part = hash >>> (32 - partBits)
    let cells = this.cells[part] as Uint32Array
    const count = (this.counts[part] as number) + 1
    this.counts[part] = count
    if (count > fillOf(part, cells.length)) cells = this.grow(part, cells)
    place(cells, hash, row + 1)
  }

  /** Makes room in an empty index for so many rows. */
  reserve(count: number): void {
    const each = (count / parts) * unevenShare
    for (let part = 0; part < parts; part++) {
      let length = (this.cells[part] as Uint32Array).length
      while (fillOf(part, length) < each) length *= 2
      this.cells[part] = pageOfWords(length)
    }
  }

  /** Takes a row out and closes the hole, so that probing needs no tombstones. */
  remove(hash: number, row: number): void {
    const part = hash >>> (32 - partBits)
    const cells = this.cells[part] as Uint32Array
    const mask = cells.length - 1
    let hole = firstCell(hash, mask)
    while (cells[hole + 1] !== row + 1) {
      if (cells[hole + 1] === 0) throw new Error(`row ${row} is not in the user index`)
      hole = (hole + cellSize) & mask
    }
    for (let next = (hole + cellSize) & mask; cells[next + 1] !== 0; next = (next + cellSize) & mask) {
      const home = firstCell(cells[next] as number, mask)
      // The entry may move back to the hole unless its home lies between the two.
      if (((next - home) & mask) >= ((next - hole) & mask)) {
        cells[hole] = cells[next] as number
        cells[hole + 1] = cells[next + 1] as number
        hole = next
      }
    }
    cells[hole] = 0
    cells[hole + 1] = 0
    this.counts[part] = (this.counts[part] as number) - 1
  }

  private grow(part: number, cells: Uint32Array): Uint32Array {
    const larger = pageOfWords(cells.length * 2)
    for (let at = 0; at < cells.length; at += cellSize) {
      if (cells[at + 1] !== 0) place(larger, cells[at] as number, cells[at + 1] as number)
    }
    this.cells[part] = larger
    return larger
  }
}

/** Where probing for a hash begins; `mask` is the part's length - 1. */
export function firstCell(hash: number, mask: number): number {
  return (hash << 1) & mask
}

/** More than any part has of many rows: hashes spread evenly. */
const unevenShare = 1.05

/** Entries with which a part of this length is full: from 0.45 of its cells in the first to 0.75 in the last. */
function fillOf(part: number, length: number): number {
  return (length / cellSize) * (0.45 + (0.3 * part) / parts)
}

function place(cells: Uint32Array, hash: number, rowPlusOne: number): void {
  const mask = cells.length - 1
  let at = firstCell(hash, mask)
  while (cells[at + 1] !== 0) at = (at + cellSize) & mask
  cells[at] = hash
  cells[at + 1] = rowPlusOne
}
