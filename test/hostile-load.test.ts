import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GoodShopper } from './good-shopper.ts'
import { RawSocket, RawTcp, requestBytes } from './raw-connections.ts'
import { RunningNode } from './running-node.ts'

const mebi = 1024 * 1024
/** More than this much memory for good is no longer bounded. */
const growthMax = 250 * mebi
const idleTimeoutSeconds = 8
/** Another address than that of the good shoppers, who would otherwise share in what is refused to it. */
const elsewhere = '127.0.0.5'
const patience = { timeout: 30_000, interval: 100 }

let node: RunningNode
let good: GoodShopper
let residentBefore: number

beforeAll(async () => {
  node = await RunningNode.start({ settings: { shards: 2, idleTimeoutSeconds } })
  await node.createSku('plenty', { stock: 1_000_000 })
  good = new GoodShopper(node, 'plenty')
  residentBefore = await node.residentBytes()
})

afterAll(() => node.stop())

test('EDGE-20 five thousand silent connections are held, refused beyond the limit of their address, and closed when they stay silent', async () => {
  const rpc = await silent(node.ports.rpc, 2_500)
  const web = await silent(node.ports.web, 2_500)
  expect(await openConnections('rpc')).toBeGreaterThanOrEqual(2_500)
  const sameAddress = await silent(node.ports.rpc, 1_200, () => '127.0.0.9')
  await expect.poll(() => sameAddress.filter((socket) => socket.destroyed).length, patience).toBe(200)
  await expect.poll(() => [rpc, web, sameAddress].flat().filter((socket) => !socket.destroyed).length, patience).toBe(0)
  await expect.poll(() => openConnections('rpc'), patience).toBeLessThan(10)
})

test('EDGE-21 a service that never reads its answers is closed when they have grown too many', async () => {
  const before = await metric('sluice_slow_closed_total')
  const deaf = await RawTcp.open(node.ports.rpc)
  deaf.socket.pause()
  const calls = Buffer.concat(Array.from({ length: 500 }, (_, n) => requestBytes(n, 'sale.list', [])))
  await keepSending(deaf.socket, calls)
  await expect.poll(() => metric('sluice_slow_closed_total'), patience).toBe(before + 1)
  deaf.close()
})

test.each([true, false])('EDGE-21 a WebSocket (JSON: %s) that never reads is closed when too much waits for it', async (json) => {
  const before = await metric('sluice_slow_closed_total')
  const headers = { authorization: `Bearer ${node.secrets.backendKey}` }
  const deaf = await RawSocket.open(node.socketUrl, { json, options: { headers } })
  deaf.socket.pause()
  const call = json ? JSON.stringify([0, 1, 'sale.list', []]) : requestBytes(1, 'sale.list', [])
  for (let batch = 0; batch < 400 && (await metric('sluice_slow_closed_total')) === before; batch++) {
    for (let n = 0; n < 500; n++) deaf.send(call)
  }
  await expect.poll(() => metric('sluice_slow_closed_total'), patience).toBe(before + 1)
  deaf.close()
})

test.each([
  ['files', 'GET /style.css HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['heads of files', 'HEAD /style.css HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['files that it has', 'GET /style.css HTTP/1.1\r\nHost: x\r\nIf-None-Match: ETAG\r\n\r\n'],
  ['files that are not there', 'GET /no HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['calls that are refused', 'POST /v1/call/buy HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n[]'],
  [
    'sockets that are refused',
    'GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  ],
])('EDGE-21 an HTTP client that asks for %s again and again and never reads does not fill the memory', async (_, request) => {
  const { headers } = await fetch(`${node.webUrl}/style.css`)
  const etag = headers.get('etag') ?? ''
  const deaf = await RawTcp.open(node.ports.web, false, elsewhere)
  deaf.socket.pause()
  const before = await node.residentBytes()
  await keepSending(deaf.socket, Buffer.from(request.replace('ETAG', etag).repeat(200)), 30 * mebi)
  expect((await node.residentBytes()) - before).toBeLessThan(growthMax / 2)
  deaf.close()
})

test.each(['/v1/call/buy', '/', '/no/such'])('EDGE-22 a body of many megabytes to %s is not gathered', async (path) => {
  const before = await node.residentBytes()
  const senders = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const raw = await RawTcp.open(node.ports.web, false, elsewhere)
      await raw.send(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${4_000 * mebi}\r\n\r\n`)
      await keepSending(raw.socket, Buffer.alloc(mebi, 0x20), 30 * mebi)
      return raw
    }),
  )
  expect((await node.residentBytes()) - before).toBeLessThan(growthMax)
  for (const raw of senders) {
    await expect.poll(() => raw.text !== '' || raw.heard.ended, patience).toBe(true)
    expect(raw.text).toMatch(/^(HTTP\/1\.1 4|$)/)
    raw.close()
  }
})

test('EDGE-22 a body in endless chunks is refused when it is too large', async () => {
  const raw = await RawTcp.open(node.ports.web, false, elsewhere)
  await raw.send('POST /v1/call/buy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
  const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`
  for (let n = 0; n < 200 && !raw.heard.ended; n++) await raw.send(chunk)
  await raw.ended()
  expect(raw.text).toMatch(/^(HTTP\/1\.1 4|$)/)
})

test('EDGE-23 ten thousand connections that come and go leave none behind', async () => {
  for (let round = 0; round < 20; round++) {
    const sockets = await silent(node.ports.rpc, 250)
    for (const socket of sockets) socket.destroy()
    const web = await silent(node.ports.web, 250)
    for (const socket of web) socket.resetAndDestroy()
  }
  await expect.poll(() => openConnections('rpc'), patience).toBeLessThan(10)
})

test.each([true, false])('EDGE-24 a WebSocket (JSON: %s) that sends without end is told to wait, and then closed', async (json) => {
  const before = await metric('sluice_paced_closed_total')
  const options = { localAddress: json ? '127.0.0.6' : '127.0.0.7' }
  const rude = await RawSocket.open(node.socketUrl, { json, options, token: node.tokenOf('rude') })
  const call = json ? JSON.stringify([0, 1, 'ping', []]) : requestBytes(1, 'ping', [])
  // Half of it is no call, and gets no answer.
  const note = json ? JSON.stringify([2, 'ping', []]) : Uint8Array.of(0x93, 2, 0xa4, 0x70, 0x69, 0x6e, 0x67, 0x90)
  for (let n = 0; n < 4_000 && !rude.heard.ended; n++) rude.send(n % 2 === 0 ? call : note)
  expect(await rude.ended()).toBe(4429)
  expect(await metric('sluice_paced_closed_total')).toBe(before + 1)
  const refusals = rude.heard.messages.flatMap((message) => (message.kind === 'response' && message.error !== null ? [message.error] : []))
  expect(refusals.some(({ code, retryAfterMs = 0 }) => code === 'RATE_LIMITED' && retryAfterMs > 0)).toBe(true)
})

test('EDGE-29 meanwhile everyone else was served, and memory stayed bounded', async () => {
  const { failures, ...counts } = await good.stop()
  expect(failures).toEqual([])
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(20)
  expect((await node.residentBytes()) - residentBefore).toBeLessThan(growthMax)
  expect(node.log).not.toContain('"level":"error"')
})

/** Connections that say nothing, from many addresses of loopback unless told otherwise. */
async function silent(port: number, count: number, addressOf = (n: number) => `127.0.0.${20 + (n % 10)}`): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(250, count - sockets.length) }, (_, n) => {
      const socket = connect({ port, host: '127.0.0.1', localAddress: addressOf(n) })
      // To be reset is one of the ends that they may find.
      socket.on('error', () => {})
      socket.resume()
      return socket
    })
    await Promise.all(some.map((socket) => once(socket, 'connect')))
    sockets.push(...some)
  }
  return sockets
}

/** Sends the bytes again and again until the other end closes, or takes no more for a while, or so many were sent. */
async function keepSending(socket: Socket, bytes: Uint8Array, bytesMax = Number.POSITIVE_INFINITY): Promise<void> {
  for (let sent = 0; sent < bytesMax && !socket.destroyed; sent += bytes.length) {
    if (socket.write(bytes)) continue
    const moved = await Promise.race([
      once(socket, 'drain').then(
        () => true,
        () => false,
      ),
      once(socket, 'close').then(() => false),
      stuck(),
    ])
    if (!moved) return
  }
}

/** A server that takes nothing for so long has stopped reading. */
function stuck(): Promise<boolean> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), 3_000).unref()
  })
}

function openConnections(transport: string): Promise<number> {
  return metric(`sluice_connections_open{transport="${transport}"}`)
}

async function metric(name: string): Promise<number> {
  const page = await (await fetch(`${node.opsUrl}/metrics`)).text()
  const line = page.split('\n').find((one) => one.startsWith(`${name} `))
  return Number(line?.split(' ').at(-1))
}
