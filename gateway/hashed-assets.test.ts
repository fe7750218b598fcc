import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { type Files, hashedAssets } from './hashed-assets.ts'
import { loadStaticFiles } from './static-files.ts'

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

function filesOf(texts: Readonly<Record<string, string>>): Files {
  const named = Object.entries(texts).map(([path, text]) => {
    const file = { type: types[path.slice(path.lastIndexOf('.') + 1)] ?? '', bytes: new TextEncoder().encode(text) }
    return [path, file] as const
  })
  return new Map(named)
}

function textsOf(files: Files): Readonly<Record<string, string>> {
  return Object.fromEntries([...files].map(([path, { bytes }]) => [path.replace(/\.[0-9a-f]{20}\./, '.#.'), textOf(bytes)]))
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replaceAll(/\.[0-9a-f]{20}\./g, '.#.')
}

function namesOf(texts: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const { assets } = hashedAssets(filesOf(texts), '')
  return new Map([...assets.keys()].map((path) => [path.replace(/\.[0-9a-f]{20}\./, '.'), path]))
}

test('AST-1 modules, styles and pages refer to what they name by its content, and everything else stays as it is', () => {
  const { pages, assets } = hashedAssets(
    filesOf({
      '/index.html':
        '<link href="/a.css"><script type="module" src="/app.js"></script><a href="#top"><a href="/help.html"><a href="/none.js">',
      '/a.css': '@import "b.css"; p { background: url( pictures/x.svg ) url("data:,x") url(\'/pictures/x.svg\') url(http://else/a.css) }',
      '/b.css': '',
      '/app.js': [
        "import { a,\n  b as c } from './a.js'",
        "import '../protocol/ids.js';",
        "export * from './a.js'",
        'export const text = "import \'./a.js\'"',
        "const later = () => import('./a.js')",
        "import fs from 'node:fs'",
        "import './none.js'",
      ].join('\n'),
      '/a.js': '',
      '/protocol/ids.js': '',
      '/pictures/x.svg': '<svg href="/a.css"/>',
      '/help.html': '<link href="a.css">',
    }),
    'https://cdn.example',
  )
  expect(textsOf(assets)).toEqual({
    '/assets/a.#.css':
      '@import "/assets/b.#.css"; p { background: url( /assets/pictures/x.#.svg ) url("data:,x") url(\'/assets/pictures/x.#.svg\') url(http://else/a.css) }',
    '/assets/b.#.css': '',
    '/assets/app.#.js': [
      "import { a,\n  b as c } from '/assets/a.#.js'",
      "import '/assets/protocol/ids.#.js';",
      "export * from '/assets/a.#.js'",
      'export const text = "import \'./a.js\'"',
      "const later = () => import('/assets/a.#.js')",
      "import fs from 'node:fs'",
      "import './none.js'",
    ].join('\n'),
    '/assets/a.#.js': '',
    '/assets/protocol/ids.#.js': '',
    '/assets/pictures/x.#.svg': '<svg href="/a.css"/>',
  })
  const cdn = 'https://cdn.example/assets'
  expect(textsOf(pages)).toEqual({
    '/index.html': `<link href="${cdn}/a.#.css"><script type="module" src="${cdn}/app.#.js"></script><a href="#top"><a href="/help.html"><a href="/none.js">`,
    '/help.html': `<link href="${cdn}/a.#.css">`,
  })
})

test('AST-1 the page learns where the pictures are, in a block that no name can end', () => {
  const block = '<script type="application/json" id="picture-addresses"></script>'
  const { pages } = hashedAssets(filesOf({ '/index.html': block, '/pictures/<script>.svg': '', '/a.css': '' }), '')
  const text = textOf(pages.get('/index.html')?.bytes ?? new Uint8Array(0))
  expect(text).toMatch(/^<script type="application\/json" id="picture-addresses">[^<]+<\/script>$/)
  expect(JSON.parse(text.slice(text.indexOf('>') + 1, text.lastIndexOf('<')))).toEqual({
    '/pictures/<script>.svg': '/assets/pictures/<script>.#.svg',
  })
})

test('AST-2 a name changes with what the file says or leads to, and with nothing else', () => {
  const before = { '/app.js': "import './a.js'", '/a.js': "import './b.js'", '/b.js': '1', '/other.js': '1', '/index.html': '1' }
  const after = { ...before, '/b.js': '2', '/index.html': '2' }
  const [old, young] = [namesOf(before), namesOf(after)]
  const changed = [...old].filter(([path, name]) => young.get(path) !== name).map(([path]) => path)
  expect(changed).toEqual(['/assets/app.js', '/assets/a.js', '/assets/b.js'])
})

test('AST-2 modules that need each other have names too, which change together', () => {
  const circle = (text: string) => namesOf({ '/a.js': "import './b.js'", '/b.js': `import './a.js'; ${text}` })
  const [one, two] = [circle('1'), circle('2')]
  expect([...one.keys()]).toEqual(['/assets/a.js', '/assets/b.js'])
  for (const path of one.keys()) expect(two.get(path)).not.toBe(one.get(path))
})

test('AST-3 all that the shop page leads to is there under names of content', () => {
  const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
  const files = loadStaticFiles({ '/': here('page'), '/protocol': here('../protocol') }, 'https://cdn.example')
  const textAt = (path: string): string => new TextDecoder().decode(files.get(path)?.bytes)
  const page = textAt('/')
  const asked = [...page.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, reference = '']) => reference)
  expect(asked.length).toBeGreaterThan(5)
  const reached = new Set(asked.map((address) => address.replace('https://cdn.example', '')))
  for (const path of reached) {
    expect(files.get(path), path).toMatchObject({ kind: 'asset' })
    const imported = textAt(path).matchAll(/(?:\bfrom|^import) ['"]([^'"]+\.js)['"];?$/gm)
    for (const [, target = ''] of path.endsWith('.js') ? imported : []) reached.add(target)
  }
  expect([...reached].some((path) => path.startsWith('/assets/protocol/client/'))).toBe(true)
  expect([...reached].filter((path) => path.endsWith('.js')).length).toBeGreaterThan(20)
  expect(page).toContain('"/pictures/lamp.svg":"https://cdn.example/assets/pictures/lamp.')
  expect(files.get('/app.js')).toMatchObject({ kind: 'file' })
  expect(files.get('/')).toMatchObject({ kind: 'page' })
})
