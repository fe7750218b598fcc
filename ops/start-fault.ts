/** Why a node cannot start, or a command cannot be done, in one line that says what to do about it. */
export class StartFault extends Error {
  readonly code = 'START'

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
  }
}

/** The system's code of an IO error, for example `EADDRINUSE`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** The fault of a port that could not be listened on; `setting` is the one that would choose another. */
export function listenFault(error: unknown, what: string, host: string, port: number, setting: string): StartFault {
  const code = systemCode(error)
  const where = `${what} cannot listen on ${host} port ${port}`
  if (code === 'EADDRINUSE')
    return new StartFault(`${where}: the port is in use; stop what uses it or choose another with ${setting}`, error)
  if (code === 'EACCES') return new StartFault(`${where}: this user may not; choose a port above 1023 with ${setting}`, error)
  if (code === 'EADDRNOTAVAIL') return new StartFault(`${where}: this machine does not have that address`, error)
  return new StartFault(`${where}: ${error instanceof Error ? error.message : String(error)}`, error)
}
