import { expect, test } from 'vitest'
import { fingerprintOf, formerSecretsMax, type KeyBook, noKeys, rotated, secretsInForce } from './key-book.ts'

const [given, newer] = ['given by the settings', 'given by newer settings']

function acceptedOf(book: KeyBook, now: number, of = given): readonly string[] {
  const { current, accepted } = secretsInForce(of, book.secrets.users, now)
  expect(accepted[0]?.secret).toBe(current)
  return accepted.map(({ secret }) => secret)
}

test('KEY-1 the newest secret signs, and those before it are accepted until their time is over', () => {
  const first = rotated(noKeys, 'users', given, 'a', 100, 200)
  expect(acceptedOf(noKeys, 0)).toEqual([given])
  expect(acceptedOf(first, 150)).toEqual(['a', given])
  expect(acceptedOf(first, 200)).toEqual(['a'])
  const second = rotated(first, 'users', given, 'b', 150, 300)
  expect(acceptedOf(second, 199)).toEqual(['b', 'a', given])
  expect(acceptedOf(second, 250)).toEqual(['b', 'a'])
  const atOnce = rotated(second, 'users', given, 'c', 160, 160)
  expect(acceptedOf(atOnce, 160)).toEqual(['c'])
})

test('KEY-1 settings that give the rotated secret change nothing, and those that give another one go before it', () => {
  const book = rotated(noKeys, 'users', given, 'a', 100, 200)
  expect(acceptedOf(book, 150, 'a')).toEqual(['a'])
  expect(acceptedOf(book, 500, newer)).toEqual([newer, 'a'])
  const again = rotated(book, 'users', newer, 'b', 500, 600)
  expect(acceptedOf(again, 550, newer)).toEqual(['b', 'a', newer])
})

test('KEY-1 a process whose settings are not known here goes by what was rotated', () => {
  const book = rotated(noKeys, 'payment', undefined, 'a', 100, 200)
  expect(secretsInForce(given, book.secrets.payment, 150).accepted.map(({ secret }) => secret)).toEqual(['a', given])
})

test('KEY-1 a bounded number is kept', () => {
  let book = noKeys
  for (let i = 0; i < 20; i++) book = rotated(book, 'users', given, `secret ${i}`, i, 1_000)
  expect(book.secrets.users?.made).toHaveLength(formerSecretsMax + 1)
  expect(book.secrets.users?.over).toBe(fingerprintOf(given))
})
