import { encodeLines, lineCodec, type LineEncoder, type LineRound } from '../../gateway/line-frames.ts'
import { skuSettings } from '../../gateway/view-fixtures.ts'
import { LineEncoderPool } from '../../ops/line-encoder-pool.ts'
import type { MicroCase, MicroSuite } from './micro-case.ts'

const sizes = [100, 250, 500, 1_000, 2_000, 10_000, 50_000] as const

/**
 * A round of position frames, half of them msgpack and half JSON, encoded by the event loop itself and by the gateway's worker thread, which gets the
 * numbers and gives back one buffer, neither of them copied. What decides between the two is not the time but for how much of it the event loop stands still.
 */
export const positionEncoding: MicroSuite = async () => {
  const pool = new LineEncoderPool()
  // The first round waits for the thread to start.
  await pool.encode(roundOf(1))
  return { cases: sizes.flatMap((size) => [inline(size), pooled(size, pool)]), close: () => pool.close() }
}

function inline(size: number): MicroCase {
  const round = roundOf(size)
  return { name: `frames: ${count(size)} inline`, operations: size, unit: 'frame', run: () => encodeLines(round) }
}

function pooled(size: number, encoder: LineEncoder): MicroCase {
  let round = roundOf(size)
  return {
    name: `frames: ${count(size)} by a worker`,
    operations: size,
    unit: 'frame',
    // A buffer that was given away is gone here.
    prepare: () => {
      round = roundOf(size)
    },
    run: () => encoder.encode(round),
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

function roundOf(size: number): LineRound {
  return {
    sku: skuSettings('aurora-lamp').sku,
    numbers: { available: 0, held: 900, ordered: 80, outlook },
    tickets: Uint32Array.from({ length: size }, (_, i) => i * 3 + 1),
    aheads: Uint32Array.from({ length: size }, (_, i) => i * 3),
    codecs: Uint8Array.from({ length: size }, (_, i) => (i % 2 === 0 ? lineCodec.msgpack : lineCodec.json)),
  }
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
