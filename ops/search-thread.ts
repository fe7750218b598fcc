import { Worker } from 'node:worker_threads'
import type { DocumentChange, SearchFound, SearchIndex } from '../cluster/search-index.ts'
import type { World } from '../cluster/world.ts'
import type { IndexReply, IndexTask } from '../gateway/catalogue/index-desk.ts'
import type { SearchDocument, SearchQuestion } from '../protocol/search.ts'

const entry = new URL('./search-worker.js', import.meta.url)

/** Searches that wait for the thread; at a few milliseconds each more of them would be too old when their turn comes. */
const searchesMax = 500
/** Documents in one message: a search does not wait for longer than these take. */
const documentsAtOnce = 50

/**
 * An index of products in a thread of its own: neither a search nor a rebuild keeps the loop that serves buyers. A thread that dies is replaced by
 * one that knows nothing, and whoever owns the index is told to fill it again.
 */
export class SearchThread implements SearchIndex {
  /** Documents in the index that answers, and numbers that it has worn out, as of the last answer. */
  size = 0
  worn = 0
  private readonly world: World
  private thread: Worker | undefined
  private readonly waiting = new Map<number, Waiting>()
  private searches = 0
  private lastId = 0
  private isClosed = false
  private lost: () => void = () => {}

  constructor(world: World) {
    this.world = world
  }

  /** Calls back when all that was applied is gone. */
  onLost(lost: () => void): void {
    this.lost = lost
  }

  async apply(changes: readonly DocumentChange[]): Promise<void> {
    const parts: Promise<unknown>[] = []
    for (let at = 0; at < changes.length; at += documentsAtOnce)
      parts.push(this.ask({ kind: 'apply', changes: changes.slice(at, at + documentsAtOnce) }))
    await Promise.all(parts)
  }

  async rebuild(pages: AsyncIterable<readonly SearchDocument[]>): Promise<number> {
    await this.ask({ kind: 'begin' })
    try {
      for await (const page of pages) {
        for (let at = 0; at < page.length; at += documentsAtOnce) {
          const documents = page.slice(at, at + documentsAtOnce)
          await this.ask({ kind: 'add', changes: documents.map((document) => ({ product: document.product, document })) })
        }
      }
    } catch (error) {
      await this.ask({ kind: 'giveUp' })
      throw error
    }
    return (await this.ask({ kind: 'switch' })).size
  }

  async search(question: SearchQuestion): Promise<SearchFound | 'busy'> {
    if (this.searches >= searchesMax) return 'busy'
    this.searches++
    try {
      const { found } = await this.ask({ kind: 'search', question })
      if (found === undefined) throw new Error('the thread of the index answered something else')
      return found
    } finally {
      this.searches--
    }
  }

  async close(): Promise<void> {
    this.isClosed = true
    await this.thread?.terminate()
  }

  private ask(task: Unnumbered): Promise<IndexReply> {
    if (this.isClosed) return Promise.reject(new Error('the index is closed'))
    const id = ++this.lastId
    const thread = (this.thread ??= this.start())
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject })
      thread.postMessage({ ...task, id }, [])
    })
  }

  private start(): Worker {
    const thread = new Worker(entry, { name: 'search' })
    thread.on('message', (reply: IndexReply) => {
      this.size = reply.size
      this.worn = reply.worn
      this.waiting.get(reply.id)?.resolve(reply)
      this.waiting.delete(reply.id)
    })
    thread.on('error', (error) => this.world.log.error({ error: String(error) }, 'the thread of the search index failed'))
    thread.on('exit', () => {
      this.thread = undefined
      const waiting = [...this.waiting.values()]
      this.waiting.clear()
      for (const { reject } of waiting) reject(new Error('the thread of the index ended'))
      if (!this.isClosed) this.lost()
    })
    return thread
  }
}

interface Waiting {
  readonly resolve: (reply: IndexReply) => void
  readonly reject: (error: Error) => void
}

type Unnumbered = IndexTask extends infer Task ? (Task extends IndexTask ? Omit<Task, 'id'> : never) : never
