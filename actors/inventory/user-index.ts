const partBits = 6
const parts = 1 << partBits

/**
 * From a user's hash to its row: open addressing with linear probing, in 64 parts that grow one by one, so that no single insert pays for
 * moving millions of entries. A cell holds row + 1; the row's hash is kept by the table, which also compares the ids themselves.
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
    while (cells[hole] !== row + 1) {
      if (cells[hole] === 0) throw new Error(`row ${row} is not in the user index`)
      hole = (hole + 1) & mask
    }
    for (let next = (hole + 1) & mask; cells[next] !== 0; next = (next + 1) & mask) {
      const home = this.hashOf((cells[next] as number) - 1) & mask
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
    for (const cell of cells) if (cell !== 0) place(larger, this.hashOf(cell - 1), cell - 1)
    this.cells[part] = larger
    return larger
  }
}

function place(cells: Uint32Array, hash: number, row: number): void {
  const mask = cells.length - 1
  let at = hash & mask
  while (cells[at] !== 0) at = (at + 1) & mask
  cells[at] = row + 1
}
