import { createHash, timingSafeEqual } from 'node:crypto'
import { createSigner, createVerifier } from 'fast-jwt'
import { z } from 'zod'
import { hashBytes } from '../protocol/hash.ts'
import { parseUserId, type UserId } from '../protocol/ids.ts'
import { fingerprintDigits, type KeyBook, noKeys, secretsInForce, type ServiceRole } from './key-book.ts'

/** Who is at the other end of a connection or behind a single HTTP call. */
export type Identity =
  | { readonly role: 'nobody' }
  | {
      readonly role: 'user'
      readonly user: UserId
      readonly userBytes: Uint8Array
      readonly userHash: number
      readonly expiresAt: number
      /** The fingerprint of the secret that vouches for the token; empty where something else does. */
      readonly proof: string
    }
  /** Services and operators act for any user: their calls name the user first. `key` is the name of their key, or {@link loopbackKey}; `proof` its fingerprint. */
  | { readonly role: ServiceRole; readonly key: string; readonly proof: string }

/** In place of a key's name, where none is asked for. */
export const loopbackKey = 'loopback'

export const nobody: Identity = { role: 'nobody' }

export interface Credentials {
  readonly jwtSecret: string
  readonly backendKey: string
  readonly operatorKey: string
}

const utf8 = new TextEncoder()

/** A key that counts. `isGiven`: by settings, or made at the first start. */
export interface KnownKey {
  readonly name: string
  readonly role: ServiceRole
  readonly digest: Buffer
  readonly isGiven: boolean
  readonly madeAt: number | null
}

interface Verifier {
  readonly verify: (token: string) => unknown
  readonly fingerprint: string
  readonly until: number
}

/** Tells who holds a token or a key. Synchronous, so that a WebSocket upgrade can be decided in its callback. */
export class IdentityCheck {
  private readonly credentials: Credentials
  private readonly clock: () => number
  private book = noKeys
  private verifiers: readonly Verifier[] = []
  private sign: (payload: { sub: string; exp: number }) => string = () => ''
  private known: readonly KnownKey[] = []
  private proofs: ReadonlyMap<string, number> = new Map()

  constructor(credentials: Credentials, clock: () => number) {
    this.credentials = credentials
    this.clock = clock
    this.use(noKeys)
  }

  /** Goes by these keys and secrets from now on, besides those that were given. */
  use(book: KeyBook): void {
    const { jwtSecret, operatorKey, backendKey } = this.credentials
    const { current, accepted } = secretsInForce(jwtSecret, book.secrets.users, this.clock())
    this.book = book
    this.sign = createSigner({ key: current, algorithm: 'HS256', noTimestamp: true })
    this.verifiers = accepted.map(({ secret, fingerprint, until }) => ({ verify: verifierOf(secret), fingerprint, until }))
    const withdrawn = new Set(book.withdrawn)
    const given = (name: string, role: ServiceRole, key: string): KnownKey => ({
      name,
      role,
      digest: bytesOfDigest(key),
      isGiven: true,
      madeAt: null,
    })
    this.known = [
      given('operator', 'operator', operatorKey),
      given('backend', 'backend', backendKey),
      ...book.keys.map(({ name, role, digest, madeAt }) => ({ name, role, digest: Buffer.from(digest, 'hex'), isGiven: false, madeAt })),
    ].filter((key) => !withdrawn.has(proofOf(key)))
    this.proofs = new Map([
      ...this.verifiers.map(({ fingerprint, until }) => [fingerprint, until] as const),
      ...this.known.map((key) => [proofOf(key), Infinity] as const),
    ])
  }

  /** Those that count. */
  get keys(): readonly KnownKey[] {
    return this.known
  }

  /** Secrets with which tokens of users may be signed, the newest first. */
  get userSecrets(): readonly { readonly fingerprint: string; readonly until: number }[] {
    return this.verifiers
  }

  get keyBook(): KeyBook {
    return this.book
  }

  /** Whether what a connection was opened with still counts. */
  stands(identity: Identity): boolean {
    if (identity.role === 'nobody' || identity.proof === '') return true
    return (this.proofs.get(identity.proof) ?? 0) > this.clock()
  }

  /** A bearer: a user's JWT (HS256, `sub` the user id, `exp` and `nbf` optional) or a service's key. */
  ofBearer(bearer: string): Identity {
    const byKey = this.ofKey(bearer)
    return byKey.role === 'nobody' ? this.ofToken(bearer) : byKey
  }

  ofKey(key: string): Identity {
    const digest = bytesOfDigest(key)
    const known = this.known.find((one) => timingSafeEqual(one.digest, digest))
    return known === undefined ? nobody : { role: known.role, key: known.name, proof: proofOf(known) }
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
    const now = this.clock()
    for (const { verify, fingerprint, until } of this.verifiers) {
      if (until <= now) continue
      let claims: unknown
      try {
        claims = verify(token)
      } catch {
        // Whatever is wrong with it, it was not signed with this secret; the caller answers UNAUTHORIZED if with none.
        continue
      }
      return identityOf(claims, now, fingerprint)
    }
    return nobody
  }
}

function verifierOf(key: string): (token: string) => unknown {
  return createVerifier({
    key,
    algorithms: ['HS256'],
    requiredClaims: ['sub'],
    cache: false,
    // Both are checked here, by the process's own clock.
    ignoreExpiration: true,
    ignoreNotBefore: true,
  })
}

function identityOf(claims: unknown, now: number, proof: string): Identity {
  const read = claimsSchema.safeParse(claims)
  if (!read.success) return nobody
  const { sub, nbf, exp } = read.data
  const expiresAt = exp * 1000
  const user = parseUserId(sub)
  return user === undefined || now < nbf * 1000 || now >= expiresAt ? nobody : userIdentity(user, expiresAt, proof)
}

/** Times are seconds since 1970. One that is there but no number refuses the token: it was meant to limit it. */
const claimsSchema = z.looseObject({
  sub: z.string(),
  nbf: z.number().default(0),
  exp: z.number().default(Number.POSITIVE_INFINITY),
})

const guestLifeMs = 30 * 86_400_000

export function userIdentity(user: UserId, expiresAt: number, proof = ''): Identity {
  const userBytes = bytesOf(user)
  return { role: 'user', user, userBytes, userHash: hashBytes(userBytes, 0, userBytes.length), expiresAt, proof }
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
function bytesOfDigest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

function proofOf({ digest }: Pick<KnownKey, 'digest'>): string {
  return digest.toString('hex').slice(0, fingerprintDigits)
}
