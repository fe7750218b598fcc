import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { NatsServer, type NatsServerOptions } from '../../bench/servers/nats-server.ts'
import { TempFolder } from '../../bench/servers/temp-folder.ts'
import { JetStreamQueue } from '../../cluster/jetstream-queue.ts'
import { NatsBus } from '../../cluster/nats-bus.ts'
import { NatsFault } from '../../cluster/nats-fault.ts'
import type { NatsOptions } from '../../cluster/nats-options.ts'
import { orderContent } from '../../cluster/order-message-codec.ts'
import { type Certificates, makeCertificates } from '../certificates.ts'
import { listenOn, portOf } from '../loopback.ts'
import { recordedWorld } from '../recorded-world.ts'

const folder = new TempFolder('nats-test')
afterAll(() => folder.remove())

const password = { kind: 'password', user: 'me', password: 'secret' } as const

/** How a bus that is started on such a server ends: `CODE: message`, or `connected`. */
async function outcome(options: NatsServerOptions, more: Partial<NatsOptions> = {}): Promise<string> {
  const nats = await NatsServer.start(options)
  try {
    return await outcomeAt(nats.url, more)
  } finally {
    await nats.stop()
  }
}

async function outcomeAt(url: string, more: Partial<NatsOptions> = {}): Promise<string> {
  const world = recordedWorld()
  try {
    const bus = await NatsBus.connect({ servers: [url], name: 'test', world, ...more })
    await bus.close()
    return 'connected'
  } catch (error) {
    if (!(error instanceof NatsFault)) throw error
    expect(error.message).not.toMatch(/\n|secret/)
    return `${error.code}: ${error.message}`
  } finally {
    expect(world.logged).toEqual([])
  }
}

test.each([
  ['no token', { token: 'secret' }, {}],
  ['another token', { token: 'secret' }, { login: { kind: 'token', token: 'guess' } }],
  ['another password', { user: { name: 'me', password: 'other' } }, { login: password }],
  ['a user where none is known', { token: 'other' }, { login: password }],
] as const)('NAT-3 %s is refused in one line', async (_, options, more) => {
  expect(await outcome(options, more)).toMatch(
    /^NATS_DENIED: NATS at nats:\S+ refuses the user, password, token or credentials it is given$/,
  )
})

test('NAT-3 so is a max_payload below the largest frame', async () => {
  const small = await outcome({ settings: { max_payload: '500000' } })
  expect(small).toMatch(/^NATS_UNFIT: NATS at \S+ takes 500000 bytes a message; set its max_payload to 98\d{4} or more$/)
})

test('NAT-3 so is a certificate of an unknown authority, or for another name', async () => {
  const [tls, other] = [certificates('IP:127.0.0.1'), certificates('DNS:elsewhere.example')]
  expect(await outcome({ tls })).toMatch(/^NATS_TLS: .*certificate/)
  expect(await outcome({ tls }, { tls: { caFile: tls.caFile } })).toBe('connected')
  expect(await outcome({ tls: other }, { tls: { caFile: other.caFile } })).toMatch(/^NATS_TLS: .*127\.0\.0\.1 is not in the cert's list/)
  expect(await outcome({ tls }, { tls: { caFile: '/nowhere.pem' } })).toMatch(/^NATS_TLS: .*\/nowhere\.pem/)
})

test('NAT-3 so is plain text where TLS is asked for', async () => {
  expect(await outcome({}, { tls: {} })).toMatch(/^NATS_TLS: NATS at \S+ speaks no TLS, but TLS is asked for$/)
})

test('NAT-3 so is an old version', async () => {
  const old = createServer((socket) => {
    socket.write('INFO {"server_id":"x","version":"2.1.9","proto":1,"headers":true,"max_payload":1048576}\r\n')
    socket.on('data', () => socket.write('PONG\r\n')).on('error', () => socket.destroy())
  })
  await listenOn(old)
  try {
    const message = await outcomeAt(`nats://127.0.0.1:${portOf(old)}`)
    expect(message).toMatch(/^NATS_UNFIT: NATS at \S+ is version 2\.1\.9; 2\.9 or newer is needed$/)
  } finally {
    old.close()
  }
})

test('NAT-3 so is no server, or a name that is none', async () => {
  expect(await outcomeAt('http://me:secret@host')).toBe(
    'NATS_UNFIT: a NATS server has to be named like nats://host:4222 or tls://host:4222',
  )
  expect(await outcomeAt('', { servers: [] })).toBe('NATS_UNFIT: no NATS server is named')
})

test('NAT-3 so is a server without JetStream, for the order queue', async () => {
  const nats = await NatsServer.start()
  try {
    const connecting = JetStreamQueue.connect({ servers: [nats.url], name: 'test', world: recordedWorld() }, orderContent)
    await expect(connecting).rejects.toMatchObject({
      code: 'NATS_UNFIT',
      message: `NATS at ${nats.url} has no JetStream, which keeps the orders; start it with --jetstream`,
    })
  } finally {
    await nats.stop()
  }
})

function certificates(name: string): Certificates {
  return makeCertificates(mkdtempSync(join(folder.path, 'tls-')), name)
}
