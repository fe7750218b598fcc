import { expect, test } from 'vitest'
import { parseNatsServer } from './nats-options.ts'

test.each([
  ['nats://example.org', { host: 'example.org', port: 4222, secure: false, url: 'nats://example.org:4222', login: undefined }],
  ['tls://10.0.0.1:5000', { host: '10.0.0.1', port: 5000, secure: true, url: 'tls://10.0.0.1:5000' }],
  ['nats://[::1]:5000/', { host: '::1', port: 5000, url: 'nats://[::1]:5000' }],
  ['nats://tok%2Fen@h', { url: 'nats://h:4222', login: { kind: 'token', token: 'tok/en' } }],
  ['nats://me:p%40ss@h', { url: 'nats://h:4222', login: { kind: 'password', user: 'me', password: 'p@ss' } }],
])('NAT-22 a server is read from %s, and its login stays out of what is logged', (text, server) => {
  expect(parseNatsServer(text)).toMatchObject(server)
})

test.each(['', 'host:4222', 'http://host', 'nats://', 'nats:///', 'nats://host/path', 'redis://host:6379'])(
  'NAT-22 %j names no server',
  (text) => {
    expect(parseNatsServer(text)).toBe(undefined)
  },
)
