import { request } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { StaticFile } from '../../gateway/static-files.ts'
import { GatewayRig } from '../gateway-rig.ts'
import { RawTcp } from '../raw-connections.ts'
import { RunningNode } from '../running-node.ts'
import { until } from '../servers/until.ts'
import { answer, FakeGateway, type Reaction } from './fake-gateway.ts'
import { type NginxOptions, NginxServer } from './nginx-server.ts'

// Our nginx.conf in the real nginx.

const ends: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

async function nginxBefore(options: NginxOptions): Promise<NginxServer> {
  const nginx = await NginxServer.start(options)
  ends.push(() => nginx.stop())
  return nginx
}

async function fakeGateway(react: Reaction): Promise<FakeGateway> {
  const gateway = await FakeGateway.start(react)
  ends.push(() => gateway.close())
  return gateway
}

const forgeries = {
  'X-Forwarded-For': '192.0.2.1, 127.0.0.1',
  'X-Real-IP': '192.0.2.1',
  Forwarded: 'for=192.0.2.1',
  'X-Sluice-User': 'anna',
  'True-Client-IP': '192.0.2.1',
}

interface Wish {
  readonly from?: string
  readonly method?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A request from an address of this machine; the headers are sent as they are. */
function ask(
  port: number,
  path: string,
  { from = '127.0.0.1', method = 'GET', body = '', headers = {} }: Wish = {},
): Promise<{ status: number; body: string; cache: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', path, method, localAddress: from, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text, cache: String(response.headers['x-cache']) }))
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

test('DEP-10 nginx passes WebSockets and calls on, and limits count for the real client whatever it says of itself', async () => {
  const settings = { shards: 1, trustedProxies: '127.0.0.1', trustUserHeader: 'x-sluice-user', connectionsPerAddressMax: 2 }
  const node = await RunningNode.start({ settings })
  ends.push(() => node.stop())
  const nginx = await nginxBefore({ gateways: [node.ports.web, node.ports.web] })
  const listed = await ask(nginx.port, '/v1/call/sale.list', { method: 'POST', body: '[]' })
  expect([listed.status, listed.body]).toEqual([200, '{"result":[]}'])
  const dial = (port: number, from: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/ws`, 'sluice.json.v1', { localAddress: from, headers: forgeries })
      ends.push(() => socket.terminate())
      socket.once('open', () => socket.send('[0,1,"resume",[]]'))
      socket.once('message', (data: Buffer) => resolve(/"code":"\w+"/.exec(data.toString('utf8'))?.[0] ?? 'somebody'))
      // Ending it tells of a connection that never came about.
      socket.on('error', (error) => resolve(error.message))
      socket.once('unexpected-response', (_request, response) => resolve(String(response.statusCode)))
    })
  // Let in, and nobody in spite of the header that says who.
  const open = '"code":"UNAUTHORIZED"'
  for (const port of [nginx.port, node.ports.web]) {
    expect([await dial(port, `127.0.1.${port % 200}`), await dial(port, `127.0.1.${port % 200}`)]).toEqual([open, open])
    expect([await dial(port, `127.0.1.${port % 200}`), await dial(port, '127.0.0.3')]).toEqual(['503', open])
  }
  const claim = { method: 'POST', body: '["lamp"]', headers: forgeries }
  expect((await ask(nginx.port, '/v1/call/claim', claim)).status).toBe(401)
  expect((await ask(node.ports.web, '/v1/call/claim', { ...claim, from: '127.0.0.4' })).status).toBe(401)
  // As it would be if the proxy itself said so.
  expect((await ask(node.ports.web, '/v1/call/claim', claim)).status).toBe(404)
})

test('NGX-1 a gateway hears of the real client and nothing of what the client says of itself', async () => {
  const gateway = await fakeGateway(() => answer('{}'))
  const nginx = await nginxBefore({ gateways: [gateway.port] })
  await ask(nginx.port, '/v1/call/buy?x=1', {
    from: '127.0.0.2',
    method: 'POST',
    body: '[]',
    headers: { ...forgeries, Cookie: 'a=b', Authorization: 'Bearer t' },
  })
  const [head = ''] = gateway.requests
  expect(head).toMatch(/^POST \/v1\/call\/buy\?x=1 HTTP\/1\.1\r\n/)
  expect([...head.matchAll(/^x-forwarded-for: (.*)\r$/gim)].map(([, value]) => value)).toEqual(['127.0.0.2'])
  expect(head).toMatch(/^authorization: Bearer t\r$/im)
  expect(head).not.toMatch(/^(x-real-ip|forwarded|x-sluice-user|cookie|upgrade):/im)
})

test('NGX-1 hops before nginx are believed if they are named, and only they', async () => {
  const gateway = await fakeGateway(() => answer('{}'))
  const trustedHops = 'set_real_ip_from 127.0.0.9; set_real_ip_from 10.0.0.0/8; real_ip_header X-Forwarded-For; real_ip_recursive on;'
  const nginx = await nginxBefore({ gateways: [gateway.port], trustedHops })
  const headers = { 'X-Forwarded-For': '192.0.2.7, 203.0.113.9, 10.0.0.5' }
  for (const from of ['127.0.0.9', '127.0.0.2']) await ask(nginx.port, '/v1/call/buy', { from, method: 'POST', body: '[]', headers })
  expect(gateway.requests.map((head) => /^x-forwarded-for: (.*)\r$/im.exec(head)?.[1])).toEqual(['203.0.113.9', '127.0.0.2'])
})

test('NGX-2 a call that was sent is never sent to another gateway: it ends as unknown, and one that was not sent finds another', async () => {
  const dying = await fakeGateway(() => undefined)
  const other = await fakeGateway(() => answer('{}', 'Cache-Control: public, max-age=0\r\n'))
  const buy = { method: 'POST', body: '["lamp"]' }
  const nginx = await nginxBefore({ gateways: [dying.port, other.port] })
  await until(async () => {
    const { status, body } = await ask(nginx.port, '/v1/call/buy', buy)
    if (status === 504) expect(JSON.parse(body)).toMatchObject({ error: { code: 'TIMEOUT' } })
    return status === 504
  })
  const seen = other.requests.length
  expect(dying.requests).toHaveLength(1)
  // A read that was sent is asked of another one.
  const before = dying.requests.length
  await until(async () => {
    expect((await ask(nginx.port, `/v1/skus/lamp-${other.requests.length}`)).status).toBe(200)
    return dying.requests.length > before
  })
  expect(other.requests.length).toBeGreaterThan(seen)
  dying.close()
  for (let n = 0; n < 6; n++) expect((await ask(nginx.port, '/v1/call/buy', buy)).status).toBe(200)
})

test('NGX-2 what gateways refuse takes none of them out, so nobody can make them look dead', async () => {
  const busy = await fakeGateway(() =>
    answer('{"error":{"code":"BUSY"}}', 'Retry-After: 1\r\nCache-Control: no-store\r\n', '503 Service Unavailable'),
  )
  const other = await fakeGateway(() => answer('{"error":{"code":"BUSY"}}', 'Cache-Control: no-store\r\n', '503 Service Unavailable'))
  const nginx = await nginxBefore({ gateways: [busy.port, other.port] })
  for (const path of ['/v1/skus/lamp', '/v1/call/buy', '/assets/a.0.css', '/', '/v1/ws']) {
    for (let n = 0; n < 3; n++) {
      const { status, body } = await ask(nginx.port, path)
      expect([status, body], path).toEqual([503, '{"error":{"code":"BUSY"}}'])
    }
  }
  expect([busy.requests.length > 0, other.requests.length > 0, busy.requests.length + other.requests.length]).toEqual([true, true, 15])
})

test('NGX-3 public reads are asked for once by the path that is their key, however they are asked for', async () => {
  const gateway = await fakeGateway((head) =>
    answer(`{"of":"${/ (\S+) /.exec(head)?.[1]}"}`, 'Cache-Control: public, max-age=60\r\nETag: "a"\r\n'),
  )
  const nginx = await nginxBefore({ gateways: [gateway.port] })
  const together = await Promise.all(Array.from({ length: 20 }, () => ask(nginx.port, '/v1/skus/lamp')))
  const forms = [
    '/v1/skus/lamp?x=1',
    '/v1/skus/%6camp',
    '//v1///skus/lamp',
    '/v1/./skus/lamp',
    '/v1/x/../skus/lamp',
    '/v1/skus/lamp?sku=chair',
  ]
  const headers = { Authorization: 'Bearer t', Cookie: 'a=b' }
  const others = await Promise.all(forms.map((path) => ask(nginx.port, path, { headers })))
  for (const { status, body } of [...together, ...others]) expect([status, body]).toEqual([200, '{"of":"/v1/skus/lamp"}'])
  expect(others.map(({ cache }) => cache)).toEqual(forms.map(() => 'HIT'))
  expect(gateway.requests).toHaveLength(1)
  // Also when the odd form comes first.
  for (const path of ['//v1///skus/chair', '/v1/x/../skus/mugs?of=lamp', '/v1/sku%73/print']) {
    const name = /(chair|mugs|print)/.exec(path)?.[0]
    for (const form of [path, `/v1/skus/${name}`]) expect((await ask(nginx.port, form, { headers })).body).toBe(`{"of":"/v1/skus/${name}"}`)
  }
  expect(gateway.requests.filter((head) => /authorization|cookie/i.test(head))).toEqual([])
  const seen = gateway.requests.length
  const known = await ask(nginx.port, '/v1/skus/lamp', { headers: { 'If-None-Match': '"a"' } })
  expect([known.status, known.body, gateway.requests.length]).toEqual([304, '', seen])
})

test('NGX-3 a search is kept by what it asks for, in whatever order it does, and a product by its path', async () => {
  const gateway = await fakeGateway(() => answer('{}', 'Cache-Control: public, max-age=60\r\n'))
  const nginx = await nginxBefore({ gateways: [gateway.port] })
  const paths = [
    '/v1/products?q=red+lamp%20x&priceMax=5&state=open',
    '/v1/products?state=open&utm_source=mail&q=red+lamp%20x&priceMax=5',
    '/v1/products?q=red+lamp%20x&priceMax=6&state=open',
    '/v1/products/lamp?x=1',
    '/v1/products/lamp',
  ]
  const seen: unknown[] = []
  for (const path of paths) seen.push((await ask(nginx.port, path)).cache)
  expect(seen).toEqual(['MISS', 'HIT', 'MISS', 'MISS', 'HIT'])
  expect(gateway.requests.map((head) => head.split(' ')[1])).toEqual([
    '/v1/products?q=red+lamp%20x&sale=&category=&state=open&priceMin=&priceMax=5&skip=&limit=',
    '/v1/products?q=red+lamp%20x&sale=&category=&state=open&priceMin=&priceMax=6&skip=&limit=',
    '/v1/products/lamp',
  ])
})

test('NGX-3 what is no form of a read, a call or a refusal is kept for nobody', async () => {
  const gateway = await fakeGateway((head) =>
    head.includes('/v1/skus/late')
      ? answer('{}', 'Cache-Control: no-store\r\n', '429 Too Many Requests')
      : answer('{}', '', '404 Not Found'),
  )
  const nginx = await nginxBefore({ gateways: [gateway.port] })
  const paths = [
    '/v1/skus/late',
    '/v1/skus/la%2fmp',
    '/v1/skus/la%0d%0amp',
    '/v1/skus/',
    '/v1/sales/a/b',
    `/v1/skus/${'x'.repeat(49)}`,
    '/assets/a/../../v1',
    '/assets/%00',
  ]
  for (const path of [...paths, ...paths]) {
    const { status, body } = await ask(nginx.port, path)
    expect(status, `${path}: ${body}`).toBeGreaterThanOrEqual(400)
  }
  const asked = gateway.requests.map((head) => head.split('\r\n')[0])
  expect(asked.filter((line) => line === 'GET /v1/skus/late HTTP/1.1')).toHaveLength(2)
  expect(asked.filter((line) => line === 'GET /v1/skus/la%0d%0amp HTTP/1.1')).toHaveLength(2)
})

test('NGX-3 what was read is shown while no gateway answers, for as long as the gateways allow', async () => {
  const gateway = await fakeGateway((head) =>
    answer('{"result":1}', `Cache-Control: public, max-age=1${head.includes('lamp') ? ', stale-if-error=600' : ''}\r\n`),
  )
  const nginx = await nginxBefore({ gateways: [gateway.port] })
  for (const path of ['/v1/skus/lamp', '/v1/skus/chair', '/']) expect((await ask(nginx.port, path)).status).toBe(200)
  gateway.close()
  for (const path of ['/v1/skus/lamp', '/']) {
    await until(async () => {
      const { status, body, cache } = await ask(nginx.port, path)
      expect([status, body]).toEqual([200, '{"result":1}'])
      return cache === 'STALE' || cache === 'UPDATING'
    })
  }
  await until(async () => (await ask(nginx.port, '/v1/skus/chair')).status === 504)
})

test('NGX-4 while gateways are replaced, an asset that one does not have is asked of another, and then kept', async () => {
  const asset = (name: string): readonly [string, StaticFile] => {
    const bytes = new TextEncoder().encode(name)
    return [`/assets/${name}`, { type: 'text/css', bytes, etag: `"${name}"`, kind: 'asset' }]
  }
  const names = ['old.0.css', 'old.1.css', 'new.2.css', 'new.3.css']
  const [old, young] = await Promise.all(
    ['old', 'new'].map((age) => GatewayRig.start({ files: new Map(names.filter((name) => name.startsWith(age)).map(asset)) })),
  )
  ends.push(
    () => old?.close(),
    () => young?.close(),
  )
  const nginx = await nginxBefore({ gateways: [old?.ports.webPort ?? 0, young?.ports.webPort ?? 0] })
  for (let n = 0; n < 4; n++) {
    for (const name of names) {
      const { status, body, cache } = await ask(nginx.port, `/assets/${name}`)
      expect([status, body, cache]).toEqual([200, name, n === 0 ? 'MISS' : 'HIT'])
    }
    expect((await ask(nginx.port, '/assets/none.4.css')).status).toBe(404)
  }
  const reads = [old, young].map((rig) => rig?.gateway.core.counters.reads.of('asset', 'sent'))
  expect(reads).toEqual([2, 2])
})

test('NGX-5 an address has so many sockets and calls at a time, and is told in our words when there are too many', async () => {
  const node = await GatewayRig.start()
  ends.push(() => node.close())
  const instead = {
    'limit_conn sockets 1000;': 'limit_conn sockets 1;',
    'limit_req zone=calls burst=1000 nodelay;': 'limit_req zone=calls burst=2 nodelay;',
    'zone=calls:16m rate=500r/s': 'zone=calls:16m rate=1r/m',
  }
  const nginx = await nginxBefore({ gateways: [node.ports.webPort], instead })
  const call = (from: string) => ask(nginx.port, '/v1/call/sale.list', { from, method: 'POST', body: '[]', headers: forgeries })
  const statuses: number[] = []
  for (let n = 0; n < 4; n++) statuses.push((await call('127.0.0.2')).status)
  expect(statuses).toEqual([200, 200, 200, 429])
  expect(JSON.parse((await call('127.0.0.2')).body)).toMatchObject({ error: { code: 'RATE_LIMITED', retryAfterMs: 1_000 } })
  expect((await call('127.0.0.3')).status).toBe(200)
  const dial = (from: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(nginx.socketUrl, 'sluice.json.v1', { localAddress: from, headers: forgeries })
      ends.push(() => socket.terminate())
      socket.on('error', (error) => resolve(error.message))
      socket.once('open', () => resolve('open'))
      socket.once('unexpected-response', (_request, response) => resolve(String(response.statusCode)))
    })
  expect([await dial('127.0.0.2'), await dial('127.0.0.2'), await dial('127.0.0.3')]).toEqual(['open', '429', 'open'])
})

test('NGX-6 who sends slowly holds nothing of a gateway: it hears of a call when nginx has all of it', async () => {
  const gateway = await fakeGateway(() => answer('{}'))
  const nginx = await nginxBefore({ gateways: [gateway.port] })
  const slow = await RawTcp.open(nginx.port, false)
  ends.push(() => slow.close())
  await slow.send('POST /v1/call/buy HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n["la')
  // A whole round through nginx later nothing of the first one has come.
  expect((await ask(nginx.port, '/v1/call/buy', { method: 'POST', body: '[]' })).status).toBe(200)
  expect(gateway.requests.map((text) => text.slice(text.indexOf('\r\n\r\n') + 4))).toEqual(['[]'])
  expect(gateway.heardFrom).toBe(1)
  await slow.send('mp"]')
  await until(() => slow.text.startsWith('HTTP/1.1 200'))
  expect(gateway.requests.at(-1)).toMatch(/\["lamp"\]$/)
})
