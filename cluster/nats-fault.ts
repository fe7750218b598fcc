/**
 * Why NATS cannot be used, in one line that says what to do.
 *
 * `NATS_AWAY` passes: whoever gets it waits and tries again. `NATS_DENIED` (user, password, token, permissions), `NATS_TLS` and `NATS_UNFIT` (version,
 * limits, no JetStream) stay until somebody changes a setting. `NATS_NOBODY` is the answer to a request for which nobody is there.
 */
export class NatsFault extends Error {
  readonly code: 'NATS_AWAY' | 'NATS_DENIED' | 'NATS_TLS' | 'NATS_UNFIT' | 'NATS_NOBODY'

  constructor(code: NatsFault['code'], message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.code = code
  }
}

/** What the package, Node's sockets and OpenSSL call a failed connection, put into our words. */
export function dialFault(server: string, error: unknown): NatsFault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const text = firstLine(error instanceof Error ? error.message : String(error))
  if (code === 'AUTHORIZATION_VIOLATION' || code === 'AUTHENTICATION_EXPIRED' || code === 'BAD_AUTHENTICATION') {
    return new NatsFault('NATS_DENIED', `NATS at ${server} refuses the user, password, token or credentials it is given`, error)
  }
  if (code === 'SERVER_OPT_NA') {
    return new NatsFault('NATS_TLS', `NATS at ${server} speaks no TLS, but TLS is asked for`, error)
  }
  if (code === 'TLS' || isCertificateCode(code)) {
    return new NatsFault('NATS_TLS', `no secure connection to NATS at ${server}: ${text === '' ? code : text}`, error)
  }
  const reason = text === '' || text === code ? code.toLowerCase().replaceAll('_', ' ') : text
  return new NatsFault('NATS_AWAY', `NATS at ${server} does not answer: ${reason === '' ? 'the connection ended' : reason}`, error)
}

/** Why a request has no answer. But for `NATS_NOBODY` it may have been done. */
export function requestFault(subject: string, error: unknown): NatsFault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === '503') return new NatsFault('NATS_NOBODY', `nobody answers ${subject}`, error)
  const reason = error instanceof Error ? firstLine(error.message) : String(error)
  return new NatsFault('NATS_AWAY', `no answer from ${subject}: ${reason.toLowerCase()}`, error)
}

/** Source: the codes of X509_verify_cert_error as Node names them, and Node's own. */
function isCertificateCode(code: string): boolean {
  return /^(ERR_(TLS|SSL|OSSL)|EPROTO$|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/.test(code)
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text
}
