import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

// Browsers load the compiled files as they are: a bare or node: import would be a page that does not start.
test('SDK-56 whatever the browser client imports is a file of protocol/', () => {
  const entry = fileURLToPath(new URL('./index.js', import.meta.url))
  const protocol = dirname(dirname(entry))
  const seen = new Set<string>()
  const walk = (file: string) => {
    if (seen.has(file)) return
    seen.add(file)
    const text = readFileSync(file, 'utf8')
    for (const [, specifier = ''] of text.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)) {
      expect(specifier, `imported by ${file}`).toMatch(/^\.\.?\//)
      const target = join(dirname(file), specifier)
      expect(target.startsWith(protocol), `${specifier} imported by ${file}`).toBe(true)
      walk(target)
    }
  }
  walk(entry)
  expect(seen.size).toBeGreaterThan(10)
})
