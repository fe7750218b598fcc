/**
 * A server of the shop, the payment provider or the back office, did not say what was asked. Whatever the reason, the outcome is unknown; the code says whether
 * it works at all:
 *
 *     SERVER_AWAY        no connection, or it broke
 *     SERVER_SILENT      no whole answer in time
 *     SERVER_FAILED      it says that it has a fault of its own
 *     SERVER_UNREADABLE  it answered something else than the contract says
 *     SERVER_REFUSED     it works, and will not take this request as it is; repeating it does not help
 */
export class ServerFault extends Error {
  readonly code: 'SERVER_AWAY' | 'SERVER_SILENT' | 'SERVER_FAILED' | 'SERVER_UNREADABLE' | 'SERVER_REFUSED'

  constructor(code: ServerFault['code'], message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.code = code
  }
}

/** What is wrong with one request says nothing against the server; that it knows no signature of ours, is busy or took too long, does. */
export function faultOfStatus(status: number): ServerFault {
  const isOfThisRequest = status === 400 || status === 409 || status === 422
  return new ServerFault(isOfThisRequest ? 'SERVER_REFUSED' : 'SERVER_FAILED', `the status ${status}`)
}
