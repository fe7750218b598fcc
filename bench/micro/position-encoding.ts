import { availableParallelism } from 'node:os'
import { FixedQueue, Piscina } from 'piscina'
import type { MicroCase, MicroSuite } from './micro-case.ts'
import { encodePositions, type PositionRound } from './position-frames.ts'

const sizes = [100, 1_000, 10_000, 50_000] as const
const queueMax = 16

/**
 * A round of position frames, encoded by the event loop itself and by a worker thread (Piscina) that gets the numbers and gives back one buffer, neither
 * of them copied. What decides between the two is not only the time but for how much of it the event loop stands still.
 */
export const positionEncoding: MicroSuite = async () => {
  const pool = new Piscina<PositionRound, Uint8Array>({
    filename: new URL('./position-frames-worker.js', import.meta.url).href,
    name: 'encode',
    maxThreads: Math.max(1, availableParallelism() - 1),
    maxQueue: queueMax,
    taskQueue: new FixedQueue(),
    recordTiming: false,
  })
  // The first round waits for the thread to start.
  await pool.run(roundOf(1))
  return { cases: sizes.flatMap((size) => [inline(size), pooled(size, pool)]), close: () => pool.close() }
}

function inline(size: number): MicroCase {
  const round = roundOf(size)
  return { name: `frames: ${count(size)} inline`, operations: size, unit: 'frame', run: () => encodePositions(round) }
}

function pooled(size: number, pool: Piscina<PositionRound, Uint8Array>): MicroCase {
  let round = roundOf(size)
  return {
    name: `frames: ${count(size)} by a worker`,
    operations: size,
    unit: 'frame',
    // A buffer that was given away is gone here.
    prepare: () => {
      round = roundOf(size)
    },
    run: () => pool.run(round, { transferList: [round.ahead.buffer] }),
  }
}

/** As many places as an owner names at most. */
const outlook = {
  ahead: Array.from({ length: 48 }, (_, i) => Math.round(1.25 ** i)),
  p50: Array.from({ length: 48 }, (_, i) => i * 10),
  p90: Array.from({ length: 48 }, (_, i) => i * 15),
  likely: 900,
  none: 40_000,
}

function roundOf(size: number): PositionRound {
  const numbers = { available: 0, held: 900, ordered: 80, outlook }
  return { sku: 'aurora-lamp', numbers, ahead: Uint32Array.from({ length: size }, (_, i) => i * 3) }
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
