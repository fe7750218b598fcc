import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seededRandom } from '../cluster/manual-world.ts'
import { encodePlain, type Plain } from '../protocol/msgpack-writer.ts'
import { GoodShopper } from './good-shopper.ts'
import { RawSocket, RawTcp, requestBytes } from './raw-connections.ts'
import { RunningNode } from './running-node.ts'

/** More than this much memory for good is no longer bounded. */
const growthMax = 150 * 1024 * 1024

let node: RunningNode
let good: GoodShopper
let residentBefore: number

beforeAll(async () => {
  node = await RunningNode.start({
    settings: { shards: 2, userBurst: 10_000, userRatePerSecond: 10_000, addressBurst: 100_000, addressRatePerSecond: 100_000 },
  })
  await node.createSku('plenty', { stock: 1_000_000 })
  good = new GoodShopper(node, 'plenty')
  residentBefore = await node.residentBytes()
})

afterAll(async () => {
  await node.stop()
})

const buy = requestBytes(7, 'claim', ['anna', 'plenty'])
const userClaim = requestBytes(7, 'claim', ['plenty'])

/** Bytes that are no message, and none that begins like one and might still become one. */
const notMessages: readonly (readonly [string, Uint8Array])[] = [
  ['nested a thousand deep', Uint8Array.from({ length: 1_001 }, (_, i) => (i < 1_000 ? 0x91 : 0xc0))],
  ['an array that claims four billion items', bytes(0x94, 0x00, 0x01, 0xdd, 0xff, 0xff, 0xff, 0xff)],
  ['a map that claims four billion entries', bytes(0x94, 0x00, 0x01, 0xdf, 0xff, 0xff, 0xff, 0xff)],
  ['a text that claims four gigabytes', bytes(0x94, 0x00, 0x01, 0xdb, 0xff, 0xff, 0xff, 0xff, 0x61)],
  ['an extension type', bytes(0x94, 0x00, 0x01, 0xa5, ...text('claim'), 0x91, 0xd4, 0x01, 0x00)],
  ['an extension that claims four gigabytes', bytes(0x94, 0x00, 0x01, 0xc9, 0xff, 0xff, 0xff, 0xff, 0x01)],
  ['a timestamp', bytes(0x94, 0x00, 0x01, 0xd6, 0xff, 0, 0, 0, 0)],
  ['binary', bytes(0x94, 0x00, 0x01, 0xa5, ...text('claim'), 0x91, 0xc4, 0x01, 0x00)],
  ['binary that claims four gigabytes', bytes(0x94, 0x00, 0x01, 0xc6, 0xff, 0xff, 0xff, 0xff)],
  ['the byte that is never used', bytes(0xc1)],
  ['a number instead of an envelope', bytes(0x05)],
  ['an empty array', bytes(0x90)],
  ['an unknown kind of message', encodePlain([9, 1, 'buy', []])],
  ['a request of three parts', encodePlain([0, 1, 'buy'])],
  ['a request of five parts', encodePlain([0, 1, 'buy', [], 1])],
  ['a msgid that is negative', encodePlain([0, -1, 'buy', []])],
  ['a msgid that is too large', encodePlain([0, 2 ** 32, 'buy', []])],
  ['a msgid that is a text', encodePlain([0, 'one', 'buy', []])],
  ['a method that is a number', encodePlain([0, 1, 17, []])],
  ['a method that is empty', encodePlain([0, 1, '', []])],
  ['a method that is long', encodePlain([0, 1, 'x'.repeat(65), []])],
  ['params that are a map', encodePlain([0, 1, 'buy', { sku: 'plenty' }])],
  ['params that are nil', encodePlain([0, 1, 'buy', null])],
  ['text that is no UTF-8', bytes(0x94, 0x00, 0x01, 0xa5, ...text('claim'), 0x91, 0xa2, 0xff, 0xfe)],
  ['an integer beyond 2^53', bytes(0x94, 0x00, 0x01, 0xa5, ...text('claim'), 0x91, 0xcf, ...Array<number>(8).fill(0xff))],
  ['a map with a key that is no text', bytes(0x94, 0x00, 0x01, 0xa5, ...text('claim'), 0x91, 0x81, 0x01, 0x02)],
  ['a map with the key __proto__', bytes(0x94, 0x00, 0x01, 0xa5, ...text('claim'), 0x91, 0x81, 0xa9, ...text('__proto__'), 0x01)],
]

describe('msgpack-RPC', () => {
  test.each(notMessages)('EDGE-1 %s is answered with a code, and the connection ends', async (_, message) => {
    const raw = await RawTcp.open(node.ports.rpc)
    await raw.send(message)
    await expectEnd(raw)
    expect(raw.heard.messages).toEqual([
      expect.objectContaining({ kind: 'response', msgid: 0, error: expectCode(['MALFORMED', 'TOO_LARGE']) }),
    ])
  })

  test('EDGE-1 what came before the nonsense is answered', async () => {
    const raw = await RawTcp.open(node.ports.rpc)
    await raw.send(Buffer.concat([buy, bytes(0xc1), buy]))
    await expectEnd(raw)
    expect(raw.heard.messages.map((message) => message.kind === 'response' && message.msgid)).toEqual(expect.arrayContaining([0]))
    expect(raw.heard.messages.length).toBeLessThanOrEqual(2)
  })

  test('EDGE-2 a request cut anywhere gets no answer, and does no harm', async () => {
    await Promise.all(
      Array.from({ length: buy.length - 1 }, async (_, cut) => {
        const raw = await RawTcp.open(node.ports.rpc)
        await raw.send(buy.subarray(0, cut + 1))
        raw.socket.end()
        await expectEnd(raw)
        expect(raw.heard.messages).toEqual([])
      }),
    )
  })

  test('EDGE-2 requests that come a byte at a time are answered like any other', async () => {
    const raw = await RawTcp.open(node.ports.rpc)
    const calls = Buffer.concat([
      requestBytes(1, 'claim', ['anna', 'plenty']),
      requestBytes(2, 'sku.get', ['plenty']),
      requestBytes(3, 'claim', ['Jürgen', 'plenty']),
    ])
    for (const byte of calls) await raw.send(Uint8Array.of(byte))
    for (const msgid of [1, 2, 3]) {
      expect(await raw.heard.wait((message) => message.kind === 'response' && message.msgid === msgid)).toMatchObject({ error: null })
    }
    raw.close()
  })

  test('EDGE-3 random bytes end in an answer or a close', async () => {
    await Promise.all(
      seeds(60).map(async (seed) => {
        const raw = await RawTcp.open(node.ports.rpc)
        await raw.send(noise(seed, 2_000))
        raw.socket.end()
        await expectEnd(raw)
      }),
    )
  })

  test('EDGE-3 requests with single bits flipped end in an answer or a close', async () => {
    const bits = Array.from({ length: buy.length * 8 }, (_, bit) => bit)
    for (let from = 0; from < bits.length; from += 40) {
      await Promise.all(
        bits.slice(from, from + 40).map(async (bit) => {
          const raw = await RawTcp.open(node.ports.rpc)
          const flipped = buy.slice()
          flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
          await raw.send(flipped)
          raw.socket.end()
          await expectEnd(raw)
        }),
      )
    }
  })

  test('EDGE-4 a message just below the limit is read, one above it is TOO_LARGE', async () => {
    const fits = await RawTcp.open(node.ports.rpc)
    expect(await fits.call('claim', ['anna', 'x'.repeat(60_000)])).toMatchObject({ error: { code: 'MALFORMED' } })
    fits.close()
    const large = await RawTcp.open(node.ports.rpc)
    await large.send(requestBytes(1, 'claim', ['anna', 'x'.repeat(70_000)]))
    await expectEnd(large)
    expect(large.heard.messages).toMatchObject([{ error: { code: 'TOO_LARGE' } }])
  })

  test('EDGE-5 thousands of methods that do not exist are all answered, and leave no trace in the metrics', async () => {
    const raw = await RawTcp.open(node.ports.rpc)
    const count = 5_000
    await raw.send(Buffer.concat(Array.from({ length: count }, (_, n) => requestBytes(n, `method.${n}`, [n]))))
    await raw.heard.wait((message) => message.kind === 'response' && message.msgid === count - 1)
    expect(raw.heard.messages).toHaveLength(count)
    expect(raw.heard.messages.every((message) => message.kind === 'response' && message.error?.code === 'UNKNOWN_METHOD')).toBe(true)
    raw.close()
    const metrics = await (await fetch(`${node.opsUrl}/metrics`)).text()
    expect(metrics).toContain('method="unknown"')
    expect(metrics).not.toContain('method.4')
  })

  test('EDGE-5 answers and notifications that nobody asked for are passed over', async () => {
    const raw = await RawTcp.open(node.ports.rpc)
    const junk = [
      encodePlain([1, 5, null, 'surprise']),
      encodePlain([2, 'buy', ['anna', 'plenty']]),
      encodePlain([1, 6, { code: 'X', message: 'y' }, null]),
    ]
    await raw.send(Buffer.concat(Array.from({ length: 5_000 }, (_, n) => junk[n % 3] ?? bytes())))
    expect(await raw.call('claim', ['nobody-bought', 'plenty'])).toMatchObject({ result: { state: 'none' } })
    expect(raw.heard.messages).toHaveLength(1)
    raw.close()
  })
})

/** Params that are wrong for their method, with the code that says so. Services put the user first. */
const wrongParams: readonly (readonly [string, readonly Plain[], string])[] = [
  ['buy', [], 'MALFORMED'],
  ['buy', [null], 'MALFORMED'],
  ['buy', [17], 'MALFORMED'],
  ['buy', [['plenty']], 'MALFORMED'],
  ['buy', [{ sku: 'plenty' }], 'MALFORMED'],
  ['buy', [''], 'MALFORMED'],
  ['buy', ['no such sku!'], 'MALFORMED'],
  ['buy', ['plenty\u0000'], 'MALFORMED'],
  ['buy', ['__proto__'], 'UNKNOWN_SKU'],
  ['buy', ['constructor'], 'UNKNOWN_SKU'],
  ['buy', ['../../etc/passwd'], 'MALFORMED'],
  ['buy', ['x'.repeat(49)], 'MALFORMED'],
  ['buy', ['x'.repeat(48)], 'UNKNOWN_SKU'],
  ['buy', ['plenty', 0], 'MALFORMED'],
  ['buy', ['plenty', -1], 'MALFORMED'],
  ['buy', ['plenty', 1.5], 'MALFORMED'],
  ['buy', ['plenty', 1_001], 'MALFORMED'],
  ['buy', ['plenty', 2 ** 31], 'MALFORMED'],
  ['buy', ['plenty', 2 ** 53 - 1], 'MALFORMED'],
  ['buy', ['plenty', 1e300], 'MALFORMED'],
  ['buy', ['plenty', '1'], 'MALFORMED'],
  ['buy', ['plenty', true], 'MALFORMED'],
  ['buy', ['plenty', 1, ''], 'MALFORMED'],
  ['buy', ['plenty', 1, 'a b'], 'MALFORMED'],
  ['buy', ['plenty', 1, 'x'.repeat(65)], 'MALFORMED'],
  ['buy', ['plenty', 1, 17], 'MALFORMED'],
  ['buy', ['plenty', 1, 'r', 'surplus'], 'MALFORMED'],
  ['buy', ['plenty', 1_000], 'LIMIT_REACHED'],
  ['claim', ['plenty', 1], 'MALFORMED'],
  ['leave', [false], 'MALFORMED'],
  ['checkout', ['plenty'], 'MALFORMED'],
  ['checkout', ['plenty', ''], 'MALFORMED'],
  ['checkout', ['plenty', 'x'.repeat(201)], 'MALFORMED'],
  ['checkout', ['plenty', 'tok_ok'], 'NO_HOLD'],
  ['order.get', ['plenty'], 'MALFORMED'],
  ['order.get', ['plenty:zz:1'], 'UNKNOWN_ORDER'],
  ['order.list', ['surplus'], 'MALFORMED'],
  ['resume', [{}], 'MALFORMED'],
  ['sku.get', ['no-such-sku'], 'UNKNOWN_SKU'],
  ['sku.get', [], 'MALFORMED'],
  ['sale.get', [1], 'MALFORMED'],
  ['watch', ['no-such-sku'], 'UNKNOWN_SKU'],
  ['watch', [['plenty']], 'MALFORMED'],
  ['toString', [], 'UNKNOWN_METHOD'],
  ['__proto__', [], 'UNKNOWN_METHOD'],
]
const publicMethods = new Set(['sku.get', 'sale.get', 'watch', 'toString', '__proto__'])

const badUsers: readonly Plain[] = [null, 17, '', ['anna'], {}, 'x'.repeat(65), 'a\u0007b', 'ä'.repeat(33), '\u0085']
const oddUsers: readonly string[] = [
  'Jürgen',
  '💡',
  "Robert'); DROP TABLE users;--",
  '<script>alert(1)</script>',
  '../../etc',
  '__proto__',
  '0',
  ' ',
  '%00',
  '\u202egnp.exe',
  'x'.repeat(64),
]

describe('wrong params', () => {
  test('EDGE-6 over msgpack-RPC each has its code, and the connection goes on', async () => {
    const raw = await RawTcp.open(node.ports.rpc)
    for (const [method, params, code] of wrongParams) {
      const answer = await raw.call(method, publicMethods.has(method) ? params : ['shopper', ...params])
      expect([method, params, answer?.error?.code]).toEqual([method, params, code])
    }
    for (const user of badUsers) expect(await raw.call('claim', [user, 'plenty'])).toMatchObject({ error: { code: 'MALFORMED' } })
    raw.close()
  })

  test.each([false, true])('EDGE-6 over a WebSocket (JSON: %s) each has its code, and the connection goes on', async (json) => {
    const raw = await RawSocket.open(node.socketUrl, { token: node.tokenOf('shopper'), json })
    for (const [method, params, code] of wrongParams) {
      const answer = await raw.call(method, params)
      expect([method, params, answer?.error?.code]).toEqual([method, params, code])
    }
    raw.close()
  })

  test('EDGE-6 over HTTP each has its code', async () => {
    const headers = { authorization: `Bearer ${node.tokenOf('shopper')}` }
    for (const [method, params, code] of wrongParams) {
      const response = await fetch(`${node.webUrl}/v1/call/${method}`, { method: 'POST', body: JSON.stringify(params), headers })
      expect([method, params, await response.json()]).toMatchObject([method, params, { error: { code } }])
    }
  })

  test('EDGE-6 users with odd names are users, each their own', async () => {
    const raw = await RawTcp.open(node.ports.rpc)
    const holds: unknown[] = []
    for (const user of oddUsers) {
      const answer = await raw.call('buy', [user, 'plenty'])
      expect([user, answer?.error, answer?.result]).toMatchObject([user, null, { state: 'held' }])
      holds.push(Reflect.get(Object(answer?.result), 'hold'))
    }
    expect(new Set(holds).size).toBe(oddUsers.length)
    raw.close()
    for (const user of oddUsers) {
      const socket = await RawSocket.open(node.socketUrl, { token: node.tokenOf(user), json: true })
      expect(await socket.call('claim', ['plenty'])).toMatchObject({ result: { state: 'held' } })
      socket.close()
    }
  })

  test('EDGE-6 operators who write nonsense are told what is wrong, and nothing is made of it', async () => {
    const raw = await RawTcp.open(node.ports.rpc)
    const wrong: readonly Plain[] = [
      null,
      17,
      [],
      {},
      { sale: 'x' },
      { sale: 'x', title: 't', opensAt: 0, skus: [] },
      { sale: 'x', title: 't', opensAt: 0, skus: [{ sku: 'a b' }] },
    ]
    for (const sale of wrong) expect(await raw.call('sale.create', [sale])).toMatchObject({ error: { code: 'MALFORMED' } })
    expect(await raw.call('sku.restock', ['plenty', -5])).toMatchObject({ error: { code: 'MALFORMED' } })
    expect(await raw.call('sku.restock', ['plenty', 2 ** 40])).toMatchObject({ error: { code: 'MALFORMED' } })
    expect(await raw.call('sale.open', ['no-such-sale'])).toMatchObject({ error: { code: 'UNKNOWN_SALE' } })
    const noBans: readonly (readonly Plain[])[] = [
      [],
      ['user'],
      ['user', ''],
      ['user', 'a\u0000b'],
      ['user', 'ben', 1],
      ['user', 'ben', -1],
      ['user', 'ben', null, 'two\nlines'],
      ['user', 'ben', null, 'x'.repeat(201)],
      ['user', 'ben', null, null, 'more'],
      ['everyone', 'ben'],
      ['range', '10.0.0.0/33'],
      ['range', '2001:db8::1'],
      ['range', '10.0.0.0/8/8'],
      ['range', '9'.repeat(10_000)],
      ['range', { '10.0.0.0': 8 }],
    ]
    for (const ban of noBans) expect([ban, await raw.call('ban.add', ban)]).toMatchObject([ban, { error: { code: 'MALFORMED' } }])
    expect(await raw.call('ban.list', [])).toMatchObject({ result: { total: 0, bans: [] } })
    const list = await raw.call('sale.list', [])
    expect(list?.result).toMatchObject([{ sale: 'plenty' }])
    expect(list?.result).toHaveLength(1)
    raw.close()
  })
})

describe('WebSocket', () => {
  test.each(notMessages)('EDGE-1 %s closes a msgpack socket', async (_, message) => {
    const raw = await RawSocket.open(node.socketUrl, { token: node.tokenOf('anna') })
    raw.send(message)
    expect(await raw.ended()).toBe(1007)
    expect(raw.heard.messages).toEqual([])
  })

  test.each([
    '',
    'hello',
    '{',
    '[',
    '[0,1,"buy"',
    '17',
    'null',
    '{"0":0}',
    '[0,1,"buy",{}]',
    '[0,1,"buy",[]] trailing',
    '['.repeat(2_000),
    '[0,1e999,"buy",[]]',
    '\ufeff[]',
  ])('EDGE-1 the text %j closes a JSON socket', async (frame) => {
    const raw = await RawSocket.open(node.socketUrl, { token: node.tokenOf('anna'), json: true })
    raw.send(frame)
    expect(await raw.ended()).toBe(1007)
  })

  test('EDGE-1 text on a msgpack socket closes it, and bytes that are no UTF-8 close a JSON socket', async () => {
    const packed = await RawSocket.open(node.socketUrl, { token: node.tokenOf('anna') })
    packed.send('[0,1,"claim",["plenty"]]')
    expect(await packed.ended()).toBe(1007)
    const json = await RawSocket.open(node.socketUrl, { token: node.tokenOf('anna'), json: true })
    json.send(Uint8Array.of(0xff, 0xfe))
    expect(await json.ended()).toBe(1007)
  })

  test('EDGE-4 a frame above the limit closes the socket, one below it does not', async () => {
    const raw = await RawSocket.open(node.socketUrl, { token: node.tokenOf('anna'), json: true })
    expect(await raw.call('claim', ['x'.repeat(3_900)])).toMatchObject({ error: { code: 'MALFORMED' } })
    raw.send(JSON.stringify([0, 1, 'claim', ['x'.repeat(5_000)]]))
    await expectEnd(raw)
  })

  test('EDGE-3 random frames end in an answer or a close', async () => {
    await Promise.all(
      seeds(60).map(async (seed) => {
        const raw = await RawSocket.open(node.socketUrl, { token: node.tokenOf('anna'), json: seed % 2 === 0 })
        raw.send(noise(seed, 500))
        await expectEnd(raw)
      }),
    )
  })

  test.each<readonly [string, Uint8Array]>([
    ['without a mask', bytes(0x82, 0x01, 0x05, 0, 0, 0, 0)],
    ['of a reserved kind', bytes(0x83, 0x80, 1, 2, 3, 4)],
    ['with reserved bits', bytes(0xf2, 0x80, 1, 2, 3, 4)],
    ['that claims 2^63 bytes', bytes(0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4)],
    ['that continues nothing', bytes(0x80, 0x81, 1, 2, 3, 4, 5)],
    ['of control that is long', bytes(0x89, 0xfe, 0x10, 0x00, 1, 2, 3, 4)],
    ['of control in parts', bytes(0x09, 0x80, 1, 2, 3, 4)],
    [
      'in parts without end',
      Buffer.concat([bytes(0x02, 0x81, 0, 0, 0, 0, 0x91), ...Array.from({ length: 8_000 }, () => bytes(0x00, 0x81, 0, 0, 0, 0, 0x91))]),
    ],
  ])('EDGE-7 a frame %s ends the connection', async (_, frame) => {
    const raw = await upgraded()
    await raw.send(frame)
    await expectEnd(raw)
  })

  test('EDGE-2 frames that come a byte at a time are answered like any other', async () => {
    const raw = await upgraded()
    const frame = Buffer.concat([bytes(0x82, 0x80 | userClaim.length, 0, 0, 0, 0), userClaim])
    for (const byte of frame) await raw.send(Uint8Array.of(byte))
    await expect.poll(() => raw.text).toContain('state')
    raw.close()
  })

  test.each([
    ['no subprotocol', ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13']],
    [
      'a subprotocol that does not exist',
      ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Protocol: chat'],
    ],
    [
      'a wrong token',
      [
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Protocol: sluice.json.v1, sluice.token.a.b.c',
      ],
    ],
    [
      'a header without end',
      ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', `Sec-WebSocket-Protocol: ${'sluice.json.v1,'.repeat(10_000)}`],
    ],
  ])('EDGE-7 an upgrade with %s is refused', async (_, headers) => {
    const raw = await RawTcp.open(node.ports.web, false)
    await raw.send(`GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${headers.join('\r\n')}\r\n\r\n`)
    await expect.poll(() => raw.text !== '' || raw.heard.ended).toBe(true)
    expect(raw.text).not.toContain('101 Switching')
    raw.close()
  })
})

describe('HTTP', () => {
  test.each([
    ['random bytes', noise(1, 3_000)],
    ['a method without end', 'A'.repeat(20_000)],
    ['a path without end', `GET /${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`],
    ['a header without end', `GET / HTTP/1.1\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`],
    ['headers without end', `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(20_000)}\r\n`],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['TLS', bytes(0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03)],
    ['a length that is no number', 'POST /v1/call/buy HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n[]'],
    ['a length that is negative', 'POST /v1/call/buy HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n[]'],
    ['a length beyond all numbers', `POST /v1/call/buy HTTP/1.1\r\nHost: x\r\nContent-Length: ${'9'.repeat(40)}\r\n\r\n[]`],
    ['two ways to end', 'POST /v1/call/buy HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['chunks that are nonsense', 'POST /v1/call/buy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzzzz\r\n'],
    ['a chunk that claims too much', 'POST /v1/call/buy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx'],
    [
      'a token without end',
      `POST /v1/call/buy HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${'a'.repeat(100_000)}\r\nContent-Length: 2\r\n\r\n[]`,
    ],
  ])('EDGE-8 %s ends in an answer or a close', async (_, sent) => {
    const raw = await RawTcp.open(node.ports.web, false)
    await raw.send(sent)
    raw.socket.end()
    await expectEnd(raw)
    expect(raw.text).not.toMatch(/^HTTP\/1\.1 2/)
  })

  test('EDGE-2 a request that comes a byte at a time is answered like any other', async () => {
    const raw = await RawTcp.open(node.ports.web, false)
    const body = '["plenty"]'
    const request = `POST /v1/call/sku.get HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    for (const character of request) await raw.send(character)
    await expect.poll(() => raw.text).toMatch(/^HTTP\/1\.1 200 OK[^]*"sku":"plenty"/)
    raw.close()
  })

  test('EDGE-8 every method of HTTP on every kind of path has an answer', async () => {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'BREW']) {
      for (const path of ['/', '/v1/call/buy', '/v1/call/', '/v1/ws', '/index.html', '/no/such']) {
        const raw = await RawTcp.open(node.ports.web, false)
        await raw.send(`${method} ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`)
        await expect.poll(() => raw.text !== '' || raw.heard.ended, { timeout: 5_000 }).toBe(true)
        raw.close()
      }
    }
  })
})

test('EDGE-9 meanwhile everyone else was served, and memory stayed bounded', async () => {
  const { failures, ...counts } = await good.stop()
  expect(failures).toEqual([])
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(10)
  expect((await node.residentBytes()) - residentBefore).toBeLessThan(growthMax)
  expect(node.log).not.toContain('"level":"error"')
})

/** A WebSocket by hand, as a user: what is sent from now on are the bytes of frames. */
async function upgraded(): Promise<RawTcp> {
  const raw = await RawTcp.open(node.ports.web, false)
  const key = randomBytes(16).toString('base64')
  await raw.send(
    `GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Protocol: sluice.msgpack.v1, sluice.token.${node.tokenOf('anna')}\r\n\r\n`,
  )
  await expect.poll(() => raw.text).toContain('101 Switching')
  return raw
}

/** Whatever it was told, the server has ended the connection in time. */
async function expectEnd(raw: RawTcp | RawSocket): Promise<void> {
  await raw.ended()
  expect(raw.heard.ended).toBe(true)
}

function bytes(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values)
}

function text(ascii: string): readonly number[] {
  return [...new TextEncoder().encode(ascii)]
}

function seeds(count: number): readonly number[] {
  return Array.from({ length: count }, (_, n) => n + 1)
}

/** The same bytes for the same seed, so that what failed once can be tried again. */
function noise(seed: number, bytesMax: number): Uint8Array {
  const random = seededRandom(seed)
  return Uint8Array.from({ length: 1 + Math.floor(random.next() * bytesMax) }, () => Math.floor(random.next() * 256))
}

function expectCode(allowed: readonly string[]): unknown {
  const code: unknown = expect.stringMatching(new RegExp(`^(${allowed.join('|')})$`))
  return expect.objectContaining({ code })
}
