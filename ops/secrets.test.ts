import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDataFolder } from './data-folder.ts'
import { loadSecrets } from './secrets.ts'
import { realRandom } from './world.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-ops-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('CFG-8 the first start makes secrets, readable by their owner only; later starts keep them', async () => {
  const first = await loadSecrets(folder, {}, realRandom)
  const { mode } = await stat(join(folder, 'secrets.json'))
  expect(mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual(['secrets.json'])
  expect(new Set(Object.values(first)).size).toBe(4)
  expect(await loadSecrets(folder, {}, realRandom)).toEqual(first)
})

test('CFG-8 a given secret wins, and with all of them given no file is made', async () => {
  const given = { jwtSecret: 'j'.repeat(32), backendKey: 'b'.repeat(16), operatorKey: 'o'.repeat(16), drawKey: 'd'.repeat(32) }
  expect(await loadSecrets(folder, given, realRandom)).toEqual(given)
  expect(await readdir(folder)).toEqual([])
  const mixed = await loadSecrets(folder, { operatorKey: given.operatorKey }, realRandom)
  expect(mixed.operatorKey).toBe(given.operatorKey)
  expect(mixed.backendKey).not.toBe(given.backendKey)
})

test('CFG-8 a file of a version without a key for draws gets one and keeps the others', async () => {
  const path = join(folder, 'secrets.json')
  const former = { jwtSecret: 'j'.repeat(32), backendKey: 'b'.repeat(16), operatorKey: 'o'.repeat(16) }
  await writeFile(path, JSON.stringify(former))
  const loaded = await loadSecrets(folder, {}, realRandom)
  expect(loaded).toMatchObject(former)
  expect(loaded.drawKey).toHaveLength(48)
  expect(await loadSecrets(folder, {}, realRandom)).toEqual(loaded)
})

test.each(['', '{}', '{"jwtSecret": "short"}', 'not json'])(
  'CFG-8 a damaged file of secrets (%j) stops the start and stays as it is',
  async (text) => {
    const path = join(folder, 'secrets.json')
    await writeFile(path, text)
    await expect(loadSecrets(folder, {}, realRandom)).rejects.toThrow(`${path} is damaged`)
    expect(await readFile(path, 'utf8')).toBe(text)
  },
)

test('CFG-9 a data folder is made where there is none, and taken away again if the start fails', async () => {
  const made = await openDataFolder(join(folder, 'a/b'))
  await writeFile(join(made.path, 'x'), '')
  await made.discardIfNew()
  expect(await readdir(folder)).toEqual([])
})

test('CFG-9 a data folder that was there is never taken away', async () => {
  await writeFile(join(folder, 'x'), '')
  const found = await openDataFolder(folder)
  await found.discardIfNew()
  expect(await readdir(folder)).toEqual(['x'])
})

test('CFG-9 a data folder that cannot be used is told in one line', async () => {
  const file = join(folder, 'file')
  await writeFile(file, '')
  await expect(openDataFolder(file)).rejects.toThrow(
    `the data folder ${file} cannot be made: a file is in the way; choose another with --data-folder`,
  )
  await expect(openDataFolder(join(file, 'below'))).rejects.toThrow('a file is in the way')
  await expect(openDataFolder('/proc/sluice')).rejects.toThrow('the data folder /proc/sluice ')
})

test.skipIf(process.getuid?.() === 0)('CFG-9 a data folder that this user may not write to is told in one line', async () => {
  await chmod(folder, 0o500)
  await expect(openDataFolder(folder)).rejects.toThrow('cannot be written to by this user')
})
