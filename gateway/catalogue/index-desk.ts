import type { DocumentChange, SearchFound } from '../../cluster/search-index.ts'
import type { SearchQuestion } from '../../protocol/search.ts'
import { ProductIndex } from './product-index.ts'

/** What the thread of an index is asked; it answers one after the other, each by its number. */
export type IndexTask =
  | { readonly id: number; readonly kind: 'apply' | 'add'; readonly changes: readonly DocumentChange[] }
  | { readonly id: number; readonly kind: 'begin' | 'switch' | 'giveUp' }
  | { readonly id: number; readonly kind: 'search'; readonly question: SearchQuestion }

export interface IndexReply {
  readonly id: number
  readonly found: SearchFound | undefined
  readonly size: number
  readonly worn: number
}

/** The index that answers, and the one that is being made to take its place. */
export class IndexDesk {
  private index = new ProductIndex()
  private next: ProductIndex | undefined

  take(task: IndexTask): IndexReply {
    const found = this.done(task)
    const { size, worn } = this.index
    return { id: task.id, found, size, worn }
  }

  private done(task: IndexTask): SearchFound | undefined {
    switch (task.kind) {
      case 'search':
        return this.index.search(task.question)
      case 'apply':
        this.index.apply(task.changes)
        this.next?.apply(task.changes)
        return undefined
      case 'begin':
        this.next = new ProductIndex()
        return undefined
      case 'add':
        this.next?.apply(task.changes)
        return undefined
      case 'giveUp':
        this.next = undefined
        return undefined
      case 'switch':
        this.index = this.next ?? this.index
        this.next = undefined
        return undefined
    }
  }
}
