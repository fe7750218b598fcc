import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** One file of a small project made for this test: `rule` is the one that must complain, at `line`; without a rule none may. */
interface Case {
  readonly why: string
  readonly path: string
  readonly source: readonly string[]
  readonly rule?: string
  readonly line?: number
}

const imports: readonly Case[] = [
  { why: 'protocol imports cluster', path: 'protocol/a.ts', source: [`export { x } from '../cluster/bus.ts'`] },
  { why: 'protocol imports a type of cluster', path: 'protocol/b.ts', source: [`export type { X } from '../cluster/bus.ts'`] },
  { why: 'cluster imports actors', path: 'cluster/a.ts', source: ['', `export { x } from '../actors/shard.ts'`], line: 2 },
  { why: 'gateway imports actors', path: 'gateway/a.ts', source: [`export { x } from '../actors/shard.ts'`] },
  { why: 'gateway imports actors by import()', path: 'gateway/b.ts', source: [`export const x = () => import('../actors/shard.ts')`] },
  { why: 'gateway imports a type of actors', path: 'gateway/c.ts', source: [`export type { X } from '../actors/shard.ts'`] },
  { why: 'actors import an adapter', path: 'actors/a.ts', source: [`export type { X } from '../cluster/local-bus.ts'`] },
  { why: 'ops builds an adapter', path: 'ops/a.ts', source: [`export { x } from '../cluster/local-bus.ts'`] },
].map((one) => ({ ...one, rule: 'sluice(folder-imports)' }))

const packages: readonly Case[] = [
  { why: 'a second file imports lmdb', path: 'cluster/b.ts', source: [`export { open } from 'lmdb'`] },
  { why: 'a second file imports uWebSockets.js', path: 'gateway/e.ts', source: [`export * from 'uws-new'`] },
].map((one) => ({ ...one, rule: 'sluice(io-packages)' }))

const world: readonly Case[] = [
  { why: 'Date.now', path: 'actors/c.ts', source: ['', '', 'export const at = () => Date.now()'], line: 3 },
  { why: 'new Date()', path: 'actors/d.ts', source: ['export const at = () => new Date()'] },
  { why: 'Math.random', path: 'protocol/d.ts', source: ['export const roll = () => Math.random()'] },
  { why: 'globalThis.Math.random', path: 'protocol/e.ts', source: ['export const roll = () => globalThis.Math.random()'] },
  { why: 'a timer', path: 'gateway/f.ts', source: ['export const wait = (run: () => void) => setTimeout(run, 1)'] },
  { why: 'a timer passed on', path: 'gateway/g.ts', source: ['export const wait = { after: setTimeout }'] },
  { why: 'performance.now', path: 'cluster/c.ts', source: ['export const at = () => performance.now()'] },
  { why: 'process', path: 'cluster/d.ts', source: ['export const pid = process.pid'] },
  { why: 'node:process', path: 'cluster/e.ts', source: [`export { pid } from 'node:process'`] },
  {
    why: 'random bytes',
    path: 'cluster/f.ts',
    source: [`import { randomBytes } from 'node:crypto'`, 'export const secret = randomBytes(8)'],
  },
].map((one) => ({ ...one, rule: 'sluice(world-only)' }))

const types: readonly Case[] = [
  {
    why: 'a type assertion',
    path: 'actors/f.ts',
    source: ['export const x = (y: unknown) => y as number'],
    rule: 'sluice(assertions)',
  },
  { why: 'any', path: 'actors/i.ts', source: ['export const x = (y: any) => typeof y'], rule: 'typescript(no-explicit-any)' },
  {
    why: 'a non-null assertion',
    path: 'actors/j.ts',
    source: ['export const x = (y: readonly string[]) => y[0]!'],
    rule: 'typescript(no-non-null-assertion)',
  },
  {
    why: 'a floating promise',
    path: 'actors/k.ts',
    source: ['export const x = (y: () => Promise<void>) => {', '  y()', '}'],
    rule: 'typescript(no-floating-promises)',
    line: 2,
  },
  {
    why: 'a promise that nobody awaits',
    path: 'actors/l.ts',
    source: ['export const x = (all: string[], y: () => Promise<void>) => all.forEach(async () => y())'],
    rule: 'typescript(no-misused-promises)',
  },
  {
    why: 'an open switch',
    path: 'actors/m.ts',
    source: [`export function x(y: 'a' | 'b') {`, `  switch (y) {`, `    case 'a':`, '      return 1', '  }', '  return 2', '}'],
    rule: 'typescript(switch-exhaustiveness-check)',
    line: 2,
  },
]

const shape: readonly Case[] = [
  {
    why: 'an empty catch',
    path: 'actors/n.ts',
    source: ['export function x(y: () => void) {', '  try {', '    y()', '  } catch {}', '}'],
    rule: 'eslint(no-empty)',
    line: 4,
  },
  { why: 'a file name in camel case', path: 'actors/camelCase.ts', source: ['export const x = 1'], rule: 'unicorn(filename-case)' },
]

const state: readonly Case[] = [
  { why: 'a variable of a module', path: 'actors/o.ts', source: ['let count = 0', 'export const next = () => count++'] },
  { why: 'a variable of an ops module', path: 'ops/c.ts', source: ['let count = 0', 'export const next = () => count++'] },
].map((one) => ({ ...one, rule: 'sluice(module-state)' }))

const allowed: readonly Case[] = [
  { why: 'the composition root builds an adapter', path: 'ops/embedded-ports.ts', source: [`export { x } from '../cluster/local-bus.ts'`] },
  { why: 'a test builds an adapter', path: 'gateway/d.test.ts', source: [`export { x } from '../cluster/local-bus.ts'`] },
  { why: 'actors import a port', path: 'actors/b.ts', source: [`export { x } from '../cluster/bus.ts'`] },
  { why: 'new Date(ms) reads no clock', path: 'actors/e.ts', source: ['export const at = (ms: number) => new Date(ms).toISOString()'] },
  { why: 'a hash', path: 'cluster/g.ts', source: [`import { createHash } from 'node:crypto'`, `export const hash = createHash('sha256')`] },
  { why: 'a parameter called process', path: 'cluster/h.ts', source: ['export const read = (process: { pid: number }) => process.pid'] },
  { why: 'a worker is an entry file', path: 'cluster/i-worker.ts', source: ['export const pid = process.pid'] },
  { why: 'ops looks at the clock', path: 'ops/b.ts', source: ['export const at = () => Date.now()'] },
  { why: 'a codec asserts a type', path: 'actors/g-codec.ts', source: ['export const x = (y: unknown) => y as number'] },
  {
    why: 'as const and an element in range',
    path: 'actors/h.ts',
    source: ['export const x = (y: readonly number[]) => [y[0] as number, 1] as const'],
  },
]

const cases = [...imports, ...packages, ...world, ...types, ...shape, ...state, ...allowed]

const reportSchema = z.object({
  diagnostics: z.array(
    z.object({ filename: z.string(), code: z.string(), labels: z.array(z.object({ span: z.object({ line: z.int() }) })) }),
  ),
})

let folder = ''
let findings: z.output<typeof reportSchema>['diagnostics'] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-lint-'))
  for (const name of ['node_modules', 'scripts']) await symlink(join(root, name), join(folder, name))
  for (const name of ['.oxlintrc.json', 'tsconfig.json']) await cp(join(root, name), join(folder, name))
  for (const path of ['cluster/bus.ts', 'cluster/local-bus.ts', 'actors/shard.ts'])
    await put(path, ['export type X = 1', 'export const x = 1'])
  for (const one of cases) await put(one.path, one.source)
  findings = await lint()
})

afterAll(() => rm(folder, { recursive: true, force: true }))

test.each(cases)('CHK-1 the linter stops what is forbidden and nothing else: $why', ({ path, rule, line }) => {
  const found = findings.filter((one) => one.filename === path).map((one) => `${one.code} at line ${one.labels[0]?.span.line}`)
  expect(found).toEqual(rule === undefined ? [] : [`${rule} at line ${line ?? 1}`])
})

async function put(path: string, source: readonly string[]): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await writeFile(join(folder, path), `${source.join('\n')}\n`)
}

/** oxlint exits with 1 when it finds something; what it found is on its standard output either way. */
function lint(): Promise<typeof findings> {
  const oxlint = join(root, 'node_modules/oxlint/bin/oxlint')
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [oxlint, '--format', 'json'], { cwd: folder, timeout: 50_000 }, (_error, stdout, stderr) => {
      try {
        resolve(reportSchema.parse(JSON.parse(stdout)).diagnostics)
      } catch (cause) {
        reject(new Error(`oxlint gave no report: ${stdout}${stderr}`, { cause }))
      }
    })
  })
}
