import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { z } from 'zod'

const program = fileURLToPath(new URL('./users.js', import.meta.url))

const reportSchema = z.object({
  users: z.literal(300),
  ordersEach: z.literal(3),
  bytesPerUser: z.number().min(200).max(5_000),
  recordBytes: z.number().min(200).max(2_000),
  usersPerSecond: z.number().positive(),
  expiresInDays: z.tuple([z.number().gt(29.9), z.number().max(30)]),
  readMs: z.object({ p50: z.number().positive(), p99: z.number().positive() }),
})

test('BEN-43 users whom nobody asks for are measured: bytes each, when they are forgotten, and how long it takes to ask for one', async () => {
  const { status, out } = await run(['--users', '300', '--orders', '3', '--reads', '50', '--json'])
  expect(status).toBe(0)
  reportSchema.parse(JSON.parse(out.trim().split('\n').at(-1) ?? ''))
})

test('BEN-43 what cannot be is refused', async () => {
  expect((await run(['--users', '7'])).status).toBe(2)
  expect((await run(['--help'])).status).toBe(0)
})

function run(words: readonly string[]): Promise<{ readonly status: number | null; readonly out: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'ignore'] })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    child.once('close', (status) => resolve({ status, out }))
  })
}
