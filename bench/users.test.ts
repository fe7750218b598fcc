import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { ProgramRuns } from './program-runs.ts'

let users: ProgramRuns

beforeEach(() => {
  users = new ProgramRuns('users')
})
afterEach(() => users.remove())

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
  const result = await users.result(['--users', '300', '--orders', '3', '--reads', '50', '--json'])
  expect(() => reportSchema.parse(result)).not.toThrow()
})

test('BEN-43 what cannot be is refused', async () => {
  expect((await users.run(['--users', '7'])).status).toBe(2)
  expect((await users.run(['--help'])).status).toBe(0)
})
