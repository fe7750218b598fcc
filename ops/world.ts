import { randomBytes, randomInt } from 'node:crypto'
import type { Clock, Log, Random, World } from '../cluster/world.ts'
import { LoopTimers } from './loop-timers.ts'

/** Node's clock, timers and chance, with a log. */
export function realWorld(log: Log): World {
  return { clock: realClock, timers: new LoopTimers(realClock), random: realRandom, log }
}

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}

export const realRandom: Random = {
  next: () => randomInt(randomSteps) / randomSteps,
  id: randomId,
}

/** The largest range that `randomInt` takes, as a power of two. */
const randomSteps = 2 ** 47

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
/** Bytes from here up would make the first letters likelier than the others. */
const fairBytes = 256 - (256 % letters.length)

function randomId(length: number): string {
  let id = ''
  while (id.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < fairBytes && id.length < length) id += letters.charAt(byte % letters.length)
    }
  }
  return id
}
