import type { CategoryCount, SearchDocument, SearchQuestion } from '../protocol/search.ts'

/** What finds products by their words. A rejected promise is a fault of the index: the same call may be made again, or of another index. */
export interface SearchIndex {
  /** Takes documents in, or out where there is none. Resolves when searches see it, or will in a moment. */
  apply(changes: readonly DocumentChange[]): Promise<void>
  /**
   * Makes a new index of all these pages beside the one that answers, which it takes the place of at the end; what is applied meanwhile goes into both.
   * Resolves with the number of documents.
   */
  rebuild(pages: AsyncIterable<readonly SearchDocument[]>): Promise<number>
  /** `busy` if too many searches wait. */
  search(question: SearchQuestion): Promise<SearchFound | 'busy'>
  close(): Promise<void>
}

/** An index that outlives this process, and that all gateways search. */
export interface RemoteIndex extends SearchIndex {
  /** Sees to it that there is an index; `made` if there was none, so that it has to be filled. */
  prepare(): Promise<'there' | 'made'>
}

export interface DocumentChange {
  readonly product: string
  readonly document: SearchDocument | undefined
}

export interface SearchFound {
  readonly total: number
  /** Ids of one page, the best first. */
  readonly products: readonly string[]
  readonly categories: readonly CategoryCount[]
}
