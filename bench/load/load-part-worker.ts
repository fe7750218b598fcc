import { once } from 'node:events'
import { type MessagePort, parentPort } from 'node:worker_threads'
import { openPart } from './load-part.ts'
import type { PartNews, PartOrder } from './load-threads.ts'

/** One thread of a load (load-threads.ts): is told what to do, connects, and begins when it hears of it again. */
const neverStopped = new AbortController().signal

parentPort?.once('message', (order: PartOrder) => {
  if (parentPort !== null) run(order, parentPort).catch(fail)
})

async function run({ plan, target }: PartOrder, port: MessagePort): Promise<void> {
  const part = await openPart(plan, target, neverStopped)
  const begun = once(port, 'message')
  say({ kind: 'connected' })
  await begun
  const seen = await part.measure(
    {
      measuring: () => say({ kind: 'measuring' }),
      measured: () => say({ kind: 'measured' }),
      progress: (calls, errors, elapsedSeconds) => say({ kind: 'progress', calls, errors, elapsedSeconds }),
    },
    neverStopped,
  )
  say({ kind: 'done', part: seen })
}

/** What is no fault of the world is a bug, and ends the thread. */
function fail(error: unknown): void {
  if (!(error instanceof Error && 'code' in error)) throw error
  say({ kind: 'failed', reason: error.code === 'BENCH' ? error.message : `${String(error.code)}: ${error.message}` })
}

function say(news: PartNews): void {
  parentPort?.postMessage(news, [])
}
