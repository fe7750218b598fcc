import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { BenchFault } from '../bench-fault.ts'
import type { LoadPart } from './load-part.ts'
import type { LoadObserver, LoadTarget, PartPlan } from './load-run.ts'

/** What a thread is told first. Any further word is the sign to begin. */
export interface PartOrder {
  readonly plan: PartPlan
  readonly target: LoadTarget
}

/** What it says. */
export type PartNews =
  | { readonly kind: 'connected' | 'measuring' | 'measured' }
  | { readonly kind: 'progress'; readonly calls: number; readonly errors: number; readonly elapsedSeconds: number }
  | { readonly kind: 'done'; readonly part: LoadPart }
  /** A fault, told in words: what crosses threads loses its code. */
  | { readonly kind: 'failed'; readonly reason: string }

const workerPath = fileURLToPath(new URL('./load-part-worker.js', import.meta.url))

/**
 * Each part in a thread of its own, begun together when all are connected. The observer hears of the time in which all of them measure. Rejects with what the first of them fails with,
 * or when it is stopped; no thread is left then.
 */
export async function runParts(
  plans: readonly PartPlan[],
  target: LoadTarget,
  observer: LoadObserver,
  stop: AbortSignal,
): Promise<readonly LoadPart[]> {
  const threads = plans.map((plan) => new PartThread(plan, target))
  let onAbort: () => void = () => {}
  const abort = new Promise<never>((_, reject) => {
    onAbort = () => reject(new Error('the load was stopped'))
  })
  stop.addEventListener('abort', onAbort)
  // Nobody may be waiting for it any more when it comes.
  abort.catch(() => {})
  const all = <T>(of: (thread: PartThread) => Promise<T>): Promise<T[]> => Promise.race([abort, Promise.all(threads.map(of))])
  try {
    stop.throwIfAborted()
    await all((thread) => thread.connected)
    for (const thread of threads) {
      thread.onProgress = () => observer.progress(...sumOf(threads))
      thread.begin()
    }
    await all((thread) => thread.measuring)
    observer.measuring()
    await Promise.race([abort, ...threads.map((thread) => thread.measured)])
    observer.measured()
    return await all((thread) => thread.done)
  } finally {
    stop.removeEventListener('abort', onAbort)
    await Promise.all(threads.map((thread) => thread.end()))
  }
}

function sumOf(threads: readonly PartThread[]): [number, number, number] {
  const sum = (of: (thread: PartThread) => number): number => threads.reduce((total, thread) => total + of(thread), 0)
  return [sum(({ calls }) => calls), sum(({ errors }) => errors), Math.min(...threads.map(({ elapsedSeconds }) => elapsedSeconds))]
}

class PartThread {
  calls = 0
  errors = 0
  elapsedSeconds = 0
  onProgress: () => void = () => {}
  readonly connected: Promise<void>
  readonly measuring: Promise<void>
  readonly measured: Promise<void>
  readonly done: Promise<LoadPart>
  private readonly worker: Worker

  constructor(plan: PartPlan, target: LoadTarget) {
    this.worker = new Worker(workerPath)
    const steps = { connected: new Step(), measuring: new Step(), measured: new Step(), done: new Step<LoadPart>() }
    this.connected = steps.connected.promise
    this.measuring = steps.measuring.promise
    this.measured = steps.measured.promise
    this.done = steps.done.promise
    const fail = (error: unknown): void => {
      for (const step of Object.values(steps)) step.reject(error)
    }
    this.worker.on('error', fail)
    this.worker.on('exit', () => fail(new Error('a load thread has ended before its part was done')))
    this.worker.on('message', (news: PartNews) => {
      if (news.kind === 'progress') {
        this.calls = news.calls
        this.errors = news.errors
        this.elapsedSeconds = news.elapsedSeconds
        this.onProgress()
      } else if (news.kind === 'failed') fail(new BenchFault(news.reason))
      else if (news.kind === 'done') steps.done.resolve(news.part)
      else steps[news.kind].resolve()
    })
    const order: PartOrder = { plan, target }
    this.worker.postMessage(order, [])
  }

  begin(): void {
    this.worker.postMessage('begin', [])
  }

  async end(): Promise<void> {
    await this.worker.terminate()
  }
}

/** A promise with its ends outside. Whoever waits hears of its failure; where nobody does, another step has told it. */
class Step<T = void> {
  resolve: (value: T) => void = () => {}
  reject: (error: unknown) => void = () => {}
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve
    this.reject = reject
  })

  constructor() {
    this.promise.catch(() => {})
  }
}
