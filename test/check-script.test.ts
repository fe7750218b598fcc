import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const entry = ['ops/main.ts', `import { text } from './text.ts'\n\nthrow new Error(text)\n`] as const
const used = ['ops/text.ts', `export const text = 'x'\n`] as const

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-check-'))
  for (const name of ['node_modules', 'scripts']) await symlink(join(root, name), join(folder, name))
  for (const name of ['.oxlintrc.json', '.oxfmtrc.json', '.ci', 'tsconfig.json'])
    await cp(join(root, name), join(folder, name), { recursive: true })
  await put('package.json', `${JSON.stringify({ name: 'small', type: 'module' }, null, 2)}\n`)
  for (const page of ['gateway/page', 'ops/console/page']) {
    await cp(join(root, page, 'tsconfig.json'), join(folder, page, 'tsconfig.json'))
    await put(`${page}/app.js`, `document.title = 'x'\n`)
  }
  await put('knip.json', '{ "entry": ["ops/main.ts"], "project": ["ops/*.ts"] }\n')
})

afterEach(() => rm(folder, { recursive: true, force: true }))

test('CHK-2 npm run check is clean where nothing is wrong', async () => {
  await put(...entry)
  await put(...used)
  expect(await check()).toMatchObject({ code: 0, failed: [] })
})

test.each([
  ['types', 'ops/text.ts', `export const text: number = 'x'\n`, 'ops/text.ts(1,14): error'],
  ['page types', 'gateway/page/app.js', `document.title = 1\n`, 'gateway/page/app.js(1,1): error'],
  ['console types', 'ops/console/page/app.js', `document.title = 1\n`, 'ops/console/page/app.js(1,1): error'],
  ['lint', 'ops/text.ts', `export const text = String([1].map((one: any) => String(one)))\n`, 'ops/text.ts:1:42: '],
  ['format', 'ops/text.ts', `export const text = "x";\n`, 'ops/text.ts:1: not formatted'],
  ['dead code', 'ops/text.ts', `export const text = 'x'\nexport const more = 'y'\n`, 'ops/text.ts:2:14'],
  ['dead code', 'ops/unused.ts', `export const more = 'y'\n`, 'ops/unused.ts'],
])('CHK-2 npm run check fails where %s is wrong in %s, and says where', async (name, path, source, place) => {
  await put(...entry)
  await put(...used)
  await put(path, source)
  const { code, failed, output } = await check()
  expect({ code, failed }).toEqual({ code: 1, failed: [name] })
  expect(output).toContain(place)
})

async function put(path: string, source: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await writeFile(join(folder, path), source)
}

function check(): Promise<{ readonly code: number; readonly failed: readonly string[]; readonly output: string }> {
  return new Promise((resolve) => {
    const child = execFile('bash', [join(folder, 'scripts/check.sh')], { cwd: folder, timeout: 25_000 }, (_error, stdout, stderr) => {
      const failed = [...stdout.matchAll(/^FAILED {2}(.*)$/gm)].map((match) => match[1] ?? '')
      resolve({ code: child.exitCode ?? -1, failed, output: stdout + stderr })
    })
  })
}
