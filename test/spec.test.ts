import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folders = ['protocol', 'cluster', 'actors', 'gateway', 'ops', 'bench', 'test']

test('CHK-3 every rule of SPEC.md is cited by a test, and every rule that a test cites is in SPEC.md', () => {
  const rules = new Set([...readFileSync(join(root, 'SPEC.md'), 'utf8').matchAll(/^- \*\*([A-Z]+-[A-Z]?\d+)\*\*/gm)].map(([, id]) => id))
  const cited = new Set(
    folders
      .flatMap(testFiles)
      .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/['"`]([A-Z]{2,4}-[A-Z]?\d+) /g)].map(([, id]) => id)),
  )
  expect({ missingInSpec: [...cited].filter((id) => !rules.has(id)), citedByNoTest: [...rules].filter((id) => !cited.has(id)) }).toEqual({
    missingInSpec: [],
    citedByNoTest: [],
  })
})

/** Titles are in test files, and in the suites that several of them share. */
function testFiles(folder: string): string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.ts')).map((name) => join(root, folder, name))
}
