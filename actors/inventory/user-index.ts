const partBits = 6
const parts = 1 << partBits
const rowBits = 24
const rowMask = (1 << rowBits) - 1

/** Rows that the index can tell apart; more than a SKU's `usersMax` may be. */
export const rowsMax = rowMask

/**
 * From a user's hash to its row: open addressing with linear probing, in 64 parts that grow one by one, so that no single insert pays for
 * moving millions of entries.
 *
 *     cell   8 bits of the hash | 24 bits row + 1        0 is an empty cell
 *
 * The hash's bits tell nearly all other users apart without a look at their rows: a newcomer's search ends within one or two cache lines, where
 * with a million users every look at a row would be another miss (15 % of a buy's time before, measured by perf under `bench:load`).
 * The row's whole hash is kept by the table, which also compares the ids themselves.
 */
export class UserIndex {
  private readonly cells: Uint32Array[] = Array.from({ length: parts }, () => new Uint32Array(16))
  private readonly counts = new Uint32Array(parts)
  private readonly hashOf: (row: number) => number

  constructor(hashOf: (row: number) => number) {
    this.hashOf = hashOf
  }

  /** The cells to probe for this hash. Kept apart from the comparison so that the table can inline both. */
  part(hash: number): Uint32Array {
    return this.cells[hash >>> (32 - partBits)] as Uint32Array
  }

  insert(hash: number, row: number): void {
    if (row >= rowsMax) throw new RangeError(`a user index holds ${rowsMax} rows`)
    const part = hash >>> (32 - partBits)
    let cells = this.cells[part] as Uint32Array
    const count = (this.counts[part] as number) + 1
    this.counts[part] = count
    if (count * 4 > cells.length * 3) cells = this.grow(part, cells)
    place(cells, hash, row)
  }

  /** Takes a row out and closes the hole, so that probing needs no tombstones. */
  remove(hash: number, row: number): void {
    const part = hash >>> (32 - partBits)
    const cells = this.cells[part] as Uint32Array
    const mask = cells.length - 1
    let hole = hash & mask
    const cell = cellOf(hash, row)
    while (cells[hole] !== cell) {
      if (cells[hole] === 0) throw new Error(`row ${row} is not in the user index`)
      hole = (hole + 1) & mask
    }
    for (let next = (hole + 1) & mask; cells[next] !== 0; next = (next + 1) & mask) {
      const home = this.hashOf(rowOfCell(cells[next] as number)) & mask
      // The entry may move back to the hole unless its home lies between the two.
      if (((next - home) & mask) >= ((next - hole) & mask)) {
        cells[hole] = cells[next] as number
        hole = next
      }
    }
    cells[hole] = 0
    this.counts[part] = (this.counts[part] as number) - 1
  }

  private grow(part: number, cells: Uint32Array): Uint32Array {
    const larger = new Uint32Array(cells.length * 2)
    for (const cell of cells) {
      if (cell !== 0) place(larger, this.hashOf(rowOfCell(cell)), rowOfCell(cell))
    }
    this.cells[part] = larger
    return larger
  }
}

/** Whether the cell may be of a user with this hash. */
export function mayBe(cell: number, hash: number): boolean {
  return ((cell ^ (hash << 6)) & ~rowMask) === 0
}

export function rowOfCell(cell: number): number {
  return (cell & rowMask) - 1
}

/** Bits 18 to 25 of the hash: those above choose the part, those below the cell, up to 16 million users. */
function cellOf(hash: number, row: number): number {
  return (((hash << 6) & ~rowMask) | (row + 1)) >>> 0
}

function place(cells: Uint32Array, hash: number, row: number): void {
  const mask = cells.length - 1
  let at = hash & mask
  while (cells[at] !== 0) at = (at + 1) & mask
  cells[at] = cellOf(hash, row)
}
