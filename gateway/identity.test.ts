import { createHmac } from 'node:crypto'
import { createSigner } from 'fast-jwt'
import { beforeEach, expect, test } from 'vitest'
import { hashText } from '../protocol/hash.ts'
import { parseUserId } from '../protocol/ids.ts'
import { type Identity, IdentityCheck } from './identity.ts'

const jwtSecret = 'a secret of at least thirty-two characters'
const now = 1_800_000_000_000
const seconds = now / 1000
const nobody = { role: 'nobody' }

let time: number
let check: IdentityCheck

beforeEach(() => {
  time = now
  check = new IdentityCheck({ jwtSecret, backendKey: 'key-of-the-backend', operatorKey: 'key-of-operators' }, () => time)
})

test('GW-10 a token of the shop names its user until it expires', () => {
  const identity = check.ofBearer(token({ sub: 'anna', exp: seconds + 60 }))
  expect(identity).toMatchObject({ role: 'user', user: 'anna', userHash: hashText('anna'), expiresAt: now + 60_000 })
  time = now + 60_000 - 1
  expect(roleOf(check.ofBearer(token({ sub: 'anna', exp: seconds + 60 })))).toBe('user')
  time = now + 60_000
  expect(check.ofBearer(token({ sub: 'anna', exp: seconds + 60 }))).toEqual(nobody)
})

test('GW-10 a token without an end does not expire, and one that begins later is not valid yet', () => {
  expect(check.ofBearer(token({ sub: 'anna' }))).toMatchObject({ role: 'user', expiresAt: Number.POSITIVE_INFINITY })
  expect(check.ofBearer(token({ sub: 'anna', nbf: seconds + 1 }))).toEqual(nobody)
  time = now + 1_000
  expect(roleOf(check.ofBearer(token({ sub: 'anna', nbf: seconds + 1 })))).toBe('user')
})

test.each([
  ['of another key', sign({ alg: 'HS256', typ: 'JWT' }, { sub: 'anna' }, 'another secret of thirty-two characters and more')],
  ['without a signature', unsigned({ alg: 'none', typ: 'JWT' }, { sub: 'anna' })],
  ['that claims to need none but has one', sign({ alg: 'none', typ: 'JWT' }, { sub: 'anna' }, jwtSecret)],
  ['of an algorithm that was not agreed on', sign({ alg: 'HS512', typ: 'JWT' }, { sub: 'anna' }, jwtSecret, 'sha512')],
  ['whose algorithm is no text', sign({ alg: ['HS256'], typ: 'JWT' }, { sub: 'anna' }, jwtSecret)],
  ['whose payload was changed', changed(token({ sub: 'anna' }), { sub: 'ben' })],
  ['without a user', token({ name: 'anna' })],
  ['with an empty user', token({ sub: '' })],
  ['with a user that is a number', token({ sub: 17 })],
  ['with a user that is a list', token({ sub: ['anna'] })],
  ['with a user of control characters', token({ sub: 'anna\n' })],
  ['with a user that is too long', token({ sub: 'a'.repeat(65) })],
  ['whose end is a text', token({ sub: 'anna', exp: 'never' })],
  ['whose end is nothing', token({ sub: 'anna', exp: null })],
  ['that is no object', sign({ alg: 'HS256', typ: 'JWT' }, 'anna', jwtSecret)],
  ['with two parts only', token({ sub: 'anna' }).split('.').slice(0, 2).join('.')],
  ['that is not base64', 'a.b.c'],
  ['that is empty', ''],
  ['that is long', 'x'.repeat(100_000)],
])('GW-11 a token %s is nobody', (_, bearer) => {
  expect(check.ofBearer(bearer)).toEqual(nobody)
})

test('GW-12 keys give their role, and nothing near them does', () => {
  expect(check.ofKey('key-of-operators')).toMatchObject({ role: 'operator', key: 'operator' })
  expect(check.ofBearer('key-of-the-backend')).toMatchObject({ role: 'backend', key: 'backend' })
  for (const wrong of ['', 'key-of-operator', 'key-of-operators ', 'KEY-OF-OPERATORS', token({ sub: 'anna' })]) {
    expect(check.ofKey(wrong)).toEqual(nobody)
  }
})

test('GW-13 a trusted header names any valid user, with no end', () => {
  expect(check.ofTrustedHeader('anna')).toMatchObject({ role: 'user', user: 'anna', expiresAt: Number.POSITIVE_INFINITY })
  expect(check.ofTrustedHeader('')).toEqual(nobody)
  expect(check.ofTrustedHeader('a'.repeat(65))).toEqual(nobody)
})

test('GW-13 a guest of the demo has a token of thirty days', () => {
  const guest = parseUserId('guest-1')
  if (guest === undefined) throw new Error('no user')
  const bearer = check.guestToken(guest)
  expect(check.ofBearer(bearer)).toMatchObject({ role: 'user', user: 'guest-1' })
  time = now + 30 * 86_400_000
  expect(check.ofBearer(bearer)).toEqual(nobody)
})

function token(claims: Readonly<Record<string, unknown>>): string {
  if ('exp' in claims && typeof claims['exp'] !== 'number') return sign({ alg: 'HS256', typ: 'JWT' }, claims, jwtSecret)
  return createSigner({ key: jwtSecret, algorithm: 'HS256', noTimestamp: true })({ ...claims })
}

function sign(header: unknown, payload: unknown, key: string, hash = 'sha256'): string {
  const body = `${part(header)}.${part(payload)}`
  return `${body}.${createHmac(hash, key).update(body).digest('base64url')}`
}

function unsigned(header: unknown, payload: unknown): string {
  return `${part(header)}.${part(payload)}.`
}

function changed(bearer: string, payload: unknown): string {
  const [header = '', , signature = ''] = bearer.split('.')
  return `${header}.${part(payload)}.${signature}`
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function roleOf(identity: Identity): string {
  return identity.role
}
