/**
 * A provider did not say what was asked. Whatever the reason, the outcome is unknown; the code says whether it works at all:
 *
 *     PROVIDER_AWAY     no connection, or it broke
 *     PROVIDER_SILENT   no whole answer in time
 *     PROVIDER_FAILED   it says that it has a fault of its own
 *     PROVIDER_UNREADABLE   it answered something else than the contract says
 *     PROVIDER_REFUSED  it works, and will not take this request as it is; repeating it does not help
 */
export class ProviderFault extends Error {
  readonly code: 'PROVIDER_AWAY' | 'PROVIDER_SILENT' | 'PROVIDER_FAILED' | 'PROVIDER_UNREADABLE' | 'PROVIDER_REFUSED'

  constructor(code: ProviderFault['code'], message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.code = code
  }
}
