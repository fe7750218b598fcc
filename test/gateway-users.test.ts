import { afterEach, expect, test } from 'vitest'
import type { Heard, ScriptedAnswer } from '../cluster/scripted-shard.ts'
import { op } from '../protocol/entry.ts'
import { frameKind, frameVersion } from '../protocol/frame.ts'
import { packInner, unpackInner } from '../protocol/inner-codec.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import { usersSubject } from '../protocol/subject.ts'
import { GatewayRig, type RigOptions } from './gateway-rig.ts'
import type { Answer } from './raw-connections.ts'

let rig: GatewayRig

afterEach(() => rig.close())

const ann = { displayName: 'Ann', tier: 'gold' }
const page = { entries: [{ kind: 'visit', at: 7 }], next: null }
const kinds = ['rpc', 'ws', 'json', 'http'] as const

test.each(kinds)('USR-6 a user (%s) is told of themselves, and a service of anyone it names', async (kind) => {
  await start()
  const call = await caller(kind)
  expect(await call('user.get')).toMatchObject({ result: { user: 'ann', ...ann } })
  expect(await call('user.history', ['17.lamp:x:1', 5])).toMatchObject({ result: page })
  const { user, payload } = rig.sessions.last
  expect([user, unpackInner(payload)]).toEqual(['ann', { after: '17.lamp:x:1', limit: 5 }])
  expect(await call('user.history')).toMatchObject({ result: page })
  expect(unpackInner(rig.sessions.last.payload)).toEqual({ after: null, limit: 20 })
})

test('USR-6 a user can neither name another nor set anything, and a service sets what is well formed', async () => {
  await start()
  const [user, service] = [await caller('ws'), await rig.rpc()]
  expect(await user('user.get', ['bob'])).toMatchObject({ error: { code: 'MALFORMED' } })
  expect(await user('user.history', ['bob', null, null])).toMatchObject({ error: { code: 'MALFORMED' } })
  expect(await user('user.set', ['ann', ann])).toMatchObject({ error: { code: 'FORBIDDEN' } })
  const long = 'x'.repeat(65)
  const wrong: readonly Plain[] = [null, 'Ann', [], {}, { name: 'Ann' }, { tier: 'two words' }, { tier: '' }, { displayName: ' ' }]
  for (const info of [
    ...wrong,
    { displayName: long },
    { displayName: 'a\u202eb' },
    { displayName: 'a\nb' },
    { displayName: 1 },
    { ...ann, age: 7 },
  ])
    expect(await service.call('user.set', ['ann', info]), JSON.stringify(info)).toMatchObject({ error: { code: 'MALFORMED' } })
  for (const after of ['x', '1.', -1, '1 2', 'x'.repeat(200)])
    expect(await service.call('user.history', ['ann', after]), String(after)).toMatchObject({ error: { code: 'MALFORMED' } })
  for (const limit of [0, 101, 1.5])
    expect(await service.call('user.history', ['ann', null, limit])).toMatchObject({ error: { code: 'MALFORMED' } })
  const before = rig.sessions.heard.filter(({ op: one }) => one === op.userSet).length
  expect(before).toBe(0)
  expect(await service.call('user.set', ['ann', { displayName: 'Ann Æ 安' }])).toMatchObject({ error: null })
  expect(unpackInner(rig.sessions.last.payload)).toEqual({ displayName: 'Ann Æ 安' })
})

test('USR-7 info is asked of the session once, and again when it has changed; of who is unknown too, and of a session that is away nothing is kept', async () => {
  let isAway = true
  await start({
    sessionScript: (command) =>
      isAway
        ? { kind: 'refuse', code: 'BUSY', retryAfterMs: 5 }
        : { kind: 'result', result: command.user === 'ann' ? ann : { displayName: null, tier: null } },
  })
  const service = await rig.rpc()
  await service.call('auth', [rig.keys.backend])
  expect(await service.call('user.get', ['ann'])).toMatchObject({ error: { code: 'BUSY', retryAfterMs: 5 } })
  isAway = false
  const asked = () => rig.sessions.heard.filter(({ op: one }) => one === op.userInfo).map(({ user }) => user)
  const before = asked().length
  const askAll = (user: string) => Promise.all(Array.from({ length: 200 }, () => service.call('user.get', [user])))
  for (const answer of await askAll('ann')) expect(answer).toMatchObject({ result: { user: 'ann', ...ann } })
  for (const answer of await askAll('nobody')) expect(answer).toMatchObject({ result: { user: 'nobody', displayName: null, tier: null } })
  expect(asked().slice(before)).toEqual(['ann', 'nobody'])
  rig.bus.send(usersSubject, Uint8Array.of(frameVersion, frameKind.userNotice, ...packInner({ user: 'ann' })))
  await expect
    .poll(async () => {
      await service.call('user.get', ['ann'])
      return asked().slice(before)
    })
    .toEqual(['ann', 'nobody', 'ann'])
})

test('USR-7 operators see what the session itself knows', async () => {
  await start()
  const operator = await rig.rpc()
  await operator.call('auth', [rig.keys.operator])
  await operator.call('user.get', ['ann'])
  expect(rig.sessions.last.op).toBe(op.userGet)
})

test('ERA-9 every shard is asked before any does it, the session last, and the first no is the answer', async () => {
  const said: string[] = []
  let inventory: ScriptedAnswer = { kind: 'result', result: null }
  let session: ScriptedAnswer = { kind: 'result', result: { pseudonym: 'erased-1', isConnected: true } }
  const note = (who: string, { payload }: Heard): void => {
    const { check } = unpackInner<{ readonly check: boolean }>(payload)
    said.push(`${who} ${check ? 'asked' : 'told'}`)
  }
  await start({
    script: (command) => {
      note('inventory', command)
      return inventory
    },
    sessionScript: (command) => {
      if (command.op === op.userErase) note('session', command)
      return command.op === op.userErase ? session : answerOf(command)
    },
  })
  const [user, service] = [await caller('ws'), await rig.rpc()]
  await service.call('auth', [rig.keys.backend])
  expect(await user('user.erase', ['ann'])).toMatchObject({ error: { code: 'FORBIDDEN' } })
  expect(await service.call('user.erase', [''])).toMatchObject({ error: { code: 'MALFORMED' } })
  expect(await service.call('user.erase', ['ann'])).toMatchObject({ result: { pseudonym: 'erased-1', connected: true } })
  expect(said.splice(0)).toEqual(['inventory asked', 'session asked', 'inventory told', 'session told'])
  session = { kind: 'refuse', code: 'USER_ACTIVE' }
  expect(await service.call('user.erase', ['ann'])).toMatchObject({ error: { code: 'USER_ACTIVE' } })
  inventory = { kind: 'refuse', code: 'BUSY', retryAfterMs: 7 }
  expect(await service.call('user.erase', ['ann'])).toMatchObject({ error: { code: 'BUSY', retryAfterMs: 7 } })
  expect(said.filter((one) => one.endsWith('told'))).toEqual([])
})

function answerOf(command: Heard): ScriptedAnswer {
  if (command.op === op.userHistory) return { kind: 'result', result: page }
  return { kind: 'result', result: command.op === op.userInfo || command.op === op.userSet ? ann : null }
}

async function start(options: RigOptions = {}): Promise<void> {
  rig = await GatewayRig.start({ sessionScript: answerOf, ...options })
}

/** Calls for ann: a service that names her, or she herself. */
async function caller(
  kind: (typeof kinds)[number],
): Promise<(method: string, params?: readonly Plain[]) => Promise<Answer | undefined | object>> {
  if (kind === 'rpc') {
    const service = await rig.rpc()
    await service.call('auth', [rig.keys.backend])
    return (method, params = []) => service.call(method, ['ann', ...params])
  }
  const token = rig.tokenOf('ann')
  if (kind === 'http') return (method, params = []) => rig.http(token, method, params)
  const socket = await rig.socket({ token, json: kind === 'json' })
  return (method, params = []) => socket.call(method, params)
}
