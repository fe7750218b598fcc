import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-made-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

function run(script: string, target: string): void {
  execFileSync(process.execPath, [join(root, 'scripts', script), target])
}

test('CHK-11 what sluice plan calculates with is made of bench/results/', () => {
  const made = join(folder, 'capacity.json')
  run('make-capacity.mjs', made)
  expect(readFileSync(join(root, 'ops/plan/capacity.json'), 'utf8'), 'run: node scripts/make-capacity.mjs').toBe(readFileSync(made, 'utf8'))
})

test('CHK-11 the tables of docs/peers.md are made of bench/results/', () => {
  const made = join(folder, 'peers.md')
  run('make-peer-tables.mjs', made)
  expect(readFileSync(join(root, 'docs/peers.md'), 'utf8'), 'run: node scripts/make-peer-tables.mjs').toBe(readFileSync(made, 'utf8'))
})

test('CHK-11 the tables of docs/scale.md are made of bench/results/', () => {
  const made = join(folder, 'scale.md')
  run('make-scale-tables.mjs', made)
  expect(readFileSync(join(root, 'docs/scale.md'), 'utf8'), 'run: node scripts/make-scale-tables.mjs').toBe(readFileSync(made, 'utf8'))
})

test('CHK-11 the charts are drawn from bench/results/', () => {
  run('make-charts.mjs', folder)
  const charts = join(root, 'docs/charts')
  expect(readdirSync(charts)).toEqual(readdirSync(folder))
  for (const name of readdirSync(folder))
    expect(readFileSync(join(charts, name), 'utf8'), `${name}; run: node scripts/make-charts.mjs`).toBe(
      readFileSync(join(folder, name), 'utf8'),
    )
})
