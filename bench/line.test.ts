import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { z } from 'zod'

const program = fileURLToPath(new URL('./line.js', import.meta.url))
/** The long form: SLUICE_TEST_ROUNDS=50 has ten thousand clients. */
const sockets = 200 * Number(process.env['SLUICE_TEST_ROUNDS'] ?? 1)

const reportSchema = z.object({
  sockets: z.literal(sockets),
  boundMs: z.number().positive(),
  lag: z.object({ mostMs: z.number() }),
  rises: z.number(),
  tooGood: z.number(),
  wrongAtEnd: z.number(),
  askedByRpc: z.object({ clients: z.number().positive(), wrong: z.number() }),
  framesPerSecond: z.number().positive(),
  restart: z.object({ clients: z.number().positive(), lost: z.number() }),
})

test('GW-105 what clients were told is held against the truth, and when their gateway is killed all come back to their place', async () => {
  const { status, out, errors } = await run(['--sockets', String(sockets), '--rate', '20', '--seconds', '3', '--restart', '--json'])
  expect([status, errors]).toEqual([0, ''])
  const report = reportSchema.parse(JSON.parse(out.trim().split('\n').at(-1) ?? ''))
  expect(report).toMatchObject({ rises: 0, tooGood: 0, wrongAtEnd: 0, askedByRpc: { wrong: 0 }, restart: { lost: 0 } })
  expect(report.restart.clients).toBeGreaterThan(sockets / 2)
})

test('BEN-7 what cannot be is refused', async () => {
  const { status, errors } = await run(['--sockets', 'many'])
  expect([status, errors.includes('whole number')]).toEqual([2, true])
})

async function run(words: readonly string[]): Promise<{ readonly status: number | null; readonly out: string; readonly errors: string }> {
  const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  const out: Buffer[] = []
  const errors: Buffer[] = []
  child.stdout.on('data', (bytes: Buffer) => out.push(bytes))
  child.stderr.on('data', (bytes: Buffer) => errors.push(bytes))
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { status, out: Buffer.concat(out).toString(), errors: Buffer.concat(errors).toString() }
}
