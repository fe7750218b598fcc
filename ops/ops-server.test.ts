import { connect } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLog } from './log.ts'
import { createMetrics } from './metrics.ts'
import { type OpsServer, startOpsServer } from './ops-server.ts'
import { Readiness } from './readiness.ts'
import { realClock } from './world.ts'

let server: OpsServer
let readiness: Readiness
let logged: string[]
let broken: boolean

beforeEach(async () => {
  readiness = new Readiness(realClock)
  logged = []
  broken = false
  const log = createLog({ level: 'info', pretty: false, colours: false }, { write: (line) => logged.push(line) })
  const metrics = createMetrics()
  metrics.add({
    collect: () => {
      if (broken) throw new Error('a source is broken')
    },
  })
  server = await startOpsServer({ host: '127.0.0.1', port: 0, metrics, readiness, log })
})
afterEach(() => server.close())

async function get(
  path: string,
  method = 'GET',
): Promise<{ readonly status: number; readonly text: string; readonly type: string | null }> {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method })
  return { status: response.status, text: await response.text(), type: response.headers.get('content-type') }
}

test('OPS-7 /healthz answers 200 while the process lives', async () => {
  expect(await get('/healthz')).toMatchObject({ status: 200, text: 'ok\n' })
})

test('OPS-8 /readyz answers 503 with the reason until ready, and again before a drain', async () => {
  expect(await get('/readyz')).toMatchObject({ status: 503, text: 'not ready: starting\n' })
  readiness.ready()
  expect(await get('/readyz?verbose')).toMatchObject({ status: 200, text: 'ready\n' })
  readiness.notReady('draining')
  expect(await get('/readyz')).toMatchObject({ status: 503, text: 'not ready: draining\n' })
})

test('OPS-9 /metrics is what Prometheus reads', async () => {
  const page = await get('/metrics')
  expect(page).toMatchObject({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' })
  expect(page.text).toContain('process_cpu_seconds_total')
})

test('OPS-9 a broken source is a 500 and a line in the log, and the server lives on', async () => {
  broken = true
  expect(await get('/metrics')).toMatchObject({ status: 500 })
  expect(logged.join('')).toContain('a source is broken')
  expect(await get('/healthz')).toMatchObject({ status: 200 })
})

test('OPS-10 other paths and methods are refused', async () => {
  expect(await get('/')).toMatchObject({ status: 404 })
  expect(await get('/metrics', 'POST')).toMatchObject({ status: 405 })
  expect(await get('/healthz', 'HEAD')).toMatchObject({ status: 200, text: '' })
})

test('OPS-10 closing does not wait for a client that stays connected', async () => {
  const socket = connect(server.port, '127.0.0.1')
  const ended = new Promise((resolve) => socket.once('close', () => resolve('closed')))
  await new Promise((resolve) => socket.once('connect', resolve))
  await get('/healthz')
  await server.close()
  expect(await ended).toBe('closed')
  server = await startOpsServer({ host: '127.0.0.1', port: 0, metrics: createMetrics(), readiness, log: silent })
})

test('OPS-11 a port in use is told in one line that names the setting', async () => {
  const again = startOpsServer({ host: '127.0.0.1', port: server.port, metrics: createMetrics(), readiness, log: silent })
  await expect(again).rejects.toThrow(
    `the ops server cannot listen on 127.0.0.1 port ${server.port}: the port is in use; stop what uses it or choose another with --ops-port`,
  )
})

const silent = createLog({ level: 'error', pretty: false, colours: false }, { write: () => {} })
