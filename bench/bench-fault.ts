/** Why a bench cannot be run, in one line that says what to do about it. */
export class BenchFault extends Error {
  readonly code = 'BENCH'

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
  }
}
