import type { DocumentChange, SearchFound } from '../../cluster/search-index.ts'
import type { SearchDocument, SearchQuestion } from '../../protocol/search.ts'
import { IndexDesk, type IndexReply } from './index-desk.ts'
import type { LocalIndex } from './search.ts'

/** The index of a thread without the thread, for tests; it may be told to fail. */
export class LocalDesk implements LocalIndex {
  size = 0
  worn = 0
  isAway = false
  rebuilds = 0
  private readonly desk = new IndexDesk()
  private lost: () => void = () => {}

  onLost(lost: () => void): void {
    this.lost = lost
  }

  /** As a thread that died and was replaced. */
  lose(): void {
    this.desk.take({ id: 0, kind: 'begin' })
    this.take({ id: 0, kind: 'switch' })
    this.lost()
  }

  async apply(changes: readonly DocumentChange[]): Promise<void> {
    this.take({ id: 0, kind: 'apply', changes })
  }

  async rebuild(pages: AsyncIterable<readonly SearchDocument[]>): Promise<number> {
    this.take({ id: 0, kind: 'begin' })
    for await (const page of pages)
      this.take({ id: 0, kind: 'add', changes: page.map((document) => ({ product: document.product, document })) })
    this.rebuilds++
    return this.take({ id: 0, kind: 'switch' }).size
  }

  async search(question: SearchQuestion): Promise<SearchFound | 'busy'> {
    return this.take({ id: 0, kind: 'search', question }).found ?? 'busy'
  }

  async close(): Promise<void> {}

  private take(task: Parameters<IndexDesk['take']>[0]): IndexReply {
    if (this.isAway) throw new Error('the index is away')
    const reply = this.desk.take(task)
    this.size = reply.size
    this.worn = reply.worn
    return reply
  }
}
