import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { freePorts } from '../free-ports.ts'

const secret = 'of-the-back-office-and-nobody-else-here'
const page = new URL('../../../docs/back-office.md', import.meta.url)
const path = '/sluice/orders'

let folder = ''
let port = 0
let receiver: ChildProcess

async function startReceiver(): Promise<void> {
  receiver = spawn(process.execPath, ['receiver.mjs'], {
    cwd: folder,
    env: { SLUICE_OFFICE_SECRET: secret, PORT: String(port) },
    stdio: 'inherit',
  })
  await expect.poll(async () => (await fetch(url(), { method: 'POST' }).catch(() => undefined))?.status, { timeout: 20_000 }).toBe(401)
}

async function stopReceiver(): Promise<void> {
  receiver.kill('SIGKILL')
  await once(receiver, 'exit')
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-office-'))
  const [, code = ''] = /```js\n([^]*?)```/.exec(await readFile(page, 'utf8')) ?? []
  await writeFile(join(folder, 'receiver.mjs'), code)
  ;[port = 0] = await freePorts(1)
  await startReceiver()
})

afterEach(async () => {
  await stopReceiver()
  await rm(folder, { recursive: true, force: true })
})

function url(): string {
  return `http://127.0.0.1:${port}${path}`
}

async function tell(id: string, options: { readonly key?: string; readonly ageMs?: number } = {}): Promise<number> {
  const body = JSON.stringify({ id, order: 'lamp:x:1', state: 'paid' })
  const at = String(Date.now() - (options.ageMs ?? 0))
  const mac = createHmac('sha256', options.key ?? secret)
    .update(`${at}\nPOST\n${path}\n${id}\n`)
    .update(body)
    .digest('hex')
  const headers = { 'idempotency-key': id, 'sluice-timestamp': at, 'sluice-signature': `v1=${mac}` }
  return (await fetch(url(), { method: 'POST', headers, body })).status
}

async function orders(): Promise<readonly string[]> {
  return (await readFile(join(folder, 'orders.jsonl'), 'utf8')).trim().split('\n')
}

test('OFF-13 the receiver in the documentation takes what is signed and new, also after it was killed, and nothing else', async () => {
  expect(await tell('lamp:x:1/paid/7')).toBe(200)
  expect(await tell('lamp:x:1/paid/7')).toBe(200)
  expect(await tell('lamp:x:2/paid/8', { key: 'of-somebody-else' })).toBe(401)
  expect(await tell('lamp:x:2/paid/8', { ageMs: 3_600_000 })).toBe(401)
  await stopReceiver()
  await startReceiver()
  expect(await tell('lamp:x:1/paid/7')).toBe(200)
  expect(await tell('lamp:x:2/paid/8')).toBe(200)
  expect((await orders()).length).toBe(2)
})
