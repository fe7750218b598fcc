import { createHmac, timingSafeEqual } from 'node:crypto'

/** What a signature vouches for (docs/payment-provider.md). */
export interface SignedMessage {
  /** ms since 1970, by its sender's clock. */
  readonly timestamp: number
  readonly method: string
  /** As it was sent. */
  readonly path: string
  /** Empty where there is none. */
  readonly idempotencyKey: string
  readonly body: Uint8Array
}

export const signatureHeaders = { timestamp: 'sluice-timestamp', signature: 'sluice-signature', idempotencyKey: 'idempotency-key' } as const

/** Looked at for each message, for secrets are changed while messages come and go. */
export interface SigningSecrets {
  /** With which to sign. */
  readonly current: string
  /** With which others may have signed, that one included. */
  readonly accepted: readonly string[]
}

/** `v1=` and the HMAC-SHA256 in hex. Cost: microseconds. */
export function signatureOf(secret: string, message: SignedMessage): string {
  return `${scheme}${macOf(secret, message).toString('hex')}`
}

/** What goes with the message beside its body. */
export function signedHeaders(secret: string, message: SignedMessage): Readonly<Record<string, string>> {
  const { timestamp, idempotencyKey } = message
  return {
    [signatureHeaders.timestamp]: String(timestamp),
    [signatureHeaders.signature]: signatureOf(secret, message),
    ...(idempotencyKey === '' ? {} : { [signatureHeaders.idempotencyKey]: idempotencyKey }),
  }
}

/** Takes as long for a wrong signature as for a right one. */
export function isSignedBy(secret: string, message: SignedMessage, signature: string): boolean {
  if (!/^v1=[0-9a-f]{64}$/.test(signature)) return false
  return timingSafeEqual(macOf(secret, message), Buffer.from(signature.slice(scheme.length), 'hex'))
}

const scheme = 'v1='

function macOf(secret: string, { timestamp, method, path, idempotencyKey, body }: SignedMessage): Buffer {
  // None of the four can hold a line break, so that no two messages are the same text.
  return createHmac('sha256', secret).update(`${timestamp}\n${method}\n${path}\n${idempotencyKey}\n`).update(body).digest()
}
