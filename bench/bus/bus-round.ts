import type { BusWay } from './bus-ways.ts'

/** Frames that one turn of the event loop sends, as a tick of 64 shards does. */
const framesPerTurn = 64
/** Frames on their way at once: enough to keep everyone busy, and no more bytes than buffers hold. */
const framesUnderWay = 4_096
const bytesUnderWay = 8 * 1024 * 1024
const drainMs = 30_000

/** What one round over a way gave. Processor time is told per frame: on a machine with other work it is the steadier figure. */
export interface BusRound {
  readonly framesPerSecond: number
  /** Of this process, which sends and receives. */
  readonly ownUs: number
  readonly serverUs: number
}

/** Sends frames of `bytes` for `ms`, waits until all have arrived, and tells what it took. `serverSeconds` reads the server's processor time. */
export async function measureWay(way: BusWay, bytes: number, ms: number, serverSeconds: () => number): Promise<BusRound> {
  const frame = new Uint8Array(bytes)
  const window = Math.max(framesPerTurn, Math.min(framesUnderWay, Math.floor(bytesUnderWay / bytes)))
  const before = { received: way.received(), at: performance.now(), own: process.cpuUsage(), server: serverSeconds() }
  const arrived = (): number => way.received() - before.received
  let sent = 0
  while (performance.now() < before.at + ms) {
    for (let n = 0; n < framesPerTurn && sent - arrived() < window && way.send(frame); n++) sent++
    await turn()
  }
  const deadline = performance.now() + drainMs
  while (arrived() < sent && performance.now() < deadline) await turn()
  const frames = arrived()
  const own = process.cpuUsage(before.own)
  return {
    framesPerSecond: (frames * 1000) / (performance.now() - before.at),
    ownUs: (own.user + own.system) / frames,
    serverUs: ((serverSeconds() - before.server) * 1e6) / frames,
  }
}

export function median(rounds: readonly BusRound[]): BusRound {
  const middle = (of: (round: BusRound) => number): number => rounds.map(of).sort((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? 0
  return {
    framesPerSecond: middle((round) => round.framesPerSecond),
    ownUs: middle((round) => round.ownUs),
    serverUs: middle((round) => round.serverUs),
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
