import { createHash, timingSafeEqual } from 'node:crypto'
import { createSigner, createVerifier } from 'fast-jwt'
import { z } from 'zod'
import { hashBytes } from '../protocol/hash.ts'
import { parseUserId, type UserId } from '../protocol/ids.ts'

/** Who is at the other end of a connection or behind a single HTTP call. */
export type Identity =
  | { readonly role: 'nobody' }
  | { readonly role: 'user'; readonly user: UserId; readonly userBytes: Uint8Array; readonly userHash: number; readonly expiresAt: number }
  /** Services and operators act for any user: their calls name the user first. `key` is the name of their key, or {@link loopbackKey}. */
  | { readonly role: 'backend' | 'operator'; readonly key: string }

/** In place of a key's name, where none is asked for. */
export const loopbackKey = 'loopback'

export const nobody: Identity = { role: 'nobody' }

export interface Credentials {
  readonly jwtSecret: string
  readonly backendKey: string
  readonly operatorKey: string
}

const utf8 = new TextEncoder()

/** Tells who holds a token or a key. Synchronous, so that a WebSocket upgrade can be decided in its callback. */
export class IdentityCheck {
  private readonly verify: (token: string) => unknown
  private readonly sign: (payload: { sub: string; exp: number }) => string
  private readonly clock: () => number
  private readonly keys: readonly { readonly digest: Buffer; readonly role: 'backend' | 'operator'; readonly name: string }[]

  constructor(credentials: Credentials, clock: () => number) {
    const { jwtSecret } = credentials
    this.verify = createVerifier({
      key: jwtSecret,
      algorithms: ['HS256'],
      requiredClaims: ['sub'],
      cache: false,
      // Both are checked here, by the process's own clock.
      ignoreExpiration: true,
      ignoreNotBefore: true,
    })
    this.sign = createSigner({ key: jwtSecret, algorithm: 'HS256', noTimestamp: true })
    this.keys = [
      { digest: digestOf(credentials.operatorKey), role: 'operator', name: 'operator' },
      { digest: digestOf(credentials.backendKey), role: 'backend', name: 'backend' },
    ]
    this.clock = clock
  }

  /** A bearer: a user's JWT (HS256, `sub` the user id, `exp` and `nbf` optional) or a service's key. */
  ofBearer(bearer: string): Identity {
    const byKey = this.ofKey(bearer)
    return byKey.role === 'nobody' ? this.ofToken(bearer) : byKey
  }

  ofKey(key: string): Identity {
    const digest = digestOf(key)
    const known = this.keys.find((one) => timingSafeEqual(one.digest, digest))
    return known === undefined ? nobody : { role: known.role, key: known.name }
  }

  /** A user whom an authenticating proxy vouches for. */
  ofTrustedHeader(text: string): Identity {
    const user = parseUserId(text)
    return user === undefined ? nobody : userIdentity(user, Number.POSITIVE_INFINITY)
  }

  /** A token for a guest of the demo shop. */
  guestToken(user: UserId): string {
    return this.sign({ sub: user, exp: Math.floor((this.clock() + guestLifeMs) / 1000) })
  }

  private ofToken(token: string): Identity {
    let claims: unknown
    try {
      claims = this.verify(token)
    } catch {
      // Whatever is wrong with it, it is not a token of ours; the caller answers UNAUTHORIZED.
      return nobody
    }
    const read = claimsSchema.safeParse(claims)
    if (!read.success) return nobody
    const { sub, nbf, exp } = read.data
    const now = this.clock()
    const expiresAt = exp * 1000
    const user = parseUserId(sub)
    return user === undefined || now < nbf * 1000 || now >= expiresAt ? nobody : userIdentity(user, expiresAt)
  }
}

/** Times are seconds since 1970. One that is there but no number refuses the token: it was meant to limit it. */
const claimsSchema = z.looseObject({
  sub: z.string(),
  nbf: z.number().default(0),
  exp: z.number().default(Number.POSITIVE_INFINITY),
})

const guestLifeMs = 30 * 86_400_000

export function userIdentity(user: UserId, expiresAt: number): Identity {
  const userBytes = bytesOf(user)
  return { role: 'user', user, userBytes, userHash: hashBytes(userBytes, 0, userBytes.length), expiresAt }
}

/** Nearly every user id is short and ASCII; a loop takes a fraction of the call into the encoder, and no memory outside of the heap. */
function bytesOf(user: UserId): Uint8Array {
  const bytes = new Uint8Array(user.length)
  for (let i = 0; i < bytes.length; i++) {
    const code = user.charCodeAt(i)
    if (code >= 0x80) return utf8.encode(user)
    bytes[i] = code
  }
  return bytes
}

/** Keys are compared by digest, so that neither their length nor their first wrong character shows in the time. */
function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
