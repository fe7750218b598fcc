import { codes, codeTable } from '../protocol/codes.ts'

const codeSlots = codes.length + 1
const methodsMax = 64

/** What a gateway counts, in plain numbers; read when somebody asks. */
export class GatewayCounters {
  /** By method and code: cell `method * codeSlots + code`; code 0 is a result. */
  private readonly answers = new Float64Array(methodsMax * codeSlots)
  /** Refusals by layer of the funnel (DESIGN.md section 9). */
  readonly layers = { connections: 0, address: 0, user: 0, inFlight: 0, stockView: 0, challenge: 0, pending: 0 }
  /** Challenges of proof of work, and what came of proofs. */
  readonly proofs = { issued: 0, accepted: 0, malformed: 0, foreign: 0, expired: 0, wrong: 0 }
  malformed = 0
  slowClosed = 0
  positionFrames = 0
  dropped = 0
  opened = { rpc: 0, ws: 0 }
  open = { rpc: 0, ws: 0 }
  httpCalls = 0

  answered(method: number, code: number): void {
    const cell = method * codeSlots + code
    this.answers[cell] = (this.answers[cell] as number) + 1
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
