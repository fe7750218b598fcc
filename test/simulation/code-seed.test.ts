import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { codeSeed } from './code-seed.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sluice-code-'))
  mkdirSync(path.join(folder, 'actors'))
  write('actors/shard.js', 'one')
  write('main.js', 'two')
})

afterEach(() => rmSync(folder, { recursive: true }))

test('SIM-R48 the same code gives the same seed, and any other code another one', () => {
  const seed = codeSeed(folder)
  expect(Number.isSafeInteger(seed)).toBe(true)
  expect(codeSeed(folder)).toBe(seed)
  write('notes.txt', 'not code')
  expect(codeSeed(folder)).toBe(seed)
  write('actors/shard.js', 'another')
  const changed = codeSeed(folder)
  write('more.js', '')
  expect(new Set([seed, changed, codeSeed(folder)]).size).toBe(3)
})

function write(file: string, text: string): void {
  writeFileSync(path.join(folder, file), text)
}
