import { MsCounts } from '../cluster/ms-counts.ts'
import { type Code, codes, codeTable } from '../protocol/codes.ts'
import { ReadCounters } from './read-counters.ts'

const codeSlots = codes.length + 1
const methodsMax = 64

/**
 * The layers of the funnel (DESIGN.md section 9), from the outside to the bus, with the code that each refuses with. The stock view has several: what it
 * refused is counted by code.
 */
export const funnel = {
  bans: 'FORBIDDEN',
  addressHandshakes: 'RATE_LIMITED',
  handshakes: 'RATE_LIMITED',
  addressConnections: 'BUSY',
  connections: 'BUSY',
  frames: 'RATE_LIMITED',
  inFlight: 'BUSY',
  address: 'RATE_LIMITED',
  user: 'RATE_LIMITED',
  stockView: undefined,
  challenge: 'CHALLENGE_REQUIRED',
  breaker: 'BUSY',
  overload: 'BUSY',
  newcomers: 'RATE_LIMITED',
  pending: 'BUSY',
} as const satisfies Record<string, Code | undefined>

type FunnelLayer = keyof typeof funnel

/** What a gateway counts, in plain numbers; read when somebody asks. */
export class GatewayCounters {
  /** By method and code: cell `method * codeSlots + code`; code 0 is a result. */
  private readonly answers = new Float64Array(methodsMax * codeSlots)
  /** Outside the protocol: files and public reads. */
  readonly reads = new ReadCounters()
  /** Refusals by layer. */
  readonly layers = noneByLayer()
  /** What each layer let through; not everything comes to each. */
  readonly passed = noneByLayer()
  readonly refusedByView = { NOT_OPEN: 0, SOLD_OUT: 0 }
  /** Challenges of proof of work, and what came of proofs. */
  readonly proofs = { issued: 0, accepted: 0, malformed: 0, foreign: 0, expired: 0, wrong: 0 }
  malformed = 0
  slowClosed = 0
  /** Connections that were here already when their user or address was banned, and those that sent on and on. */
  bannedClosed = 0
  pacedClosed = 0
  positionFrames = 0
  /** Not sent, because what was sent before was still unread. */
  positionsPutOff = 0
  /** How old what clients had been shown last was known to be right, when something newer was sent. */
  readonly positionLags = new MsCounts([100, 250, 500, 1_000, 1_500, 2_000, 2_500, 3_000, 5_000, 10_000, 30_000])
  /** How long the event loop was kept by the slices of position rounds. */
  readonly positionSlices = new MsCounts([0.5, 1, 2, 5, 10, 20, 50, 100])
  roundsEncoded = 0
  encoderFailures = 0
  dropped = 0
  /** Frames handed to WebSockets, published stock left out, and writes to RPC sockets. */
  readonly sends = { rpc: 0, ws: 0 }
  opened = { rpc: 0, ws: 0 }
  open = { rpc: 0, ws: 0 }
  httpCalls = 0

  answered(method: number, code: number): void {
    const cell = method * codeSlots + code
    this.answers[cell] = (this.answers[cell] as number) + 1
  }

  /** Calls answered so far. */
  get allAnswered(): number {
    return this.answers.reduce((sum, count) => sum + count, 0)
  }

  viewRefused(code: Code): void {
    this.layers.stockView++
    if (code === 'NOT_OPEN' || code === 'SOLD_OUT') this.refusedByView[code]++
  }

  /** Calls `each` for every method and code that occurred; code `OK` is a result. */
  eachAnswered(each: (method: number, code: string, count: number) => void): void {
    const names = ['OK', ...codes.toSorted((a, b) => codeTable[a].number - codeTable[b].number)]
    for (let cell = 0; cell < this.answers.length; cell++) {
      const count = this.answers[cell] as number
      if (count > 0) each(Math.floor(cell / codeSlots), names[cell % codeSlots] ?? 'OK', count)
    }
  }
}

/** Written out, so that all fields have one shape and stay plain numbers. */
function noneByLayer(): Record<FunnelLayer, number> {
  return {
    bans: 0,
    addressHandshakes: 0,
    handshakes: 0,
    addressConnections: 0,
    connections: 0,
    frames: 0,
    inFlight: 0,
    address: 0,
    user: 0,
    stockView: 0,
    challenge: 0,
    breaker: 0,
    overload: 0,
    newcomers: 0,
    pending: 0,
  }
}
