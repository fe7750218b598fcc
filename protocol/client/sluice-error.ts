import { type Code, codeTable, type CodeEntry, type Refusal } from '../codes.ts'

/** Why a call has no result. Every promise of a client that rejects, rejects with one of these. */
export class SluiceError extends Error {
  readonly code: Code
  /** `never`: the answer stands. `later`: nothing was done, call again. `unknown`: call again with the same `requestId` to learn what became of it. */
  readonly retry: CodeEntry['retry']
  readonly retryAfterMs: number | undefined
  readonly method: string
  /** What the call carried, if it carried one. */
  readonly requestId: string | undefined

  constructor(refusal: Refusal, method: string, requestId?: string) {
    super(refusal.message)
    this.name = 'SluiceError'
    this.code = refusal.code
    this.retry = codeTable[refusal.code].retry
    this.retryAfterMs = refusal.retryAfterMs
    this.method = method
    this.requestId = requestId
  }

  /** The same call may end differently another time. */
  get retriable(): boolean {
    return this.retry !== 'never'
  }
}
