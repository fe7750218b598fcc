import { createHash } from 'node:crypto'

/** What is kept of keys and secrets besides those that settings give. */
export interface KeyBook {
  readonly keys: readonly KeptKey[]
  /** Fingerprints of keys that do not count any more, wherever they come from; the newest. */
  readonly withdrawn: readonly string[]
  readonly secrets: Partial<Readonly<Record<SecretUse, RotatedSecret>>>
}

export type ServiceRole = 'backend' | 'operator'

/** A key is known by its digest only. */
export interface KeptKey {
  readonly name: string
  readonly role: ServiceRole
  /** SHA-256 in hex. */
  readonly digest: string
  readonly madeAt: number
}

/** `users`: verifies their tokens; `payment` and `office`: sign what goes to the provider and the back office, and the provider's webhooks. */
export const secretUses = ['users', 'payment', 'office'] as const
export type SecretUse = (typeof secretUses)[number]

/** Newest last. */
export interface RotatedSecret {
  /** Fingerprint of the one that settings gave then; empty if that was not known. */
  readonly over: string
  readonly made: readonly MadeSecret[]
  /** Until when the one of the settings is still accepted. */
  readonly overUntil: number
}

export interface MadeSecret {
  readonly secret: string
  readonly madeAt: number
  /** Until when it is still accepted; null for the newest. */
  readonly until: number | null
}

export const noKeys: KeyBook = { keys: [], withdrawn: [], secrets: {} }
export const keysMax = 100
export const withdrawnMax = 1_000
/** Of one use at a time; the oldest are accepted no more. */
export const formerSecretsMax = 4

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Names a key or a secret without telling it: the beginning of its digest. */
export function fingerprintOf(text: string): string {
  return digestOf(text).slice(0, fingerprintDigits)
}

export const fingerprintDigits = 16

/** With which to sign, and what to accept, the newest first. */
export interface SecretsInForce {
  readonly current: string
  readonly accepted: readonly { readonly secret: string; readonly fingerprint: string; readonly until: number }[]
}

/**
 * What of a use counts now. A secret that was rotated goes before the one that settings give, until settings give another one than then: that is newer.
 */
export function secretsInForce(given: string, kept: RotatedSecret | undefined, now: number): SecretsInForce {
  const made = kept?.made ?? []
  const newest = made.at(-1)
  if (kept === undefined || newest === undefined) return inForce(given, [])
  const isKnown = made.some(({ secret }) => secret === given)
  const isNewer = !isKnown && kept.over !== '' && fingerprintOf(given) !== kept.over
  const former = made.flatMap(({ secret, until }) => (until !== null && until > now ? [{ secret, until }] : []))
  if (isNewer) return inForce(given, [{ secret: newest.secret, until: Infinity }, ...former])
  return inForce(newest.secret, isKnown || kept.overUntil <= now ? former : [...former, { secret: given, until: kept.overUntil }])
}

function inForce(current: string, former: readonly { readonly secret: string; readonly until: number }[]): SecretsInForce {
  const accepted = [{ secret: current, until: Infinity }, ...former].map((one) => ({ ...one, fingerprint: fingerprintOf(one.secret) }))
  return { current, accepted }
}

/** The book with another secret in force; those before it are accepted until `formerUntil`. */
export function rotated(
  book: KeyBook,
  use: SecretUse,
  given: string | undefined,
  secret: string,
  now: number,
  formerUntil: number,
): KeyBook {
  const known = book.secrets[use]
  const made = (known?.made ?? [])
    .map((one) => ({ ...one, until: Math.min(one.until ?? Infinity, formerUntil) }))
    .filter(({ until }) => until > now)
  const over = given === undefined ? '' : fingerprintOf(given)
  const isSame = known?.over === over
  const overUntil = isSame ? Math.min(known.overUntil, formerUntil) : formerUntil
  const next: RotatedSecret = {
    over,
    overUntil,
    made: [...made.slice(-formerSecretsMax), { secret, madeAt: now, until: null }],
  }
  return { ...book, secrets: { ...book.secrets, [use]: next } }
}

export function withKey(book: KeyBook, key: KeptKey): KeyBook {
  return { ...book, keys: [...book.keys, key] }
}

/** Without the key of this digest, for good. */
export function withoutKey(book: KeyBook, digest: string): KeyBook {
  const fingerprint = digest.slice(0, fingerprintDigits)
  return {
    ...book,
    keys: book.keys.filter((key) => key.digest !== digest),
    withdrawn: [...book.withdrawn.filter((one) => one !== fingerprint), fingerprint].slice(-withdrawnMax),
  }
}
