const partBits = 6
const parts = 1 << partBits
const firstCells = 16

/**
 * From a user's hash to its row: open addressing with linear probing, in 64 parts that grow one by one, so that no single insert pays for
 * moving millions of entries.
 *
 *     cell   u32 row + 1 | u32 hash        0 in front is an empty cell
 *
 * The hash stands beside the row, so that neither a search for a newcomer nor the growth of a part looks at any row: with a million users every such
 * look would be a cache miss (they took a quarter of a `buy` before, by `npm run bench -- --filter inventory`). The ids themselves are compared by
 * the table.
 */
export class UserIndex {
  private readonly cells: Uint32Array[] = Array.from({ length: parts }, () => new Uint32Array(firstCells * 2))
  private readonly counts = new Uint32Array(parts)

  /** The cells to probe for this hash, two numbers each. Kept apart from the comparison so that the table can inline both. */
  part(hash: number): Uint32Array {
    return this.cells[hash >>> (32 - partBits)] as Uint32Array
  }

  insert(hash: number, row: number): void {
    const part = hash >>> (32 - partBits)
    let cells = this.cells[part] as Uint32Array
    const count = (this.counts[part] as number) + 1
    this.counts[part] = count
    if (count * 8 > cells.length * 3) cells = this.grow(part, cells)
    place(cells, hash, row + 1)
  }

  /** Takes a row out and closes the hole, so that probing needs no tombstones. */
  remove(hash: number, row: number): void {
    const part = hash >>> (32 - partBits)
    const cells = this.cells[part] as Uint32Array
    const mask = cells.length - 1
    let hole = firstCell(hash, mask)
    while (cells[hole] !== row + 1) {
      if (cells[hole] === 0) throw new Error(`row ${row} is not in the user index`)
      hole = (hole + 2) & mask
    }
    for (let next = (hole + 2) & mask; cells[next] !== 0; next = (next + 2) & mask) {
      const home = firstCell(cells[next + 1] as number, mask)
      // The entry may move back to the hole unless its home lies between the two.
      if (((next - home) & mask) >= ((next - hole) & mask)) {
        cells[hole] = cells[next] as number
        cells[hole + 1] = cells[next + 1] as number
        hole = next
      }
    }
    cells[hole] = 0
    this.counts[part] = (this.counts[part] as number) - 1
  }

  private grow(part: number, cells: Uint32Array): Uint32Array {
    const larger = new Uint32Array(cells.length * 2)
    for (let at = 0; at < cells.length; at += 2) if (cells[at] !== 0) place(larger, cells[at + 1] as number, cells[at] as number)
    this.cells[part] = larger
    return larger
  }
}

/** Where the search for a hash begins; the next cell is two further. */
export function firstCell(hash: number, mask: number): number {
  return (hash << 1) & mask
}

function place(cells: Uint32Array, hash: number, value: number): void {
  const mask = cells.length - 1
  let at = firstCell(hash, mask)
  while (cells[at] !== 0) at = (at + 2) & mask
  cells[at] = value
  cells[at + 1] = hash
}
