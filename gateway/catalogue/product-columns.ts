import type { SearchDocument, SearchQuestion } from '../../protocol/search.ts'

type ProductState = SearchDocument['state']

const firstRows = 1_024
const gone = 0

/**
 * What filters ask of products, by their numbers, in columns: a question that finds most of 100,000 products reads these in their order, which is a tenth of what it takes to follow as many
 * objects to their lists of categories.
 */
export class ProductColumns {
  /** One more than the place in {@link states}; {@link gone} is no product any more. */
  private stateOf = new Uint8Array(firstRows)
  private priceOf = new Float64Array(firstRows)
  /** Where the categories of a number begin; they end where those of the next one do. */
  private categoriesFrom = new Uint32Array(firstRows + 1)
  private categories = new Uint32Array(firstRows)
  private readonly salesOf: (readonly string[])[] = []
  private readonly states: ProductState[] = []
  private rows = 0

  get size(): number {
    return this.rows
  }

  /** Returns the number of the new row. Its categories stay as they are. */
  add(categories: readonly number[]): number {
    const row = this.rows++
    if (this.rows > this.stateOf.length) this.grow()
    const from = this.categoriesFrom[row] as number
    const to = from + categories.length
    if (to > this.categories.length) this.categories = enlarged(this.categories, new Uint32Array(Math.max(to, this.categories.length * 2)))
    this.categories.set(categories, from)
    this.categoriesFrom[row + 1] = to
    return row
  }

  set(row: number, state: ProductState, priceMinor: number, sales: readonly string[]): void {
    this.stateOf[row] = this.codeOf(state)
    this.priceOf[row] = priceMinor
    this.salesOf[row] = sales
  }

  remove(row: number): void {
    this.stateOf[row] = gone
    this.salesOf[row] = none
  }

  has(row: number): boolean {
    return this.stateOf[row] !== gone
  }

  /** Whether a row is found; its categories are counted in `counts` before the one that is asked for, by its number, is looked at. */
  filter({ sale, state, priceMin = 0, priceMax = Infinity }: SearchQuestion, category: number | undefined, counts: Uint32Array): Filter {
    const { stateOf, priceOf, salesOf, categoriesFrom, categories } = this
    const isAllowed = this.allowed(state)
    return (row) => {
      const price = priceOf[row] as number
      if (isAllowed[stateOf[row] as number] === 0 || price < priceMin || price > priceMax) return false
      if (sale !== undefined && salesOf[row]?.includes(sale) !== true) return false
      let isIn = category === undefined
      for (let at = categoriesFrom[row] as number, to = categoriesFrom[row + 1] as number; at < to; at++) {
        const one = categories[at] as number
        counts[one] = (counts[one] as number) + 1
        if (one === category) isIn = true
      }
      return isIn
    }
  }

  /** 1 for the codes of the states that are asked for. */
  private allowed(asked: SearchQuestion['state']): Uint8Array {
    const is = (state: ProductState): boolean => asked === undefined || (asked === 'onsale' ? state !== 'none' : state === asked)
    return Uint8Array.from([0, ...this.states.map((state) => Number(is(state)))])
  }

  private codeOf(state: ProductState): number {
    const at = this.states.indexOf(state)
    return at < 0 ? this.states.push(state) : at + 1
  }

  private grow(): void {
    const rows = this.stateOf.length * 2
    this.stateOf = enlarged(this.stateOf, new Uint8Array(rows))
    this.priceOf = enlarged(this.priceOf, new Float64Array(rows))
    this.categoriesFrom = enlarged(this.categoriesFrom, new Uint32Array(rows + 1))
  }
}

export type Filter = (row: number) => boolean

const none: readonly string[] = []

function enlarged<Column extends Uint8Array | Uint32Array | Float64Array>(from: Column, to: Column): Column {
  to.set(from)
  return to
}
