import { expect, test } from 'vitest'
import { z } from 'zod'
import { ManualWorld } from '../../cluster/manual-world.ts'
import { type Identity, nobody } from '../../gateway/identity.ts'
import type { InnerCaller } from '../../gateway/inner-calls.ts'
import { refusal } from '../../protocol/codes.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import type { OpsAnswer, OpsRequest } from '../ops-routes.ts'
import { apiPath, ConsoleApi } from './console-api.ts'
import { loginLimits } from './console-login.ts'
import { sessionLimits } from './console-sessions.ts'

const origin = 'http://console.example:7081'
const operatorKey = 'key-of-operators'
const operator = { role: 'operator', key: 'kay', proof: 'of-kay' } as const
const journey = { user: 'ann', visits: [], skus: [], partial: [] }

const answerSchema = z.looseObject({ token: z.string().nullish(), error: z.object({ code: z.string() }).optional() })

function identityOf(key: string): Identity {
  if (key === operatorKey) return operator
  return key === 'key-of-services' ? { role: 'backend', key: 'backend', proof: 'of-backend' } : nobody
}

/** The console's server without sockets, on a clock that stands still. */
class Rig {
  readonly world = new ManualWorld()
  readonly called: { readonly caller: InnerCaller; readonly method: string; readonly params: readonly Plain[] }[] = []
  readonly api: ConsoleApi
  /** Identities whose keys count no more. */
  readonly withdrawn: Identity[] = []
  cookie = ''
  token = ''

  constructor() {
    this.api = new ConsoleApi({
      world: this.world,
      identities: { ofKey: identityOf, stands: (identity) => !this.withdrawn.includes(identity) },
      calls: {
        call: async (caller, method, params) => {
          this.called.push({ caller, method, params })
          return method === 'sale.pause' ? { error: refusal('UNKNOWN_SALE') } : { error: null, result: 'done' }
        },
      },
      board: { look: () => '{"sales":[]}', forget: () => {} },
      settingsOf: () => [],
      journeys: { read: async (user) => (user === 'ann' ? journey : 'busy') },
      dead: undefined,
    })
  }

  async get(name: string, headers: OpsRequest['headers'] = {}) {
    return this.asked({
      method: 'GET',
      path: `${apiPath}${name}`,
      headers: { cookie: this.cookie, ...headers },
      body: Buffer.alloc(0),
      address: 'here',
    })
  }

  /** As the page does it; `headers` take others' place. */
  async post(name: string, body: Plain | Buffer, headers: OpsRequest['headers'] = {}, address = 'here') {
    const usual = {
      origin,
      host: 'console.example:7081',
      'content-type': 'application/json',
      'x-sluice-token': this.token,
      cookie: this.cookie,
    }
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))
    return this.asked({ method: 'POST', path: `${apiPath}${name}`, headers: { ...usual, ...headers }, body: bytes, address })
  }

  async signIn(headers: OpsRequest['headers'] = {}): Promise<string> {
    const { status, json, cookie } = await this.post('login', { key: operatorKey }, headers)
    expect(status).toBe(200)
    this.cookie = cookie.split(';')[0] ?? ''
    this.token = json.token ?? ''
    return cookie
  }

  private async asked(request: OpsRequest) {
    const answer: OpsAnswer = await this.api.answer(request)
    const json = answerSchema.parse(JSON.parse(String(answer.text)))
    return {
      status: answer.status,
      json,
      code: json.error?.code,
      headers: answer.headers ?? {},
      cookie: answer.headers?.['set-cookie'] ?? '',
    }
  }
}

test('CON-2 the key of the operators opens a session, which no script and no other site gets hold of', async () => {
  const rig = new Rig()
  const cookie = await rig.signIn()
  expect(cookie).toMatch(/^sluice-console=[a-z0-9]{44}; Path=\/console; HttpOnly; SameSite=Strict$/)
  expect((await rig.get('session')).json).toEqual({ token: rig.token })
  expect((await rig.get('live')).json).toMatchObject({ board: { sales: [] } })
  expect(await new Rig().signIn({ 'x-forwarded-proto': 'https' })).toMatch(/; Secure$/)
})

test('CON-2 other keys open none, and the log names no key', async () => {
  const rig = new Rig()
  for (const body of [{ key: 'key-of-services' }, { key: 'guessed' }])
    expect(await rig.post('login', body)).toMatchObject({ status: 401, code: 'UNAUTHORIZED', cookie: '' })
  for (const body of [{}, [], 'key', { key: operatorKey, more: 1 }])
    expect((await rig.post('login', body, {}, 'there')).code).toBe('MALFORMED')
  expect(rig.world.logged.map(({ fields }) => fields)).toEqual([{ address: 'here' }, { address: 'here' }])
})

test('CON-3 tries at the key are limited, for each address and for all together', async () => {
  const rig = new Rig()
  const tries = (address: string) => rig.post('login', { key: 'guessed' }, {}, address)
  for (let i = 0; i < loginLimits.perAddress.burst; i++) expect((await tries('a')).status).toBe(401)
  const refused = await tries('a')
  expect(refused).toMatchObject({ status: 429, code: 'RATE_LIMITED', headers: { 'retry-after': '10' } })
  // A good key waits its turn as well, or its answer would be the one that tells.
  expect((await rig.post('login', { key: operatorKey }, {}, 'a')).status).toBe(429)
  for (let i = loginLimits.perAddress.burst; i < loginLimits.all.burst; i++) expect((await tries(`b${i}`)).status).toBe(401)
  expect((await tries('c')).status).toBe(429)
  await rig.world.pass(10_000)
  expect((await rig.post('login', { key: operatorKey }, {}, 'a')).status).toBe(200)
})

test('CON-4 a session ends when nobody has done anything for a while, however often the page looks', async () => {
  const rig = new Rig()
  await rig.signIn()
  await rig.world.pass(sessionLimits.idleMs - 1_000)
  expect((await rig.get('live')).json['endsInMs']).toBe(1_000)
  await rig.world.pass(1_000)
  expect(await rig.get('live')).toMatchObject({ status: 401, code: 'UNAUTHORIZED' })
  expect((await rig.get('session')).json).toEqual({ token: null })
  expect((await rig.post('call/sale.open', ['s'])).code).toBe('UNAUTHORIZED')
  expect(rig.called).toEqual([])
})

test('CON-4 a session lives on while somebody is there, and ends after half a day all the same', async () => {
  const rig = new Rig()
  await rig.signIn()
  const step = sessionLimits.idleMs - 1
  for (let at = step; at < sessionLimits.lifeMs; at += step) {
    await rig.world.pass(step)
    expect((await rig.get('live?seen=1')).status).toBe(200)
  }
  await rig.world.pass(step)
  expect((await rig.get('live?seen=1')).status).toBe(401)
})

test('CON-4 who signs out is out, and the cookie is taken back', async () => {
  const rig = new Rig()
  await rig.signIn()
  const out = await rig.post('logout', {})
  expect(out.cookie).toContain('sluice-console=; ')
  expect(out.cookie).toContain('Max-Age=0')
  expect((await rig.get('live')).status).toBe(401)
})

test('CON-4 a session ends with the key that opened it', async () => {
  const rig = new Rig()
  await rig.signIn()
  rig.withdrawn.push(operator)
  expect((await rig.get('live')).status).toBe(401)
  expect((await rig.post('call/sale.open', ['s'])).code).toBe('UNAUTHORIZED')
  expect(rig.called).toEqual([])
})

test('CON-5 a change needs the token of the session and an origin that is this one; nothing is done without', async () => {
  const rig = new Rig()
  await rig.signIn()
  const foreign: readonly OpsRequest['headers'][] = [
    { 'x-sluice-token': '' },
    { 'x-sluice-token': rig.token.toUpperCase() },
    { origin: 'http://evil.example' },
    { origin: 'http://console.example:7080' },
    { origin: 'null' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site' },
    { 'content-type': 'text/plain' },
  ]
  for (const headers of foreign) expect(await rig.post('call/sale.open', ['s'], headers)).toMatchObject({ status: 403, code: 'FORBIDDEN' })
  const usual = { host: 'console.example:7081', 'content-type': 'application/json', 'x-sluice-token': rig.token, cookie: rig.cookie }
  const nameless = { method: 'POST', path: `${apiPath}call/sale.open`, headers: usual, body: Buffer.from('["s"]'), address: 'here' }
  expect((await rig.api.answer(nameless)).status).toBe(403)
  expect(rig.called).toEqual([])
  expect((await rig.get('live', { 'sec-fetch-site': 'cross-site' })).code).toBe('FORBIDDEN')
  expect((await rig.post('call/sale.open', ['s'], { 'sec-fetch-site': 'same-origin' })).status).toBe(200)
})

test('CON-6 of more sessions than there may be the one that was used longest ago makes way', async () => {
  const rig = new Rig()
  const sessions = rig.api.sessions
  const ids = Array.from({ length: sessionLimits.sessionsMax }, () => sessions.open(operator).id)
  const [first = '', second = ''] = ids
  sessions.touch(first)
  sessions.open(operator)
  expect([first, second].map((id) => sessions.find(id) !== undefined)).toEqual([true, false])
})

test('CON-7 a call is made as the operator, from the address of the browser; its result and its refusal come back', async () => {
  const rig = new Rig()
  await rig.signIn()
  expect((await rig.post('call/sale.open', ['s', 'request-1'])).json).toEqual({ result: 'done' })
  expect(await rig.post('call/sale.pause', ['s'])).toMatchObject({ status: 404, code: 'UNKNOWN_SALE' })
  const caller = { identity: operator, address: 'here' }
  expect(rig.called).toEqual([
    { caller, method: 'sale.open', params: ['s', 'request-1'] },
    { caller, method: 'sale.pause', params: ['s'] },
  ])
})

test('CON-9 a sale is checked without being made', async () => {
  const rig = new Rig()
  await rig.signIn()
  const file = { sale: 's', title: 'S', opensAt: 0, skus: [{ sku: 'a', title: 'A', priceMinor: 100, stock: 5 }] }
  const { json } = await rig.post('check-sale', file)
  expect(json).toMatchObject({ kind: 'sale', settings: [{ sku: 'a', sale: 's', perUserMax: 1, currency: 'EUR' }] })
  const wrong = { ...file, skus: [{ ...file.skus[0], stock: -1 }] }
  expect((await rig.post('check-sale', wrong)).json).toEqual({ kind: 'problems', problems: ['skus[0].stock: must be at least 0'] })
  expect(rig.called).toEqual([])
})

test('CON-10 a journey is told with the words of the command line, or why not', async () => {
  const rig = new Rig()
  await rig.signIn()
  expect((await rig.get('journey?user=ann')).json).toEqual({ journey })
  expect(await rig.get('journey?user=bob')).toMatchObject({ status: 503, code: 'BUSY' })
  for (const query of ['', '?user=', '?user=ann&sku=not+a+sku', `?user=${'a'.repeat(65)}`])
    expect((await rig.get(`journey${query}`)).code).toBe('MALFORMED')
})

test('CON-11 what is no question gets an answer with a code', async () => {
  const rig = new Rig()
  await rig.signIn()
  for (const body of ['{', '\u0000', '[', '{"__proto__": 1}', '[[[[[[[[[[]]]]]]]]]]'].map((text) => Buffer.from(text)))
    expect(await rig.post('call/sale.open', body)).toMatchObject({ status: 400, code: 'MALFORMED' })
  expect((await rig.post('call/sale.open', Buffer.of(0x22, 0xff, 0x22))).code).toBe('MALFORMED')
  expect((await rig.post('call/sale.open', { sale: 's' })).code).toBe('MALFORMED')
  expect((await rig.post('nothing', {})).code).toBe('UNKNOWN_METHOD')
  expect((await rig.get('nothing')).code).toBe('UNKNOWN_METHOD')
  expect((await rig.get('sale?sale=unknown')).code).toBe('UNKNOWN_SALE')
  expect((await rig.get('dead-orders')).json).toEqual({ orders: null })
  expect((await rig.post('retry-dead', { orders: '*' })).code).toBe('FORBIDDEN')
  expect(rig.called).toEqual([])
})
