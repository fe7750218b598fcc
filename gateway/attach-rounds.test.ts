import { expect, test } from 'vitest'
import { parseUserId, type UserId } from '../protocol/ids.ts'
import { AttachRounds } from './attach-rounds.ts'

test('GW-94 everybody has one turn in a round, a few at a time', () => {
  const users = usersOf(100)
  const said: UserId[] = []
  const rounds = new AttachRounds({ presences: presencesOf(users), stillAttached: (user) => said.push(user), roundMs: 1_000 })
  rounds.run(100)
  expect(said).toHaveLength(10)
  for (let i = 1; i < 10; i++) rounds.run(100)
  expect(new Set(said)).toEqual(users)
  expect(said).toHaveLength(100)
})

test('GW-94 who comes and goes meanwhile disturbs nobody', () => {
  const users = usersOf(4)
  const said: UserId[] = []
  const rounds = new AttachRounds({ presences: presencesOf(users), stillAttached: (user) => said.push(user), roundMs: 400 })
  rounds.run(200)
  const [first] = said
  if (first !== undefined) users.delete(first)
  for (const user of usersOf(6)) users.add(user)
  for (let i = 0; i < 8; i++) rounds.run(100)
  expect(new Set(said)).toEqual(usersOf(6))
})

test('GW-94 a round longer than all looks says nobody twice, and nobody at all is no matter', () => {
  const said: UserId[] = []
  const users = usersOf(2)
  const rounds = new AttachRounds({ presences: presencesOf(users), stillAttached: (user) => said.push(user), roundMs: 100 })
  rounds.run(60_000)
  expect(said).toHaveLength(2)
  users.clear()
  rounds.run(60_000)
  expect(said).toHaveLength(2)
})

function presencesOf(users: Set<UserId>): { readonly size: number; users(): Iterator<UserId, undefined> } {
  return {
    get size() {
      return users.size
    },
    users: () => users.keys(),
  }
}

function usersOf(count: number): Set<UserId> {
  return new Set(Array.from({ length: count }, (_, index) => parseUserId(`user-${index}`) ?? fail()))
}

function fail(): never {
  throw new Error('not an id')
}
