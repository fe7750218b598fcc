import { move } from 'piscina'
import { encodePositions, type PositionRound } from './position-frames.ts'

/** Runs in a worker thread; the buffer goes back without being copied. */
export function encode(round: PositionRound): unknown {
  return move(encodePositions(round))
}
