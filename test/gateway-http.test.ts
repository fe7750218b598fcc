import { afterEach, expect, test } from 'vitest'
import { skuChange, skuSettings } from '../gateway/view-fixtures.ts'
import { type Code, codes, codeTable } from '../protocol/codes.ts'
import { op } from '../protocol/entry.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import { GatewayRig, type RigOptions } from './gateway-rig.ts'

let rig: GatewayRig

afterEach(() => rig.close())

test.each(codes.map((code) => [code, codeTable[code].status] as const))(
  'GW-70 the code %s of a shard is the status %d',
  async (code, status) => {
    await start({ script: () => ({ kind: 'refuse', code, retryAfterMs: 1_500 }) })
    const answer = await call('buy', ['lamp'])
    expect(answer).toMatchObject({ status, retryAfter: '2', body: { error: { code, message: codeTable[code].text, retryAfterMs: 1_500 } } })
  },
)

test('GW-70 a result is 200, is not to be kept, and reaches the shard with the user of the token', async () => {
  await start()
  const answer = await call('buy', ['lamp', 2, 'request-1'])
  expect(answer).toMatchObject({ status: 200, type: 'application/json', cache: 'no-store', body: { result: { state: 'none' } } })
  expect(rig.inventory.last).toMatchObject({ op: op.buy, sku: 'lamp', user: 'anna', qty: 2 })
})

test.each<[string, string, Code]>([
  ['no JSON', '{', 'MALFORMED'],
  ['no list', '{"sku":"lamp"}', 'MALFORMED'],
  ['a number', '17', 'MALFORMED'],
  ['a list of the wrong things', '[17]', 'MALFORMED'],
  ['a param too many', '["lamp",1,"r","surplus"]', 'MALFORMED'],
  ['nested deeper than allowed', `${'['.repeat(30_000)}${']'.repeat(30_000)}`, 'MALFORMED'],
  ['larger than the limit', JSON.stringify(['x'.repeat(70_000)]), 'TOO_LARGE'],
])('GW-71 a body that is %s is refused', async (_, body, code) => {
  await start()
  expect(await post('buy', body)).toMatchObject({ status: codeTable[code].status, body: { error: { code } } })
  expect(await call('buy', ['lamp'])).toMatchObject({ status: 200 })
})

test('GW-71 bytes that are no UTF-8 are refused', async () => {
  await start()
  expect(await post('buy', Uint8Array.of(0x5b, 0x22, 0xff, 0xfe, 0x22, 0x5d))).toMatchObject({
    status: 400,
    body: { error: { code: 'MALFORMED' } },
  })
})

test('GW-71 an empty body is an empty list of params', async () => {
  await start()
  expect(await post('sale.list', '')).toMatchObject({ status: 200, body: { result: [{ sale: 'sale-of-lamp' }] } })
})

test('GW-72 without a valid token only public methods answer, and operators need their key', async () => {
  await start()
  const bearers = [undefined, 'Bearer nonsense', 'Basic abc', `Bearer ${rig.tokenOf('anna', -1)}`]
  for (const authorization of bearers) {
    expect(await post('buy', '["lamp"]', { authorization })).toMatchObject({ status: 401, body: { error: { code: 'UNAUTHORIZED' } } })
    expect(await post('sku.get', '["lamp"]', { authorization })).toMatchObject({ status: 200 })
  }
  const backend = `Bearer ${rig.keys.backend}`
  expect(await post('sku.restock', '["lamp",5]', { authorization: backend })).toMatchObject({ status: 403 })
  expect(await call('sku.restock', ['lamp', 5])).toMatchObject({ status: 403 })
  expect(await post('sku.restock', '["lamp",5]', { authorization: `Bearer ${rig.keys.operator}` })).toMatchObject({ status: 200 })
  expect(await post('buy', '["ben","lamp"]', { authorization: backend })).toMatchObject({ status: 200 })
  expect(rig.inventory.last.user).toBe('ben')
})

test('GW-72 a header names the user only where it is configured, and only if the peer may say so', async () => {
  const named = { authorization: undefined, 'x-user': 'cleo' }
  await start({ settings: { trustUserHeader: 'x-user' } })
  expect(await post('buy', '["lamp"]', named)).toMatchObject({ status: 200 })
  expect(rig.inventory.last.user).toBe('cleo')
  rig.close()
  await start({ settings: { trustUserHeader: 'x-user', trustedProxies: ['10.0.0.0/8'] } })
  expect(await post('buy', '["lamp"]', named)).toMatchObject({ status: 401 })
  rig.close()
  await start()
  expect(await post('buy', '["lamp"]', named)).toMatchObject({ status: 401 })
})

test('GW-73 methods that do not exist, and paths that are none, say so', async () => {
  await start()
  expect(await call('make.coffee', [])).toMatchObject({ status: 404, body: { error: { code: 'UNKNOWN_METHOD' } } })
  expect((await fetch(`${rig.webUrl}/no/such/page`)).status).toBe(404)
  expect((await fetch(`${rig.webUrl}/v1/call/buy`)).status).toBe(404)
  expect((await fetch(`${rig.webUrl}/index.html`, { method: 'POST', body: '{}' })).status).toBe(405)
})

test('GW-73 the stock view answers for what has not opened and what is sold, without the shard', async () => {
  await start()
  const settings = skuSettings('lamp', {}, Date.now() + 60_000)
  rig.broadcast({ toSeq: 2, skus: [skuChange(settings, { settings, phase: 'scheduled' })] })
  const before = rig.inventory.heard.length
  expect(await call('buy', ['lamp'])).toMatchObject({ status: 409, body: { error: { code: 'NOT_OPEN' } } })
  rig.broadcast({ toSeq: 3, skus: [skuChange(settings, { available: 0, sold: 10, buyers: new Uint8Array(0) })] })
  expect(await call('buy', ['lamp'])).toMatchObject({ status: 409, body: { error: { code: 'SOLD_OUT' } } })
  expect(rig.inventory.heard.length).toBe(before)
  expect(rig.gateway.core.counters.layers.stockView).toBe(2)
})

test('GW-74 a call that no shard answers in time is a TIMEOUT, and one beyond the table BUSY', async () => {
  await start({ script: () => ({ kind: 'silence' }), pendingMax: 1, callDeadlineMs: 300 })
  const first = call('buy', ['lamp'])
  await expect.poll(() => rig.inventory.last.op).toBe(op.buy)
  expect(await call('claim', ['lamp'])).toMatchObject({ status: 503, body: { error: { code: 'BUSY', retryAfterMs: 500 } } })
  expect(await first).toMatchObject({ status: 504, body: { error: { code: 'TIMEOUT' } } })
})

test('GW-74 a client that goes away before its answer leaves nothing behind', async () => {
  const held: (() => void)[] = []
  await start({
    script: (command) => {
      held.push(() => rig.inventory.answer(command, { kind: 'result', result: { state: 'none' } }))
      return { kind: 'silence' }
    },
  })
  const client = await rig.web()
  const body = '["lamp"]'
  await client.send(
    `POST /v1/call/buy HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${rig.tokenOf('anna')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  await expect.poll(() => held.length).toBe(1)
  client.close()
  await client.ended()
  held[0]?.()
  expect(await listStatus()).toBe(200)
})

test('GW-75 files are sent with their type, tag and safe headers, and not again to those who have them', async () => {
  const bytes = new TextEncoder().encode('<p>hello')
  await start({ files: new Map([['/', { type: 'text/html; charset=utf-8', bytes, etag: '"abc"', kind: 'page' }]]) })
  const first = await fetch(`${rig.webUrl}/`)
  expect([first.status, await first.text(), first.headers.get('etag')]).toEqual([200, '<p>hello', '"abc"'])
  expect(first.headers.get('content-security-policy')).toContain("default-src 'self'")
  expect(first.headers.get('x-content-type-options')).toBe('nosniff')
  const again = await fetch(`${rig.webUrl}/`, { headers: { 'if-none-match': '"abc"' } })
  expect([again.status, await again.text()]).toEqual([304, ''])
  const head = await fetch(`${rig.webUrl}/`, { method: 'HEAD' })
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '8', ''])
})

test('GW-75 no request leads out of the files that were read at the start', async () => {
  await start({ files: new Map([['/', { type: 'text/html', bytes: new Uint8Array(1), etag: '"a"', kind: 'page' }]]) })
  for (const path of [
    '/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/..%2f..%2fetc/passwd',
    '//etc/passwd',
    '/\\..\\..',
    '/__proto__',
    '/constructor',
  ]) {
    const raw = await rig.web()
    await raw.send(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    await expect.poll(() => raw.text).toMatch(/^HTTP\/1\.1 4\d\d/)
    raw.close()
  }
})

test('GW-76 routes of the program around answer GET and POST, and say when they failed', async () => {
  await start({
    routes: new Map([
      [
        '/demo/echo',
        (body: Plain | undefined) => Promise.resolve<{ status: number; body: Plain }>({ status: 200, body: body ?? 'nothing' }),
      ],
      ['/demo/broken', () => Promise.reject(new Error('broken on purpose'))],
    ]),
  })
  const echo = await fetch(`${rig.webUrl}/demo/echo`)
  expect([echo.status, await echo.json()]).toEqual([200, 'nothing'])
  const posted = await fetch(`${rig.webUrl}/demo/echo`, { method: 'POST', body: '{"a":1}' })
  expect([posted.status, await posted.json()]).toEqual([200, { a: 1 }])
  expect((await fetch(`${rig.webUrl}/demo/echo`, { method: 'POST', body: '{' })).status).toBe(400)
  expect((await fetch(`${rig.webUrl}/demo/echo`, { method: 'POST', body: `"${'x'.repeat(70_000)}"` })).status).toBe(413)
  expect((await fetch(`${rig.webUrl}/demo/broken`)).status).toBe(503)
  expect(rig.logged.join('')).toContain('broken on purpose')
})

test('GW-77 calls are rated per address and per user, and told when to come again', async () => {
  await start({ settings: { userBurst: 2, userRatePerSecond: 1, addressBurst: 5, addressRatePerSecond: 1 } })
  const results: string[] = []
  for (const user of ['anna', 'anna', 'anna', 'ben', 'cleo']) results.push(await codeAs(user))
  expect(results).toEqual(['OK', 'OK', 'RATE_LIMITED', 'OK', 'OK'])
  const limited = await call('claim', ['lamp'])
  expect(limited).toMatchObject({ status: 429, body: { error: { code: 'RATE_LIMITED' } } })
  expect(Number(limited.retryAfter)).toBeGreaterThan(0)
  expect(rig.gateway.core.counters.layers).toMatchObject({ user: 1, address: 1 })
})

test('GW-77 behind a trusted proxy each forwarded address has its own share', async () => {
  await start({ settings: { addressBurst: 1, addressRatePerSecond: 1, trustedProxies: ['127.0.0.1'] } })
  const from = async (address: string) => (await post('sale.list', '[]', { 'x-forwarded-for': address })).status
  expect([await from('203.0.113.1'), await from('203.0.113.1'), await from('203.0.113.2')]).toEqual([200, 429, 200])
  expect(await from('203.0.113.9, 203.0.113.2')).toBe(429)
})

test('GW-77 methods that do not exist are rated like any other', async () => {
  await start({ settings: { addressBurst: 3, addressRatePerSecond: 1 } })
  const statuses: number[] = []
  for (let n = 0; n < 5; n++) statuses.push((await post(`no.such.method${n}`, '[]', { authorization: undefined })).status)
  expect(statuses).toEqual([404, 404, 404, 429, 429])
})

async function start(options: RigOptions = {}): Promise<void> {
  rig = await GatewayRig.start(options)
}

interface HttpAnswer {
  readonly status: number
  readonly type: string | null
  readonly cache: string | null
  readonly retryAfter: string | null
  readonly body: unknown
}

async function post(
  method: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string | undefined>> = {},
): Promise<HttpAnswer> {
  const wanted = { authorization: `Bearer ${rig.tokenOf('anna')}`, ...headers }
  const given = Object.entries(wanted).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] satisfies [string, string]]))
  const response = await fetch(`${rig.webUrl}/v1/call/${method}`, { method: 'POST', body, headers: given })
  const { status, headers: got } = response
  return {
    status,
    type: got.get('content-type'),
    cache: got.get('cache-control'),
    retryAfter: got.get('retry-after'),
    body: await response.json(),
  }
}

function call(method: string, params: readonly Plain[]): Promise<HttpAnswer> {
  return post(method, JSON.stringify(params))
}

async function codeAs(user: string): Promise<string> {
  const { body } = await post('claim', '["lamp"]', { authorization: `Bearer ${rig.tokenOf(user)}` })
  const error: unknown = Reflect.get(Object(body), 'error')
  return error === undefined ? 'OK' : String(Reflect.get(Object(error), 'code'))
}

async function listStatus(): Promise<number> {
  const answer = await post('sale.list', '[]')
  return answer.status
}
