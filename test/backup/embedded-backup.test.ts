import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { InventoryRig } from '../../actors/testing/inventory-rig.ts'
import { openLmdbReader } from '../../cluster/lmdb-reader.ts'
import { runProgram } from '../../ops/cli/program.ts'
import { RecordingTerminal } from '../../ops/cli/recording-terminal.ts'
import { realClock } from '../../ops/world.ts'
import { Chance } from '../checkers/chance.ts'
import { keepJournal } from '../kept-journal.ts'
import { RunningNode } from '../running-node.ts'
import { runSluice } from '../sluice-process.ts'
import { type DrillReader, Drill, drillSettings } from './drill.ts'

vi.setConfig({ testTimeout: 400_000 })
const roomy = { shards: 4, addressRatePerSecond: 1_000_000, addressBurst: 1_000_000, userRatePerSecond: 1_000_000, userBurst: 1_000_000 }

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-backup-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

test('BAK-1 a backup of a node in the middle of a sale, restored elsewhere, keeps every promise, and no money is taken twice', async () => {
  const chance = new Chance()
  chance.announce('a backup of a node')
  const drill = await Drill.start(folder, chance)
  const options = { settings: { ...roomy, ...drillSettings }, environment: drill.environment }
  const node = await RunningNode.start({ ...options, dataFolder: join(folder, 'first') })
  const backup = join(folder, 'backup')
  try {
    await drill.rush(node)
    const made = await runSluice(['backup', '--to', backup, '--data-folder', node.dataFolder])
    expect(made).toMatchObject({ code: 0, err: '' })
    expect(drill.isSelling).toBe(true)
    await drill.finish()
  } finally {
    await node.stop()
  }
  await reading(node.dataFolder, (reader) => drill.end(reader))
  await rm(node.dataFolder, { recursive: true })

  const elsewhere = join(folder, 'second')
  expect(await runSluice(['restore', '--from', backup, '--data-folder', elsewhere])).toMatchObject({ code: 0, err: '' })
  const restored = await RunningNode.start({ ...options, dataFolder: elsewhere })
  try {
    await drill.goOn(restored)
  } finally {
    await restored.stop()
  }
  await reading(elsewhere, (reader) =>
    drill.judge(reader, (ledger) => runSluice(['orders', 'reconcile', '--ledger', ledger, '--json', '--data-folder', elsewhere])),
  )
  await drill.provider.kill()
})

test('BAK-2 a backup is a folder with its sum, read by all that reads data folders, and keeps the keys to itself', async () => {
  const data = await kept()
  await writeFile(join(data, 'secrets.json'), '{"jwtSecret":"x"}', { mode: 0o600 })
  const made = await sluice('backup', '--to', 'there', '--data-folder', data, '--json')
  expect(made).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(made.out)).toMatchObject({ folder: 'there', format: 1, shards: { inv: 1, ses: 1 }, report: { problemCount: 0 } })
  expect(await sluice('journal', 'verify', '--data', 'there')).toMatchObject({ code: 0 })
  const restored = await sluice('restore', '--from', 'there', '--data-folder', 'new/place', '--json')
  expect(restored).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(restored.out)).toMatchObject({ restored: 'new/place', report: { problemCount: 0 } })
  expect(await readFile(join(folder, 'new/place/secrets.json'), 'utf8')).toBe('{"jwtSecret":"x"}')
})

test('BAK-3 nothing is put where something is, and what is no whole backup is not restored', async () => {
  const data = await kept()
  const run = async (...words: readonly string[]) => {
    const { code, err } = await sluice(...words)
    return [code, err]
  }
  expect(await run('backup', '--to', 'data', '--data-folder', data)).toEqual([
    1,
    `sluice: ${data} is there already; a backup makes a folder of its own\n`,
  ])
  expect(await run('backup', '--to', 'x', '--data-folder', 'none')).toEqual([
    1,
    `sluice: there is no data in the folder ${join(folder, 'none')}\n`,
  ])
  expect(await run('backup', '--to', 'there', '--data-folder', data)).toEqual([0, ''])
  expect(await run('restore', '--from', 'there', '--data-folder', data)).toEqual([
    1,
    `sluice: there is data in the folder ${data} already; a restore wants a folder without\n`,
  ])
  expect(await run('restore', '--from', 'data', '--data-folder', 'x')).toEqual([
    1,
    `sluice: ${data} is no whole backup: it has no backup.json\n`,
  ])
  expect(await run('restore')).toEqual([2, 'sluice: --from and --redis: give one of them\n'])
  expect(await run('restore', '--redis')).toEqual([2, 'sluice: --redis: SLUICE_REDIS_URL must name the Redis\n'])

  const there = join(folder, 'there')
  const [whole, manifest] = [await readFile(join(there, 'data.mdb')), await readFile(join(there, 'backup.json'), 'utf8')]
  await writeFile(join(there, 'data.mdb'), whole.subarray(0, 9_000))
  expect(await run('restore', '--from', 'there', '--data-folder', 'x')).toEqual([
    1,
    `sluice: ${join(there, 'data.mdb')} has 9000 bytes; when the backup was made it had ${whole.length}\n`,
  ])
  await writeFile(
    join(there, 'data.mdb'),
    whole.map((byte, i) => (i === 9_000 ? byte ^ 1 : byte)),
  )
  expect(await run('restore', '--from', 'there', '--data-folder', 'x')).toEqual([
    1,
    `sluice: ${join(there, 'data.mdb')} is damaged: it is not what it was when the backup was made\n`,
  ])
  await writeFile(join(there, 'backup.json'), manifest.replace('"format": 1', '"format": 2'))
  expect(await run('restore', '--from', 'there', '--data-folder', 'x')).toEqual([
    1,
    `sluice: ${there} was made by a newer version: its format is 2, this version reads 1\n`,
  ])
  await writeFile(join(there, 'backup.json'), '{')
  expect((await run('restore', '--from', 'there', '--data-folder', 'x'))[1]).toMatch(/backup\.json is not what a backup has/)
  expect(await run('journal', 'verify', '--data', 'x')).toEqual([1, `sluice: there is no data in the folder ${join(folder, 'x')}\n`])
})

/** In this process. */
async function sluice(...words: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const terminal = new RecordingTerminal(folder)
  const code = await runProgram(words, terminal, () => Promise.reject(new Error('no node is started here')))
  return { code, out: terminal.printed, err: terminal.complained }
}

/** A folder with a short journal in it. */
async function kept(): Promise<string> {
  const rig = new InventoryRig()
  rig.configure()
  rig.buy('ann')
  const data = join(folder, 'data')
  await keepJournal(data, rig.journal)
  return data
}

async function reading(dataFolder: string, use: (reader: DrillReader) => Promise<void>): Promise<void> {
  const reader = openLmdbReader(dataFolder, realClock)
  try {
    await use(reader)
  } finally {
    await reader.close()
  }
}
