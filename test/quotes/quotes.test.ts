import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { notMeasured } from './not-measured.ts'
import { amountsIn, faultOf, type Quote, quotesIn } from './quotes.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const resultFolder = join(root, 'bench/results')
const documents = ['README.md', 'ARCHITECTURE.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
)

function textOf(document: string): string {
  return readFileSync(join(root, document), 'utf8')
}

function resultOf(name: string): unknown {
  return JSON.parse(readFileSync(join(resultFolder, name), 'utf8'))
}

test('CHK-9 every measured number of README and docs is what its result says', () => {
  const faults = documents.flatMap((document) =>
    quotesIn(textOf(document)).flatMap((quote) => {
      const fault = faultOf(quote, resultOf(quote.result))
      return fault === undefined ? [] : [`${document}: ${fault}`]
    }),
  )
  expect(faults).toEqual([])
  expect(quotesIn(textOf('README.md')).length).toBeGreaterThan(5)
})

test.each(documents)('CHK-9 an amount in %s is a quote of a result, or is said to be something else', (document) => {
  expect(amountsIn(textOf(document))).toEqual(notMeasured[document] ?? [])
})

test('CHK-10 every result says how, on which machine and of which code it was taken', () => {
  const origin = z.looseObject({
    what: z.string().startsWith('npm run bench'),
    commit: z.string().min(7),
    machine: z.union([z.string(), z.looseObject({})]),
  })
  for (const name of readdirSync(resultFolder)) expect(origin.safeParse(resultOf(name)).error?.issues ?? [], name).toEqual([])
})

const result = {
  rate: 218_816,
  share: 0.054,
  bytes: 56_125_801,
  ratio: { median: 4.24, least: 3.94, most: 4.35 },
  name: 'x',
  'per hour': -12.3,
}
const quote = (text: string, pointer: string): Quote => ({ text, result: 'x.json', pointer })

test.each([
  ['4.2 times', '/ratio'],
  ['**4.2 times** (3.9 to 4.4)', '/ratio'],
  ['4.24', '/ratio/median'],
  ['218,816 buys a second', '/rate'],
  ['219,000', '/rate'],
  ['220,000', '/rate'],
  ['5 %', '/share'],
  ['5.4 %', '/share'],
  ['56 MB', '/bytes'],
  ['-12.3', '/per%20hour'],
])('CHK-9 the quote "%s" of %s is right', (text, pointer) => {
  expect(faultOf(quote(text, pointer), result)).toBeUndefined()
})

test.each([
  ['4.3 times', '/ratio', 'is not 4.24, 3.94, 4.35'],
  ['4.2 times (3.9 to 4.5)', '/ratio', 'is not'],
  ['4.2 to 4.4 times', '/ratio', 'does not say the median'],
  ['218,000', '/rate', 'is not 218816'],
  ['6 %', '/share', 'is not'],
  ['60 MB', '/bytes', 'is not'],
  ['200,000', '/rate', 'is not'],
  ['fast', '/rate', 'does not say'],
  ['12.3', '/per%20hour', 'is not -12.3'],
  ['4.2 times', '/ratios', 'is no figure'],
  ['4.2 times', '/name', 'is no figure'],
])('CHK-9 the quote "%s" of %s is found to be wrong', (text, pointer, fault) => {
  expect(faultOf(quote(text, pointer), result)).toContain(fault)
})

test('CHK-9 quotes and amounts are found in Markdown', () => {
  const markdown = [
    'A buy is [4.2 times](../bench/results/a.json#/x/y) as fast as `5 times`, ten times as fast, or 3.9 to',
    '4.4 times ([all](../bench/results/a.json)); at 12,000 buys a second it takes 3 ms.',
    '```\n100 MB\n```',
  ].join('\n')
  expect(quotesIn(markdown)).toEqual([{ text: '4.2 times', result: 'a.json', pointer: '/x/y' }])
  expect(amountsIn(markdown)).toEqual(['ten times as', '3.9 to 4.4 times', '12,000 buys', '3 ms'])
})
