import { randomBytes, randomInt } from 'node:crypto'
import type { Clock, Log, Random, Timer, Timers, World } from '../cluster/world.ts'

/** Node's clock, timers and chance, with a log. */
export function realWorld(log: Log): World {
  return { clock: realClock, timers: realTimers, random: realRandom, log }
}

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}

/** The longest that Node can wait; it would fire at once for more. */
const waitMsMax = 2 ** 31 - 1

/** Timers keep the process alive: whoever starts one cancels it when it closes, and a process that does not end shows who forgot. */
export const realTimers: Timers = {
  after: (ms, run) => {
    const timer = setTimeout(run, checkedWait(ms))
    return cancelledBy(() => clearTimeout(timer))
  },
  every: (ms, run) => {
    const timer = setInterval(run, checkedWait(ms))
    return cancelledBy(() => clearInterval(timer))
  },
  soon: (run) => {
    setImmediate(run)
  },
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

function checkedWait(ms: number): number {
  if (!(ms <= waitMsMax)) throw new RangeError(`no timer waits ${ms} ms: ${waitMsMax} is the most`)
  return ms
}

function cancelledBy(cancel: () => void): Timer {
  return { cancel }
}
