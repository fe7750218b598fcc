import { parentPort, workerData } from 'node:worker_threads'
import { z } from 'zod'

// Reads a page of metrics for each message, on a thread of its own: as Prometheus does, and not in the time of what puts the load.

const url = z.url().parse(workerData)

parentPort?.on('message', () => {
  void fetch(url)
    .then(async (response) => (await response.arrayBuffer()).byteLength)
    .then(
      (bytes) => parentPort?.postMessage(bytes, []),
      () => parentPort?.postMessage(0, []),
    )
})
