import { afterEach, expect, test } from 'vitest'
import { skuChange, skuSettings } from '../gateway/view-fixtures.ts'
import { GatewayRig, type RigOptions } from './gateway-rig.ts'

// What a gateway answers to plain GETs, and whom it believes about where a request comes from.

let rig: GatewayRig

afterEach(() => rig.close())

async function start(options: RigOptions = {}): Promise<void> {
  rig = await GatewayRig.start(options)
}

const bytes = new TextEncoder().encode('p{}')
const files = new Map([
  ['/', { type: 'text/html', bytes, etag: '"page"', kind: 'page' } as const],
  ['/a.css', { type: 'text/css', bytes, etag: '"file"', kind: 'file' } as const],
  ['/assets/a.0.css', { type: 'text/css', bytes, etag: '"asset"', kind: 'asset' } as const],
])

test('AST-4 an asset is kept for good and by anyone, a page and a file are asked for anew each time', async () => {
  await start({ files })
  const seen = await Promise.all(
    ['/', '/a.css', '/assets/a.0.css'].map(async (path) => {
      const { headers } = await get(path)
      return [headers.get('cache-control'), headers.get('access-control-allow-origin'), headers.get('set-cookie'), headers.get('vary')]
    }),
  )
  expect(seen).toEqual([
    ['no-cache', null, null, null],
    ['no-cache', null, null, null],
    ['public, max-age=31536000, immutable', '*', null, null],
  ])
  for (const tag of ['"page"', 'W/"page"', '"old", "page"', '*']) expect((await get('/', { 'if-none-match': tag })).status, tag).toBe(304)
  expect((await get('/', { 'if-none-match': '"old"' })).status).toBe(200)
  expect((await get('/assets/a.1.css')).headers.get('cache-control')).toBeNull()
})

test('AST-5 the policy of the page lets scripts, styles and pictures come from the asset origin, and nothing else', async () => {
  await start({ files, settings: { assetOrigin: 'https://cdn.example' } })
  const policy = (await get('/')).headers.get('content-security-policy') ?? ''
  const allowing = policy.split('; ').flatMap((one) => (one.includes('https://cdn.example') ? one.split(' ')[0] : []))
  expect(allowing).toEqual(['script-src', 'style-src', 'img-src', 'font-src'])
  rig.close()
  await start({ files })
  expect((await get('/')).headers.get('content-security-policy')).toContain("script-src 'self';")
})

test('PUB-1 sales, a sale and a SKU are read by GET as the public methods tell them', async () => {
  await start()
  const told = async (method: string, params: readonly string[]): Promise<unknown> =>
    (await fetch(`${rig.webUrl}/v1/call/${method}`, { method: 'POST', body: JSON.stringify(params) })).json()
  for (const [path, method, params] of [
    ['/v1/sales', 'sale.list', []],
    ['/v1/sales/sale-of-lamp', 'sale.get', ['sale-of-lamp']],
    ['/v1/skus/lamp', 'sku.get', ['lamp']],
  ] as const) {
    const answer = await get(path)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(await answer.json()).toEqual(await told(method, params))
  }
})

test('PUB-2 caches may keep it for a moment, and ask by its tag, which changes with what it says', async () => {
  await start()
  const first = await get('/v1/skus/lamp')
  expect(first.headers.get('cache-control')).toBe('public, max-age=1, stale-while-revalidate=5, stale-if-error=60')
  const etag = first.headers.get('etag') ?? ''
  const again = await get('/v1/skus/lamp', { 'if-none-match': `W/${etag}` })
  expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag])
  const head = await fetch(`${rig.webUrl}/v1/skus/lamp`, { method: 'HEAD' })
  expect([head.status, head.headers.get('etag'), head.headers.get('content-length')]).toEqual([
    200,
    etag,
    String((await first.text()).length),
  ])
  rig.broadcast({ toSeq: 2, skus: [skuChange(skuSettings('lamp'), { available: 7, held: 3 })] })
  const changed = await get('/v1/skus/lamp', { 'if-none-match': etag })
  expect([changed.status, await changed.json()]).toMatchObject([200, { result: { available: 7 } }])
  expect(changed.headers.get('etag')).not.toBe(etag)
})

test('PUB-3 it is the same for everybody: no token, key or cookie changes a byte', async () => {
  await start({ settings: { trustUserHeader: 'x-user' } })
  const plain = await get('/v1/sales')
  const [text, etag] = [await plain.text(), plain.headers.get('etag')]
  for (const headers of [
    { authorization: `Bearer ${rig.tokenOf('anna')}` },
    { authorization: `Bearer ${rig.keys.operator}` },
    { authorization: 'Bearer wrong' },
    { 'x-user': 'anna' },
    { cookie: 'session=anna' },
  ]) {
    const answer = await get('/v1/sales', headers)
    expect([answer.status, await answer.text(), answer.headers.get('etag'), answer.headers.get('vary')]).toEqual([200, text, etag, null])
  }
})

test.each([
  ['/v1/skus/chair', 404, 'public, max-age=1'],
  ['/v1/sales/chair', 404, 'public, max-age=1'],
  ['/v1/skus/%6camp', 400, 'no-store'],
  ['/v1/skus/lamp%00', 400, 'no-store'],
  [`/v1/skus/${'x'.repeat(49)}`, 400, 'no-store'],
  ['/v1/skus/..%2f..%2fv1%2fsales', 400, 'no-store'],
  ['/v1/skus/lamp/', 404, null],
  ['/v1//skus/lamp', 404, null],
  ['/v1/skus/../skus/lamp', 404, null],
  ['//v1/sales', 404, null],
])('PUB-4 %s is %d, and kept by caches as %j', async (path, status, cache) => {
  await start({ files })
  const raw = await rig.web()
  await raw.send(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  await expect.poll(() => raw.text).toMatch(/\r\n\r\n/)
  expect(Number(raw.text.slice(9, 12))).toBe(status)
  expect(/^cache-control: (.*)$/im.exec(raw.text)?.[1]?.trim() ?? null).toBe(cache)
  raw.close()
})

test('PUB-4 what stands behind the path changes nothing, and other verbs do nothing', async () => {
  await start()
  expect(await (await get('/v1/skus/lamp?sku=chair&x=1')).json()).toMatchObject({ result: { sku: 'lamp' } })
  for (const method of ['POST', 'PUT', 'DELETE']) expect((await fetch(`${rig.webUrl}/v1/skus/lamp`, { method })).status).toBe(405)
})

test('PUB-5 reads are rated by address like calls, and a refusal is kept by no cache', async () => {
  await start({ settings: { addressBurst: 2, addressRatePerSecond: 1 } })
  const answers = [await get('/v1/sales'), await get('/v1/skus/lamp'), await get('/v1/sales')]
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429])
  expect(answers[2]?.headers.get('cache-control')).toBe('no-store')
  expect(Number(answers[2]?.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await answers[2]?.json()).toMatchObject({ error: { code: 'RATE_LIMITED' } })
})

test('PUB-6 files and reads are counted by what was asked for and what became of it, and nothing that anyone asks for is a label', async () => {
  await start({ files, settings: { addressBurst: 4, addressRatePerSecond: 1 } })
  await get('/')
  await get('/', { 'if-none-match': '"page"' })
  await get('/assets/a.0.css')
  for (let n = 0; n < 20; n++) await get(`/nothing/${n}`)
  await fetch(`${rig.webUrl}/a.css`, { method: 'POST' })
  const etag = (await get('/v1/sales')).headers.get('etag') ?? ''
  await get('/v1/sales', { 'if-none-match': etag })
  await get('/v1/skus/chair')
  await get('/v1/sales/sale-of-lamp')
  await get('/v1/skus/lamp')
  const counted = countedReads()
  expect(Object.fromEntries(Object.entries(counted).filter(([, count]) => count > 0))).toEqual({
    'page sent': 1,
    'page not_modified': 1,
    'asset sent': 1,
    'nothing not_found': 20,
    'file refused': 1,
    'sales sent': 1,
    'sales not_modified': 1,
    'sku not_found': 1,
    'sale sent': 1,
    'sku refused': 1,
  })
  expect(Object.keys(counted)).toHaveLength(9 * 4)
})

test('PUB-7 who asks again and again without reading is given a body in between', async () => {
  await start({ files })
  const statuses: number[] = []
  const etag = (await get('/v1/skus/lamp')).headers.get('etag') ?? ''
  for (let n = 0; n < 64; n++) statuses.push((await get('/v1/skus/lamp', { 'if-none-match': etag })).status)
  expect(statuses.filter((status) => status === 304).length).toBe(63)
  expect(statuses.filter((status) => status === 200).length).toBe(1)
})

test('GW-30 of a header in several lines all count: a proxy may add its own below that of the client', async () => {
  await start({ settings: { addressBurst: 1, addressRatePerSecond: 1, trustedProxies: ['127.0.0.1'] } })
  const from = (...addresses: readonly string[]) => rawStatus('', addresses.map((address) => `X-Forwarded-For: ${address}\r\n`).join(''))
  expect(await from('198.51.100.1', '203.0.113.1')).toBe(200)
  expect(await from('198.51.100.2', '203.0.113.1')).toBe(429)
  expect(await from('198.51.100.1', '203.0.113.2')).toBe(200)
})

test('GW-33 a trusted balancer says by the PROXY protocol whom it speaks for, and nobody else does', async () => {
  const settings = { addressBurst: 1, addressRatePerSecond: 1, trustUserHeader: 'x-user', trustedProxies: ['127.0.0.2'] }
  await start({ settings })
  const balancer = '127.0.0.2'
  expect(await rawStatus(proxied('203.0.113.1'), '', balancer)).toBe(200)
  expect(await rawStatus(proxied('203.0.113.1'), '', balancer)).toBe(429)
  expect(await rawStatus(proxied('203.0.113.2'), '', balancer)).toBe(200)
  // Who comes through such a balancer wrote the headers, so they are not the balancer's.
  expect(await rawStatus(proxied('203.0.113.2'), 'X-Forwarded-For: 203.0.113.3\r\n', balancer)).toBe(429)
  expect(await rawStatus(proxied('203.0.113.4'), 'X-User: anna\r\n', balancer, 'POST /v1/call/claim', '["lamp"]')).toBe(401)
  // From anywhere else it is read over.
  expect(await rawStatus(proxied('203.0.113.5'), '', '127.0.0.3')).toBe(200)
  expect(await rawStatus(proxied('203.0.113.6'), '', '127.0.0.3')).toBe(429)
})

/** The header of version 2 for TCP over IPv4. Source: haproxy.org, proxy-protocol.txt, section 2.2. */
function proxied(address: string): string {
  const source = String.fromCharCode(...address.split('.').map(Number))
  return `\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c${source}\x7f\0\0\x01\x30\x39\x1f\x90`
}

/** The status of the first answer on a connection of its own. */
async function rawStatus(before: string, headers: string, localAddress = '127.0.0.1', line = 'GET /v1/sales', body = ''): Promise<number> {
  const raw = await rig.web(localAddress)
  await raw.send(Buffer.from(`${before}${line} HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`, 'latin1'))
  await expect.poll(() => raw.text).toMatch(/\r\n\r\n/)
  raw.close()
  return Number(raw.text.slice(9, 12))
}

function get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${rig.webUrl}${path}`, { headers })
}

function countedReads(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  const tell = (name: string, _help: string, value: number, labels: Readonly<Record<string, string>> = {}): void => {
    if (name === 'sluice_reads_total') counts[`${labels['subject']} ${labels['outcome']}`] = value
  }
  rig.gateway.collect({ counter: tell, gauge: tell, histogram: () => {}, summary: () => {} })
  return counts
}
