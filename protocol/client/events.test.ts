import { expect, test } from 'vitest'
import type { Plain } from '../msgpack-writer.ts'
import { ClientCore, limitsOf } from './client-core.ts'
import type { ClientEventName } from './events.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { ScriptedDial } from './scripted-connection.ts'
import { userCalls } from './user-calls.ts'
import { VirtualWorld } from './virtual-world.ts'

function arrange() {
  const world = new VirtualWorld()
  const server = new ScriptedDial()
  const core = new ClientCore({ world, dial: server.dial, limits: limitsOf({}, 100), resumes: false, renews: false })
  server.newest.open()
  return { world, server, core, user: userCalls(world, core) }
}

const order = { order: 'shoe:a1:z', sku: 'shoe', state: 'paid', qty: 1, amountMinor: 9900, currency: 'EUR', updatedAt: 5 }
const status = { sku: 'shoe', available: 1, held: 2, ordered: 3, sold: 4, waiting: 5, state: 'open' }
const shoe = {
  sale: 'drop',
  product: 'shoe',
  title: 'Shoe',
  description: '',
  image: '',
  priceMinor: 9900,
  currency: 'EUR',
  opensAt: 1,
  perUserMax: 2,
  absenceMs: 0,
}
const sale = { sale: 'drop', title: 'Drop', opensAt: 1, state: 'open', skus: [{ ...status, ...shoe }] }

const examples: readonly (readonly [ClientEventName, Plain])[] = [
  ['line', { sku: 'shoe', ticket: 7, ahead: 3, eta: [1, 2.5], odds: 'likely' }],
  ['line', { sku: 'shoe', ticket: 7, ahead: 3, eta: null, odds: 'none' }],
  ['held', { sku: 'shoe', hold: 9, qty: 1, expiresAt: 123 }],
  ['expired', { sku: 'shoe' }],
  ['expired', { sku: 'shoe', reason: 'absent' }],
  ['soldout', { sku: 'shoe' }],
  ['left', { sku: 'shoe' }],
  ['order', order],
  ['sku', status],
  ['sale', sale],
  ['drain', { withinMs: 1_000 }],
]

test.each(examples)('SDK-31 a %s event reaches its handlers as it was sent, without fields that are unknown', (name, event) => {
  const { server, core } = arrange()
  const heard: unknown[] = []
  core.events.on(name, (value) => heard.push(value))
  server.newest.notify(name, { ...(event as { [key: string]: Plain }), colour: 'new' })
  expect(heard).toEqual([event])
})

test('SDK-32 an event that is not what it should be is a fault, an unknown one is nothing, and neither hurts the connection', () => {
  const { server, core } = arrange()
  const faults: string[] = []
  core.events.on('fault', (fault) => faults.push(fault.message))
  for (const [name, event] of examples) {
    if (name === 'expired' || name === 'soldout' || name === 'left') continue
    server.newest.notify(name, null)
    server.newest.notify(name, [event])
    server.newest.notify(name, { ...(event as { [key: string]: Plain }), sku: 'no sku id', skus: 5, withinMs: 'soon' })
  }
  expect(faults).toHaveLength(3 * (examples.length - 4))
  server.newest.notify('weather', { sunny: true })
  server.newest.notify('toString', {})
  expect(faults).toHaveLength(3 * (examples.length - 4))
  expect(core.state).toEqual({ kind: 'open' })
})

test('SDK-33 a handler is called until it is ended, also when it ends itself, and the same one twice if added twice', () => {
  const { server, core } = arrange()
  const heard: string[] = []
  const add = (name: string) => core.events.on('expired', () => heard.push(name))
  const endFirst = add('first')
  const endOnce = core.events.on('expired', () => {
    heard.push('once')
    endOnce()
  })
  const handler = () => heard.push('twice')
  const endTwice = core.events.on('expired', handler)
  core.events.on('expired', handler)
  server.newest.notify('expired', { sku: 'shoe' })
  expect(heard).toEqual(['first', 'once', 'twice', 'twice'])
  endFirst()
  endFirst()
  endTwice()
  heard.length = 0
  server.newest.notify('expired', { sku: 'shoe' })
  expect(heard).toEqual(['twice'])
})

test('SDK-34 a handler that throws harms neither the client nor other handlers, and its error surfaces', async () => {
  const { world, server, core } = arrange()
  const heard: string[] = []
  core.events.on('expired', () => {
    throw new Error('mine')
  })
  core.events.on('expired', ({ sku }) => heard.push(sku))
  server.newest.notify('expired', { sku: 'shoe' })
  expect(heard).toEqual(['shoe'])
  await expect(world.advance(0)).rejects.toThrow('mine')
  expect(core.state).toEqual({ kind: 'open' })
})

test('SDK-35 what the server says in one breath reaches the user in the order in which it was said', async () => {
  const { world, server, user, core } = arrange()
  const seen: string[] = []
  core.events.on('held', () => seen.push('held'))
  core.events.on('expired', () => seen.push('expired'))
  const buy = async () => {
    const claim = await user.buy('shoe')
    seen.push(claim.state)
  }
  const claim = async () => {
    const state = await user.claim('hat')
    seen.push(`hat ${state.state}`)
  }
  const both = Promise.all([buy(), claim()])
  const connection = server.newest
  connection.notify('expired', { sku: 'shoe' })
  connection.result(connection.last('buy'), { state: 'queued', ticket: 1, ahead: 0, eta: null, odds: 'likely' })
  connection.notify('held', { sku: 'shoe', hold: 1, qty: 1, expiresAt: 5 })
  connection.result(connection.last('claim'), { state: 'none' })
  connection.notify('expired', { sku: 'hat' })
  await world.advance(0)
  await both
  expect(seen).toEqual(['expired', 'queued', 'held', 'hat none', 'expired'])
})

test('SDK-35 what was heard before a connection ended is told before its end, and in its order', async () => {
  const { world, server, user, core } = arrange()
  const seen: string[] = []
  core.events.on('held', () => seen.push('held'))
  core.events.on('state', (state) => seen.push(state.kind))
  const claim = async (sku: string) => {
    const { state } = await user.claim(sku)
    seen.push(state)
  }
  const calls = Promise.all([claim('shoe'), claim('hat')])
  const connection = server.newest
  const [first, second] = connection.of('claim')
  if (first === undefined || second === undefined) throw new Error('two claims were not asked for')
  connection.result(first, { state: 'none' })
  connection.notify('held', { sku: 'shoe', hold: 1, qty: 1, expiresAt: 5 })
  connection.result(second, { state: 'expired' })
  connection.notify('held', { sku: 'hat', hold: 1, qty: 1, expiresAt: 5 })
  connection.end()
  await world.advance(0)
  await calls
  expect(seen).toEqual(['none', 'held', 'expired', 'held', 'waiting'])
})

test('SDK-35 a call that is made while the last of a connection is told goes out on the next one', async () => {
  const { world, server, user, core } = arrange()
  const connection = server.newest
  const answered = outcomeOf(user.claim('shoe'))
  const lost = outcomeOf(user.claim('hat'))
  const late: Outcome<unknown>[] = []
  core.events.on('held', () => late.push(outcomeOf(user.leave('shoe'))))
  const [first] = connection.of('claim')
  if (first === undefined) throw new Error('no claim was asked for')
  connection.result(first, { state: 'none' })
  connection.notify('held', { sku: 'shoe', hold: 1, qty: 1, expiresAt: 5 })
  connection.end()
  await world.advance(1_000)
  server.newest.open()
  expect(answered.result).toEqual({ state: 'none' })
  expect(connection.of('leave')).toEqual([])
  expect(server.newest.sent.map(({ method }) => method)).toEqual(['claim', 'leave'])
  server.newest.result(server.newest.last('claim'), { state: 'expired' })
  server.newest.result(server.newest.last('leave'), { state: 'none' })
  await world.advance(0)
  expect([lost.result, late[0]?.result]).toEqual([{ state: 'expired' }, { state: 'none' }])
})
