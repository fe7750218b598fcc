import { afterEach, expect, test, vi } from 'vitest'
import type { Refusal } from '../codes.ts'
import { writeNotification, writeResult } from '../envelope.ts'
import { MsgpackWriter, type Plain } from '../msgpack-writer.ts'
import { globalWorld } from './global-world.ts'
import { type LoopbackServer, type Peer, type Request, serveTcp } from './loopback-server.ts'
import { connectRpc, type RpcClient, type RpcClientConfig } from './rpc-client.ts'
import { messageBytesMax, TcpConnection } from './tcp-connection.ts'

const none = { state: 'none' }
/** The real world without the waits between attempts. */
const hurried = { ...globalWorld(), random: () => 0 }
const ended: (() => void | Promise<void>)[] = []

afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end()
})

async function arrange(
  serve: (peer: Peer, request: Request) => void,
  config: Partial<RpcClientConfig> = {},
): Promise<{ server: LoopbackServer; client: RpcClient }> {
  const server = await serveTcp(serve)
  ended.push(() => server.stop())
  const client = connectRpc({ url: server.url, world: hurried, ...config })
  ended.push(() => client.close())
  return { server, client }
}

test('SDK-40 the key is sent first and alone, and calls follow once it is accepted', async () => {
  const seen: Request[] = []
  const { client } = await arrange(
    (peer, request) => {
      seen.push(request)
      if (request.method !== 'auth') peer.result(request.msgid, none)
      else queueMicrotask(() => peer.result(request.msgid, 'operator'))
    },
    { key: 'sesame' },
  )
  expect(await client.as('anna').claim('shoe')).toEqual(none)
  expect(seen.map(({ method, params }) => [method, params])).toEqual([
    ['auth', ['sesame']],
    ['claim', ['anna', 'shoe']],
  ])
})

test('SDK-40 a key that is refused rejects what waits, and nothing but auth was sent', async () => {
  const methods: string[] = []
  const wrong: Refusal = { code: 'UNAUTHORIZED', message: 'no such key' }
  const { client } = await arrange(
    (peer, request) => {
      methods.push(request.method)
      peer.refuse(request.msgid, wrong)
    },
    { key: 'sesame' },
  )
  await expect(client.as('anna').claim('shoe')).rejects.toMatchObject({ name: 'SluiceError', ...wrong })
  expect(new Set(methods)).toEqual(new Set(['auth']))
})

test('SDK-78 of several servers one is tried after the other, and one that asks its clients to go is left for the next', async () => {
  const answering = (name: string) => serveTcp((peer, request) => peer.result(request.msgid, name))
  const [gone, a, b] = [await answering('gone'), await answering('a'), await answering('b')]
  ended.push(
    () => a.stop(),
    () => b.stop(),
  )
  await gone.stop()
  const client = connectRpc({ url: [gone.url, a.url, b.url].join(), world: hurried })
  ended.push(() => client.close())
  expect(await client.call('who', [])).toBe('a')
  a.peers.at(-1)?.notify('drain', { withinMs: 10 })
  await vi.waitFor(async () => expect(await client.call('who', [], { repeat: true })).toBe('b'))
  expect([a.peers.length, b.peers.length]).toEqual([1, 1])
})

test('SDK-41 five hundred calls made at once are all under way together, and each gets its own answer', async () => {
  const waiting: [Peer, Request][] = []
  const { client } = await arrange((peer, request) => {
    waiting.push([peer, request])
    if (waiting.length < 500) return
    for (const [asker, asked] of waiting.toReversed()) asker.result(asked.msgid, asked.params[0] ?? null)
  })
  const results = await Promise.all(Array.from({ length: 500 }, (_, n) => client.call('echo', [n])))
  expect(results).toEqual(Array.from({ length: 500 }, (_, n) => n))
})

test('SDK-42 answers that come a byte at a time are whole in the end', async () => {
  const writer = new MsgpackWriter()
  const { client } = await arrange((peer, request) => {
    writeNotification(writer, 'expired', [{ sku: 'shoe' }])
    writeResult(writer, request.msgid, { text: 'ü'.repeat(40), list: [1, [2, [3]]], map: { a: -1.5 } })
    const bytes = writer.finish()
    const dribble = (at: number) => {
      if (at === bytes.length) return
      peer.raw(bytes.subarray(at, at + 1))
      setImmediate(() => dribble(at + 1))
    }
    dribble(0)
  })
  const expired: string[] = []
  client.on('expired', ({ sku }) => expired.push(sku))
  expect(await client.call('echo', [])).toEqual({ text: 'ü'.repeat(40), list: [1, [2, [3]]], map: { a: -1.5 } })
  expect(expired).toEqual(['shoe'])
})

const garbage: readonly (readonly [string, Uint8Array])[] = [
  ['an extension', Uint8Array.of(0x94, 1, 1, 0xc0, 0xd4, 1, 1)],
  ['a value that is no message', Uint8Array.of(0x2a)],
  ['text', new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['a giant length', Uint8Array.of(0xdb, 0xff, 0xff, 0xff, 0xff)],
  ['a giant array', Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff)],
  ['a deep nesting', new Uint8Array(20_001).fill(0x91, 0, 20_000)],
]

test.each(garbage)('SDK-43 %s from the server ends the connection, and the call is repeated on the next', async (_, bytes) => {
  const { server, client } = await arrange((peer, request) => {
    if (server.peers.length === 1) peer.raw(bytes)
    else peer.result(request.msgid, none)
  })
  const reasons: string[] = []
  client.on('state', (state) => {
    if (state.kind === 'waiting') reasons.push(state.reason)
  })
  expect(await client.as('anna').claim('shoe')).toEqual(none)
  expect(server.peers).toHaveLength(2)
  expect(reasons).toEqual([expect.stringContaining('not a message')])
})

test('SDK-43 a connection that is closed in the middle of a read says nothing more', async () => {
  const writer = new MsgpackWriter()
  const { server } = await arrange((peer) => {
    writeResult(writer, 1, 'first')
    writeResult(writer, 2, 'second')
    peer.raw(writer.finish())
  })
  const { hostname: host, port } = new URL(server.url)
  const heard: unknown[] = []
  await new Promise<void>((resolve) => {
    const connection: TcpConnection = new TcpConnection(
      { host, port: Number(port), secure: false, key: undefined },
      {
        onOpen: () => connection.send(1, 'both', []),
        onMessage(message) {
          heard.push(message)
          connection.close()
          // The second answer came with the first; had it been given out, it would have been before this.
          setImmediate(resolve)
        },
        onEnd: (end) => heard.push(end),
      },
    )
  })
  expect(heard).toEqual([{ kind: 'response', msgid: 1, error: null, result: 'first' }])
})

test('SDK-44 a request that cannot be encoded rejects and leaves no half message before the next', async () => {
  const { client } = await arrange((peer, request) => peer.result(request.msgid, request.params.length))
  await client.call('count', [])
  const tooMany: Plain = Array.from({ length: 70_000 }, () => 0)
  const calls = [client.call('count', [1]), client.call('count', [1, tooMany]), client.call('count', [1, 2])]
  const [before, bad, after] = await Promise.allSettled(calls)
  expect(before).toMatchObject({ value: 1 })
  expect(bad).toMatchObject({ reason: { code: 'MALFORMED' } })
  expect(after).toMatchObject({ value: 2 })
})

test('SDK-45 a server that dies and comes back on its port gets the call again, with the same request id', async () => {
  const asked: Plain[] = []
  const first = await serveTcp((peer, request) => {
    asked.push(request.params[3] ?? null)
    peer.end()
  })
  ended.push(() => first.stop())
  const client = connectRpc({ url: first.url, deadlineMs: 20_000, world: { ...globalWorld(), random: () => 0.2 } })
  ended.push(() => client.close())
  const buy = client.as('anna').buy('shoe')
  await vi.waitFor(() => expect(asked).toHaveLength(1))
  await first.stop()
  const second = await serveTcp(
    (peer, request) => {
      asked.push(request.params[3] ?? null)
      peer.result(request.msgid, { state: 'held', hold: 1, qty: 1, expiresAt: 9 })
    },
    Number(new URL(first.url).port),
  )
  ended.push(() => second.stop())
  expect(await buy).toEqual({ state: 'held', hold: 1, qty: 1, expiresAt: 9 })
  expect(new Set(asked).size).toBe(1)
})

test('SDK-46 a client of a port where nobody listens says why, and closes without a trace', async () => {
  const nobody = await serveTcp(() => undefined)
  await nobody.stop()
  const client = connectRpc({ url: nobody.url, deadlineMs: 300, world: hurried })
  ended.push(() => client.close())
  const reason = await new Promise<string>((resolve) => {
    client.on('state', (state) => {
      if (state.kind === 'waiting') resolve(state.reason)
    })
  })
  expect(reason).toContain('ECONNREFUSED')
  await expect(client.skuStatus('shoe')).rejects.toMatchObject({ code: 'TIMEOUT' })
})

test('SDK-47 a config that can never work is refused at once', () => {
  expect(() => connectRpc({ url: 'http://127.0.0.1:7082' })).toThrow(TypeError)
  expect(() => connectRpc({ url: 'tcp://127.0.0.1' })).toThrow(TypeError)
  expect(() => connectRpc({ url: 'nonsense' })).toThrow(TypeError)
})

test('SDK-48 a message larger than the limit ends the connection before it is held in memory', async () => {
  const { server, client } = await arrange((peer) => {
    const size = messageBytesMax + 1
    peer.raw(Uint8Array.of(0x94, 1, 1, 0xc0, 0xdb, size >>> 24, (size >>> 16) & 0xff, (size >>> 8) & 0xff, size & 0xff))
  })
  const lost = client.call('big', [])
  await expect(lost).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect(server.peers).toHaveLength(1)
})
