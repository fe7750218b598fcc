import { pageOfWords } from '../page-memory.ts'

const pageBits = 10
const pageClaims = 1 << pageBits
const pageMask = pageClaims - 1

/**
 * From a claim's number to its user's row. Numbers only rise and most are given up at some time, so they lie in pages, and a page goes when nobody has a claim
 * in it any more: memory follows the claims that there are, not those that there ever were. Growing costs a page, however many there are already.
 */
export class ClaimRows {
  private readonly pages: (Page | undefined)[] = []
  /** One that went, all zeros again, for the next that is needed: where people come and go as fast, none is made and none is garbage. */
  private spare: Page | undefined

  /** The row of this claim, or -1. */
  get(claim: number): number {
    const page = this.pages[claim >>> pageBits]
    return page === undefined ? -1 : (page.rows[claim & pageMask] as number) - 1
  }

  set(claim: number, row: number): void {
    const page = this.pageFor(claim >>> pageBits)
    if (page.rows[claim & pageMask] === 0) page.used++
    page.rows[claim & pageMask] = row + 1
  }

  delete(claim: number): void {
    const at = claim >>> pageBits
    const page = this.pages[at]
    if (page === undefined || page.rows[claim & pageMask] === 0) return
    page.rows[claim & pageMask] = 0
    page.used--
    if (page.used > 0) return
    this.pages[at] = undefined
    this.spare = page
  }

  private pageFor(at: number): Page {
    // One by one: an array with a large hole in it would become a dictionary.
    while (this.pages.length <= at) this.pages.push(undefined)
    const known = this.pages[at]
    if (known !== undefined) return known
    const page = this.spare ?? { rows: pageOfWords(pageClaims), used: 0 }
    this.spare = undefined
    this.pages[at] = page
    return page
  }
}

/** A row is kept as 1 more, since 0 is a number without one. */
interface Page {
  readonly rows: Uint32Array
  used: number
}
