import { Worker } from 'node:worker_threads'
import { BenchFault } from '../bench-fault.ts'

/** Reads a node's metrics on another thread. */
export class Scraper {
  private readonly worker: Worker

  constructor(url: string) {
    this.worker = new Worker(new URL('./scrape-worker.js', import.meta.url), { workerData: url })
  }

  /** Resolves when the whole page is there. Rejects with a {@link BenchFault} if it does not come. */
  async scrape(): Promise<void> {
    const answered = new Promise<unknown>((resolve) => this.worker.once('message', resolve))
    this.worker.postMessage('scrape', [])
    if ((await answered) === 0) throw new BenchFault("the node's metrics cannot be read")
  }

  async close(): Promise<void> {
    await this.worker.terminate()
  }
}
