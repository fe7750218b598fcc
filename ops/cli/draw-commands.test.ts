import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { positionOf } from '../../actors/draw/verify-proof.ts'
import { drawAmong, seedNumber } from '../../actors/testing/plain-draw.ts'
import { runProgram } from './program.ts'
import { RecordingTerminal } from './recording-terminal.ts'

const proof = drawAmong(['ann', 'bob', 'cyd'], seedNumber(3), { source: 'drand:quicknet', round: 9, value: 'beef' })
let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-draw-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

test('DRAW-20 a right proof is shown part by part, with what to compare it with and where a user stands', async () => {
  const run = await verify(proof, '--user', 'bob')
  expect(run).toMatchObject({ code: 0, err: '' })
  expect(run.out).toContain('Draw of "shoe" among 3 participants\n')
  expect(run.out.match(/^ {2}right {2}/gm)).toHaveLength(4)
  expect(run.out).toContain(`commitment ${proof.commitment}\n`)
  expect(run.out).toContain('by drand:quicknet, round 9   beef\n')
  expect(run.out).toContain(`"bob" is at position ${positionOf(proof, 'bob')} of 3.\n`)
  expect((await verify(proof, '--user', 'dan')).out).toContain('"dan" is not in this draw.\n')
})

test('DRAW-21 a changed proof is a failure that names the part', async () => {
  const run = await verify({ ...proof, order: proof.order.toReversed() })
  expect(run.code).toBe(1)
  expect(run.out).toMatch(/^ {2}WRONG {2}order +at position 1 /m)
  expect(run.err).toBe('sluice: proof.json: 1 part of the proof wrong: order\n')
})

test('DRAW-22 as JSON it is one object, right or wrong', async () => {
  const run = await verify(proof, '--json', '--user', 'dan')
  expect(JSON.parse(run.out)).toEqual({
    format: 'sluice-draw-1',
    sku: 'shoe',
    entries: 3,
    beacon: proof.beacon,
    right: true,
    checks: [{ part: 'commitment' }, { part: 'roster' }, { part: 'rosterHash' }, { part: 'order' }],
    user: 'dan',
    position: null,
  })
  const wrong = await verify({ ...proof, commitment: '00'.repeat(32) }, '--json')
  expect(wrong.code).toBe(1)
  expect(wrong.out).toMatch(/"right":false,"checks":\[\{"part":"commitment","problem":"seed, SKU and planned beacon give /)
})

test('DRAW-23 without a beacon, or with one that was late, it says what that leaves open', async () => {
  const without = await verify(drawAmong(['ann', 'bob'], seedNumber(3), undefined))
  expect(without.out).toContain(
    'No beacon: this shows that the order was not changed afterwards, and not that nobody could choose it before.',
  )
  const late = await verify(drawAmong(['ann', 'bob'], seedNumber(3), { source: 'drand:quicknet', round: 9, value: null }))
  expect(late.out).toContain('Round 9 of drand:quicknet did not come in time')
})

const oddFiles: readonly (readonly [what: string, content: string, says: RegExp])[] = [
  ['is not JSON', '{', /^sluice: proof.json: not JSON: /],
  ['is no object', '[]', /^sluice: proof.json: a proof is a JSON object\n$/],
  ['is of another format', '{"format":"sluice-draw-9"}', /^sluice: proof.json: "format" must be "sluice-draw-1"/],
  ['has a short seed', JSON.stringify({ ...proof, seed: 'ab' }), /"seed" must be 32 bytes in lower-case hex/],
  ['has an odd entry', JSON.stringify({ ...proof, roster: [...proof.roster, 'x'] }), /"roster" has at index 3 no entry id/],
  ['has half a place', JSON.stringify({ ...proof, order: [0.5] }), /"order" has no whole number at index 0/],
  ['has half a beacon', JSON.stringify({ ...proof, beacon: { source: 'x' } }), /"beacon" must be null, or have/],
]

test.each(oddFiles)('DRAW-24 a file that %s is a failure in one line', async (_what, content, says) => {
  const run = await verifyText(content)
  expect(run).toMatchObject({ code: 1, out: '' })
  expect(run.err).toMatch(says)
})

test('DRAW-24 a file that is not there was asked for wrongly', async () => {
  const terminal = new RecordingTerminal(folder)
  expect(await runOn(terminal, 'none.json')).toBe(2)
  expect(terminal.complained).toBe('sluice: none.json: there is no such file\n')
})

async function verify(value: object, ...words: readonly string[]) {
  return verifyText(JSON.stringify(value), ...words)
}

async function verifyText(text: string, ...words: readonly string[]) {
  await writeFile(join(folder, 'proof.json'), text)
  const terminal = new RecordingTerminal(folder)
  const code = await runOn(terminal, 'proof.json', ...words)
  return { code, out: terminal.printed, err: terminal.complained }
}

function runOn(terminal: RecordingTerminal, file: string, ...words: readonly string[]): Promise<number> {
  return runProgram(['draw', 'verify', '--file', file, ...words], terminal, () => Promise.reject(new Error('no node is started here')))
}
