import type { Clock, Random } from '../cluster/world.ts'
import type { ChangeContent } from './audit-content.ts'
import { named } from './audit-content.ts'
import type { IdentityCheck, KnownKey } from './identity.ts'
import { digestOf, fingerprintOf, keysMax, rotated, type SecretUse, secretUses, withKey, withoutKey } from './key-book.ts'
import type { Keys } from './keys.ts'
import type { Call, MethodBody } from './method.ts'

export interface KeyMethodsParts {
  readonly keys: Keys
  readonly identities: IdentityCheck
  /** What settings give for each use; undefined for one that they give nothing for here. */
  readonly givenSecrets: Readonly<Record<SecretUse, string | undefined>>
  readonly clock: Clock
  readonly random: Random
}

const keyCharacters = 32
const secretCharacters = 48
const secretText = /^[\x21-\x7e]{32,200}$/
const keyName = /^[\w.-]{1,48}$/
const overlapDefaultSeconds = 24 * 3_600
const overlapMostSeconds = 30 * 86_400
const changeRetryMs = 100

/** Methods for operators: keys of services and operators, and the secrets behind tokens and signatures. */
export function keyMethods(parts: KeyMethodsParts): readonly MethodBody[] {
  return [
    { name: 'keys.list', role: 'operator', run: (call) => list(parts, call) },
    { name: 'keys.add', role: 'operator', change: named('role', 'name'), run: (call) => add(parts, call) },
    { name: 'keys.withdraw', role: 'operator', change: named('name'), run: (call) => withdraw(parts, call) },
    { name: 'keys.rotate', role: 'operator', change: rotateContent, run: (call) => rotate(parts, call) },
  ]
}

/** The secret itself is not kept. */
const rotateContent: ChangeContent = ([use = null, overlapSeconds = null, secret = null]) => ({
  params: { use, overlapSeconds, given: secret !== null },
})

function list({ identities }: KeyMethodsParts, call: Call): void {
  call.params.end()
  const secrets = identities.userSecrets.map(({ fingerprint, until }) => ({ fingerprint, until: Number.isFinite(until) ? until : null }))
  call.result({ keys: identities.keys.map(infoOf), userSecrets: secrets })
}

/** The answer has the key, which is told this once: only its digest is kept. */
async function add({ keys, identities, clock, random }: KeyMethodsParts, call: Call): Promise<void> {
  const role = call.params.choice('role', ['backend', 'operator'] as const)
  const name = call.params.text('name', 'a name of 1 to 48 letters, digits, dots, dashes or underscores', keyName)
  call.params.end()
  const key = random.id(keyCharacters)
  const digest = digestOf(key)
  const outcome = await keys.change<'taken' | 'full'>((book) => {
    if (isTaken(name, identities, book.keys)) return 'taken'
    return book.keys.length >= keysMax ? 'full' : withKey(book, { name, role, digest, madeAt: clock.now() })
  })
  if (outcome === 'taken') return call.refuse('FORBIDDEN', `There is a key ${name} already.`)
  if (outcome === 'full') return call.refuse('LIMIT_REACHED', 'There are as many keys as there can be; withdraw some.')
  if (outcome === 'busy') return call.refuse('BUSY', undefined, changeRetryMs)
  const made = { role, name, fingerprint: fingerprintOf(key) }
  call.changed(null, made)
  call.result({ ...made, key })
}

/** Whoever is connected by it is not any more. */
async function withdraw({ keys, identities }: KeyMethodsParts, call: Call): Promise<void> {
  const name = call.params.text('name', 'the name of a key', keyName)
  call.params.end()
  const key = identities.keys.find((one) => one.name === name)
  if (key === undefined) return call.refuse('MALFORMED', `There is no key ${name} that counts.`)
  const { identity } = call.connection
  // It would not hear what became of it, and might have no other.
  if ('key' in identity && identity.key === name)
    return call.refuse('FORBIDDEN', `You came with the key ${name}; withdraw it with another one.`)
  if (key.role === 'operator' && identities.keys.filter(({ role }) => role === 'operator').length === 1)
    return call.refuse('FORBIDDEN', `${name} is the last key of an operator; add another one first.`)
  const outcome = await keys.change<never>((book) => withoutKey(book, key.digest.toString('hex')))
  if (outcome === 'busy') return call.refuse('BUSY', undefined, changeRetryMs)
  call.changed(infoOf(key), null)
  call.result(infoOf(key))
}

/** `use, overlapSeconds?, secret?`: signs with another secret from now on, and accepts those before it for a while. */
async function rotate(parts: KeyMethodsParts, call: Call): Promise<void> {
  const { keys, identities, givenSecrets, clock, random } = parts
  const { params } = call
  const use = params.choice('use', secretUses)
  const overlapSeconds = params.integer('overlapSeconds', 0, overlapMostSeconds, overlapDefaultSeconds)
  const wanted = params.any()
  params.end()
  if (wanted !== null && (typeof wanted !== 'string' || !secretText.test(wanted)))
    return call.refuse('MALFORMED', 'param 3 (secret) must be 32 to 200 visible ASCII characters')
  // The other side has to know it before anything is signed with it.
  if (use !== 'users' && wanted === null)
    return call.refuse('MALFORMED', 'param 3 (secret) is missing: the new one, which the other side has to know before')
  const secret = wanted ?? random.id(secretCharacters)
  const now = clock.now()
  const formerUntil = now + overlapSeconds * 1_000
  const before = fingerprintsOf(identities)
  const outcome = await keys.change<never>((book) => rotated(book, use, givenSecrets[use], secret, now, formerUntil))
  if (outcome === 'busy') return call.refuse('BUSY', undefined, changeRetryMs)
  const made = { use, fingerprint: fingerprintOf(secret), formerUntil }
  call.changed(use === 'users' ? before : null, made)
  call.result({ ...made, secret })
}

function isTaken(name: string, { keys }: IdentityCheck, kept: readonly { readonly name: string }[]): boolean {
  return [...keys, ...kept].some((one) => one.name === name)
}

function fingerprintsOf({ userSecrets }: IdentityCheck) {
  return { fingerprints: userSecrets.map(({ fingerprint }) => fingerprint) }
}

function infoOf({ name, role, digest, isGiven, madeAt }: KnownKey) {
  return { name, role, fingerprint: digest.toString('hex').slice(0, 16), from: isGiven ? 'settings' : 'kept', madeAt }
}
