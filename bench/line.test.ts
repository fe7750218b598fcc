import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { ProgramRuns } from './program-runs.ts'

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

let line: ProgramRuns

beforeEach(() => {
  line = new ProgramRuns('line')
})
afterEach(() => line.remove())

test('GW-105 what clients were told is held against the truth, and when their gateway is killed all come back to their place', async () => {
  const report = reportSchema.parse(
    await line.result(['--sockets', String(sockets), '--rate', '20', '--seconds', '3', '--restart', '--json']),
  )
  expect(report).toMatchObject({ rises: 0, tooGood: 0, wrongAtEnd: 0, askedByRpc: { wrong: 0 }, restart: { lost: 0 } })
  expect(report.restart.clients).toBeGreaterThan(sockets / 2)
})

test('BEN-7 what cannot be is refused', async () => {
  const { status, errors } = await line.run(['--sockets', 'many'])
  expect([status, errors.includes('whole number')]).toEqual([2, true])
})
