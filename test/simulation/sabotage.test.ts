import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Patch, patched, patchedSources } from './sabotage-patch.ts'
import { sabotageNames } from './sabotage.ts'
import { codeSabotages } from './sabotages/code-sabotages.ts'
import { SeededRandom } from './seeded-random.ts'

const runNode = promisify(execFile)

describe('the patches of compiled code', () => {
  let folder = ''

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-sabotage-'))
  })

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  test.each(codeSabotages)('SIM-R20 $name fits the code as it is, and what comes of it is JavaScript', async ({ name, patches }) => {
    let index = 0
    for (const source of patchedSources(patches).values()) {
      const file = join(folder, `${name}-${index++}.mjs`)
      await writeFile(file, source)
      await runNode(process.execPath, ['--check', file])
    }
    expect(index).toBeGreaterThan(0)
  })
})

test('SIM-R21 a patch has to fit exactly once', () => {
  const patch = { file: 'x.js', find: 'one', replace: 'two' }
  expect(patched('a one b', patch)).toBe('a two b')
  expect(() => patched('a b', patch)).toThrow('expected once in x.js, found 0 times: one')
  expect(() => patched('one one', patch)).toThrow('found 2 times')
})

test('SIM-R22 a sabotaged process runs the patched code', async () => {
  const draw = new SeededRandom(1).next()
  expect(await drawWith([])).toBe(`${draw}`)
  const other = await drawWith([{ file: 'test/simulation/seeded-random.js', find: 'this.state + 0x6d2b79f5', replace: 'this.state + 1' }])
  expect(Number(other)).not.toBe(draw)
})

test('SIM-R23 a sabotage of code that the simulation does not load is refused', async () => {
  const unused = drawWith([{ file: 'actors/shard.js', find: 'async turn() {', replace: 'async turn() {;' }])
  await expect(unused).rejects.toThrow('the simulation does not load what is to be broken')
})

test('SIM-R24 sabotages have names of their own', () => {
  expect(new Set(sabotageNames).size).toBe(sabotageNames.length)
})

/** The first draw of seed 1, in a process of its own whose code is patched. */
async function drawWith(patches: readonly Patch[]): Promise<string> {
  const moduleAt = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)
  const code = `
    import { loadSabotaged } from ${moduleAt('./sabotaged-code.js')}
    const { SeededRandom } = await loadSabotaged(${JSON.stringify(patches)}, () => import(${moduleAt('./seeded-random.js')}))
    process.stdout.write(String(new SeededRandom(1).next()))`
  const { stdout } = await runNode(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
  })
  return stdout
}
