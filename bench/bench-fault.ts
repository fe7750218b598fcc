/** Why a bench cannot be run, in one line that says what to do about it. */
export class BenchFault extends Error {
  readonly code = 'BENCH'

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
  }
}

/** What went wrong in one line, if the world did: a full disk, a server that refuses. Undefined for a bug, whose stack tells more. */
export function reasonOf(error: unknown): string | undefined {
  if (error instanceof BenchFault) return error.message
  // Node gives what is wrong with an argument a code too.
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) return undefined
  if (!('code' in error) || typeof error.code !== 'string') return undefined
  const { code, message } = error
  // Faults of files begin with it.
  return message.startsWith(`${code}: `) ? message : `${code}: ${message}`
}
