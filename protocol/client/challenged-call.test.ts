import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Refusal } from '../codes.ts'
import type { Plain } from '../msgpack-writer.ts'
import { solve } from './challenged-call.ts'
import { ClientCore, limitsOf } from './client-core.ts'
import { outcomeOf } from './outcome.ts'
import { ScriptedDial } from './scripted-connection.ts'
import { userCalls } from './user-calls.ts'
import { VirtualWorld } from './virtual-world.ts'

const held = { state: 'held', hold: 7, qty: 1, expiresAt: 9_000 }
const required: Refusal = { code: 'CHALLENGE_REQUIRED', message: 'work' }
const salt = '01'.repeat(16)
const nonce = '02'.repeat(16)

function arrange() {
  const world = new VirtualWorld()
  const server = new ScriptedDial()
  const core = new ClientCore({ world, dial: server.dial, limits: limitsOf({}, 100), resumes: false, renews: false })
  server.newest.open()
  const { newest } = server
  return { world, connection: newest, user: userCalls(world, core) }
}

function keyOf(counter: number): string {
  const guess = Buffer.alloc(4)
  guess.writeUInt32BE(counter)
  return createHash('sha256')
    .update(Buffer.from(salt + nonce, 'hex'))
    .update(guess)
    .digest('hex')
}

function challengeOf(counter: number, more: { readonly [key: string]: Plain } = {}): Plain {
  const parameters = { algorithm: 'SHA-256', cost: 1, salt, nonce, keyLength: 32, keyPrefix: keyOf(counter).slice(0, 32), ...more }
  return { parameters, signature: 'signed' }
}

test.each([0, 255, 256, 1_000])('SDK-80 who is asked for work finds the number %i, and shows it with the same request', async (counter) => {
  const { world, connection, user } = arrange()
  const buy = outcomeOf(user.buy('lamp', { qty: 2, requestId: 'mine' }))
  connection.refuse(connection.last('buy'), required)
  await world.advance(0)
  expect(connection.last('challenge').params).toEqual(['lamp', 'mine'])
  const challenge = challengeOf(counter)
  connection.result(connection.last('challenge'), challenge)
  await world.advance(0)
  await world.advance(0)
  expect(connection.last('buy').params).toEqual(['lamp', 2, 'mine', { challenge, solution: { counter, derivedKey: keyOf(counter) } }])
  connection.result(connection.last('buy'), held)
  await world.advance(0)
  expect(buy.result).toEqual(held)
})

test('SDK-81 a challenge that is not asked for any more is not waited for', async () => {
  const { world, connection, user } = arrange()
  const buy = outcomeOf(user.buy('lamp', { requestId: 'mine' }))
  connection.refuse(connection.last('buy'), required)
  await world.advance(0)
  connection.result(connection.last('challenge'), null)
  await world.advance(0)
  expect(connection.last('buy').params).toEqual(['lamp', 1, 'mine'])
  connection.result(connection.last('buy'), held)
  await world.advance(0)
  expect(buy.result).toEqual(held)
})

test('SDK-82 a server that is never content is believed after some tries', async () => {
  const { world, connection, user } = arrange()
  const buy = outcomeOf(user.buy('lamp'))
  for (let asked = 1; asked <= 4; asked++) {
    await world.advance(0)
    expect(connection.of('buy')).toHaveLength(asked)
    connection.refuse(connection.last('buy'), required)
    await world.advance(0)
    if (asked <= 3) connection.result(connection.last('challenge'), null)
  }
  await world.advance(0)
  expect(buy.error).toMatchObject({ code: 'CHALLENGE_REQUIRED' })
})

test.each<[string, Plain]>([
  ['other work', challengeOf(1, { algorithm: 'SCRYPT' })],
  ['endless work', challengeOf(1, { cost: 1_000_000 })],
  ['work that is none', challengeOf(1, { keyPrefix: '' })],
  ['nothing readable', 'what'],
])('SDK-83 a server that asks for %s gets no work, and the call ends', async (_, challenge) => {
  const { world, connection, user } = arrange()
  const buy = outcomeOf(user.buy('lamp'))
  connection.refuse(connection.last('buy'), required)
  await world.advance(0)
  connection.result(connection.last('challenge'), challenge)
  await world.advance(0)
  expect(buy.error).toMatchObject({ code: 'MALFORMED', method: 'buy' })
})

test('SDK-84 work that the time of the call is too short for is given up with it', async () => {
  let hashes = 0
  const world = Object.assign(new VirtualWorld(), {
    /** A ms for each hash. */
    now: () => hashes,
    sha256: () => {
      hashes++
      return Promise.resolve(new Uint8Array(32))
    },
  })
  expect(await solve(world, challengeOf(100_000), 1_000)).toBeUndefined()
  expect(hashes).toBeGreaterThanOrEqual(1_000)
  expect(hashes).toBeLessThan(2_000)
})
