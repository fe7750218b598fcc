import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { RunningNode } from './running-node.ts'

const run = promisify(execFile)
const answersSchema = z.array(z.unknown())
const hasNeovim = isInstalled()
if (!hasNeovim) process.stderr.write('SYS-10 is skipped: there is no nvim here; bash scripts/install-servers.sh installs it\n')

let node: RunningNode
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-neovim-'))
  node = await RunningNode.start({ settings: { shards: 2 } })
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await node.stop()
})

test.skipIf(!hasNeovim)("SYS-10 neovim's msgpack-RPC client buys, reads and leaves a claim", async () => {
  await node.createSku('lamp', { stock: 1 })
  const answers = await askByNeovim([
    ['auth', node.secrets.backendKey],
    ['buy', 'anna', 'lamp', 1, 'request-1'],
    ['buy', 'anna', 'lamp', 1, 'request-1'],
    ['buy', 'ben', 'lamp'],
    ['claim', 'anna', 'lamp'],
    ['leave', 'anna', 'lamp'],
    ['claim', 'anna', 'lamp'],
    ['claim', 'ben', 'lamp'],
    ['sku.get', 'lamp'],
  ])
  const aNumber: unknown = expect.any(Number)
  const held = { state: 'held', qty: 1, hold: aNumber, expiresAt: aNumber }
  const [auth, bought, again, queued, claimed, left, after, next, sku] = answers
  expect(auth).toEqual({ role: 'backend' })
  expect(bought).toEqual(held)
  expect(again).toEqual(bought)
  expect(queued).toMatchObject({ state: 'queued', ahead: 0 })
  expect(claimed).toEqual(bought)
  expect([left, after]).toEqual([{ state: 'none' }, { state: 'none' }])
  expect(next).toEqual(held)
  expect(sku).toMatchObject({ sku: 'lamp', title: 'Thing lamp', priceMinor: 9_900 })
})

test.skipIf(!hasNeovim)('SYS-10 a refusal reaches neovim as an error, and the connection goes on', async () => {
  await node.createSku('vase', { stock: 1 })
  const answers = await askByNeovim([
    ['buy', 'anna', 'no-such-sku'],
    ['make.coffee', 1, 2],
    ['buy', 'anna', 'vase'],
  ])
  // neovim understands no errors that are maps, and says only that there was one.
  const anError: unknown = expect.stringContaining('unknown error')
  expect(answers).toEqual([anError, anError, expect.objectContaining({ state: 'held' })])
})

/** Makes the calls one after another on one connection of a neovim without any configuration; an error is the text that neovim makes of it. */
async function askByNeovim(calls: readonly (readonly (string | number)[])[]): Promise<unknown[]> {
  const [script, input, output] = [join(folder, 'script.vim'), join(folder, 'calls.json'), join(folder, 'answers.json')]
  await writeFile(input, JSON.stringify(calls))
  await writeFile(script, conversation(input, output))
  await run('nvim', ['--headless', '--clean', '-S', script, '-c', 'qall!'], { timeout: 20_000 })
  return answersSchema.parse(JSON.parse(await readFile(output, 'utf8')))
}

function conversation(input: string, output: string): string {
  return `
let connection = sockconnect('tcp', '127.0.0.1:${node.ports.rpc}', {'rpc': v:true})
let answers = []
for arguments in json_decode(readfile('${input}'))
  try
    call add(answers, call('rpcrequest', [connection] + arguments))
  catch
    call add(answers, v:exception)
  endtry
endfor
call writefile([json_encode(answers)], '${output}')
`
}

function isInstalled(): boolean {
  try {
    execFileSync('nvim', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
