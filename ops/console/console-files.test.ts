import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLog } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { opsBodyBytesMax } from '../ops-routes.ts'
import { type OpsServer, startOpsServer } from '../ops-server.ts'
import { Readiness } from '../readiness.ts'
import { realClock } from '../world.ts'
import { assetsPath, consoleFiles, consolePath } from './console-files.ts'

let server: OpsServer

beforeAll(async () => {
  const log = createLog({ level: 'error', pretty: false, colours: false })
  server = await startOpsServer({ host: '127.0.0.1', port: 0, metrics: createMetrics(), readiness: new Readiness(realClock), log })
  const files = consoleFiles()
  server.addSection(consolePath, files)
  server.addSection(assetsPath, files)
})
afterAll(() => server.close())

function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${server.port}${path}`, init)
}

test('CON-1 the page allows nothing but its own scripts and styles, is put into no frame and kept by nobody', async () => {
  for (const path of [consolePath, `${consolePath}/`, `${consolePath}?x`]) {
    const page = await ask(path)
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy.split('; ')).toEqual(
      expect.arrayContaining(["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]),
    )
    expect(policy).not.toContain('unsafe')
    expect(page.headers.get('x-frame-options')).toBe('DENY')
    expect(page.headers.get('cache-control')).toBe('no-store')
    const html = await page.text()
    expect(html).not.toMatch(/<script>|<style|\son[a-z]+=|style="/)
  }
})

test('CON-1 what the page is made of is there under names of its content, and is kept for good', async () => {
  const html = await (await ask(consolePath)).text()
  const named = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = '']) => path)
  expect(named.length).toBeGreaterThan(5)
  for (const path of named) {
    const asset = await ask(path)
    expect([path, asset.status, asset.headers.get('x-content-type-options')]).toEqual([path, 200, 'nosniff'])
    expect(asset.headers.get('cache-control')).toContain('immutable')
    const again = await ask(path, { headers: { 'if-none-match': asset.headers.get('etag') ?? '' } })
    expect([again.status, await again.text()]).toEqual([304, ''])
  }
})

test('CON-1 nothing else is there', async () => {
  const missing = [
    '/console/app.js',
    '/console/tsconfig.json',
    '/console/../ops/node.js',
    '/console/%2e%2e/',
    '/assets',
    '/assets/app.js',
    '/assets/../console/x',
  ]
  for (const path of missing) expect([path, (await ask(path)).status]).toEqual([path, 404])
  for (const method of ['POST', 'PUT', 'DELETE', 'HEAD']) expect((await ask(consolePath, { method })).status).toBe(405)
  const large = await ask(consolePath, { method: 'POST', body: 'x'.repeat(opsBodyBytesMax + 1) })
  expect(large.status).toBe(413)
  expect(await (await ask('/')).text()).toBe('here are /metrics, /healthz and /readyz, and /console\n')
})
