import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'

const orders = 1_000_000
/** What a thread needs that has loaded all this and exports nothing, and a little more. */
const heapMbMax = 24

test('EXP-6 a million orders are exported in the memory that a few need', { timeout: 120_000 }, async () => {
  const entry = fileURLToPath(new URL('export-worker.js', import.meta.url))
  const worker = new Worker(entry, {
    workerData: orders,
    resourceLimits: { maxOldGenerationSizeMb: heapMbMax, maxYoungGenerationSizeMb: 8 },
  })
  expect(await once(worker, 'message')).toMatchObject([{ lines: orders }])
  await worker.terminate()
})
