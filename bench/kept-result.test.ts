import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { keepResult, keepText, keptResult } from './kept-result.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-kept-result-test-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

test('BEN-91 an earlier result stays when the new one cannot be written', () => {
  const path = join(folder, 'result.json')
  keepResult(path, { knee: 1 })
  keepResult(path, { knee: 2 })
  expect(readdirSync(folder)).toEqual(['result.json'])
  mkdirSync(`${path}.new`)
  expect(() => keepResult(path, { knee: 3 })).toThrow('EISDIR')
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ knee: 2 })
})

test('BEN-91 a link is followed, and what is no file is written to', () => {
  const [path, link] = [join(folder, 'result.json'), join(folder, 'latest.json')]
  keepText(path, 'first')
  symlinkSync(path, link)
  keepText(link, 'second')
  expect([lstatSync(link).isSymbolicLink(), readFileSync(path, 'utf8')]).toEqual([true, 'second'])
  expect(() => keepText('/dev/full', 'text')).toThrow('ENOSPC')
  expect(lstatSync('/dev/full').isCharacterDevice()).toBe(true)
})

test('BEN-91 what is added to has to be a result of the same program on the same terms; a device is none, and is not read', () => {
  const path = join(folder, 'result.json')
  const schema = z.looseObject({ rounds: z.array(z.number()) })
  const kept = (from: string, seconds: number): unknown => keptResult(from, schema, { seconds }, 'bench:peers')
  expect(kept(path, 1)).toBeUndefined()
  keepResult(path, { seconds: 1, rounds: [7] })
  expect(kept(path, 1)).toEqual({ seconds: 1, rounds: [7] })
  expect(() => kept(path, 2)).toThrow('was taken with another seconds')
  keepText(path, '{}')
  for (const other of [path, folder, '/dev/zero']) expect(() => kept(other, 1)).toThrow(`${other} is no result of bench:peers`)
})
