import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadStaticFiles } from './static-files.ts'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-static-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('GW-43 files are known by the path under which their folder is mounted, with their type', async () => {
  await mkdir(join(folder, 'page/pictures'), { recursive: true })
  await mkdir(join(folder, 'protocol'))
  await writeFile(join(folder, 'page/index.html'), '<p>')
  await writeFile(join(folder, 'page/pictures/lamp.svg'), '<svg/>')
  await writeFile(join(folder, 'protocol/ids.js'), '1')
  const files = loadStaticFiles({ '/': join(folder, 'page'), '/protocol': join(folder, 'protocol') })
  expect([...files].filter(([, { kind }]) => kind !== 'asset').map(([path, { type, kind }]) => [path, type, kind])).toEqual([
    ['/pictures/lamp.svg', 'image/svg+xml', 'file'],
    ['/protocol/ids.js', 'text/javascript; charset=utf-8', 'file'],
    ['/index.html', 'text/html; charset=utf-8', 'page'],
    ['/', 'text/html; charset=utf-8', 'page'],
  ])
  expect(files.get('/')).toBe(files.get('/index.html'))
})

test('GW-43 files of other types, folders and links that lead nowhere are not served', async () => {
  await mkdir(join(folder, 'folder.js'))
  await writeFile(join(folder, 'secrets.pem'), 'x')
  await writeFile(join(folder, 'app.js.map'), 'x')
  await writeFile(join(folder, '.hidden'), 'x')
  await symlink(join(folder, 'nowhere'), join(folder, 'broken.js'))
  expect([...loadStaticFiles({ '/': folder }).keys()]).toEqual([])
})

test('GW-43 another content has another tag, the same content the same', async () => {
  await writeFile(join(folder, 'a.js'), 'one')
  await writeFile(join(folder, 'b.js'), 'one')
  await writeFile(join(folder, 'c.js'), 'two')
  const tags = [...loadStaticFiles({ '/': folder }).values()].map((file) => file.etag)
  expect(new Set(tags).size).toBe(2)
  expect(tags.every((tag) => /^"[\w-]+"$/.test(tag))).toBe(true)
})
