import { move } from 'piscina'
import { encodeLines, type LineRound } from '../gateway/line-frames.ts'

/** Runs in the thread of line-encoder-pool.ts; the buffer goes back without being copied. */
export function encode(round: LineRound): unknown {
  return move(encodeLines(round))
}
