import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'

// The commands as their users run them: real processes, a real node, a data folder on disk.
const main = join(dirname(fileURLToPath(import.meta.url)), '../ops/main.js')
const sale = {
  sale: 'drop',
  title: 'The drop',
  opensAt: '2026-01-31T10:00:00Z',
  skus: [{ sku: 'shoe', title: 'Shoe', priceMinor: 12_900, stock: 10 }],
}
const readyLine = z.object({ text: z.literal('ready'), web: z.int(), rpc: z.int(), ops: z.int() })

let folder = ''
let started: ChildProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-command-line-'))
  await writeFile(join(folder, 'sale.json'), JSON.stringify(sale))
})

afterEach(async () => {
  await Promise.all(started.map((child) => ended(child, 'SIGKILL')))
  started = []
  await rm(folder, { recursive: true, force: true })
})

test('CLI-15 the built program is executable as it is, and knows its version', async () => {
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(await readFile(join(dirname(main), '../../package.json'), 'utf8')))
  const { stdout } = await promisify(execFile)(main, ['--version'])
  expect(stdout).toBe(`${version}\n`)
})

test('CLI-11 a sale is created, opened, restocked and listed on a running node', async () => {
  const { rpc } = await startNode()
  expect(await sluice(rpc, 'sale', 'create', '--file', 'sale.json')).toMatchObject({ code: 0, err: '' })
  expect(await sluice(rpc, 'sale', 'create', '--file', 'sale.json')).toMatchObject({ code: 0, err: '' })
  expect(await sluice(rpc, 'sale', 'open', 'drop')).toMatchObject({ code: 0, err: '' })
  expect(await sluice(rpc, 'sku', 'restock', 'shoe', '5')).toMatchObject({ code: 0, err: '' })
  expect((await sluice(rpc, 'sale', 'list')).out).toMatch(/^drop\s+open\s.*\sshoe\s+open\s+15\s+0\s+0\s+0\s+0$/m)
  expect(await sluice(rpc, 'sku', 'status', 'hat')).toEqual({
    code: 1,
    out: '',
    err: 'sluice: sku.status: UNKNOWN_SKU: There is no such SKU.\n',
  })
  expect(await sluice(rpc, 'sale', 'close', 'gala')).toMatchObject({ code: 1, out: '' })
  expect((await sluice(rpc, 'user', 'get', 'ann')).out).toMatch(/^user: ann$/m)
})

test('CLI-12 a second node on the same data folder is refused, and the first goes on', async () => {
  const { rpc } = await startNode()
  const second = await sluice(0, ...nodeWords('data'))
  expect(second).toMatchObject({ code: 1, out: '' })
  expect(second.err).toMatch(/^sluice: the data folder .*data is in use by another process\n$/)
  expect(await sluice(rpc, 'sale', 'list')).toMatchObject({ code: 0 })
})

test.each(['web', 'rpc', 'ops'] as const)('CLI-12 a %s port in use is one line, and no data folder is left behind', async (which) => {
  const ports = await startNode()
  const second = await sluice(0, ...nodeWords('other'), `--${which}-port`, String(ports[which]))
  expect(second).toMatchObject({ code: 1, out: '' })
  expect(second.err).toMatch(new RegExp(`^sluice: [^\\n]*port ${ports[which]}[^\\n]*\\n$`))
  expect((await readdir(folder)).toSorted()).toEqual(['data', 'sale.json'])
})

test('CLI-13 SIGTERM ends a node in order, and what was done is there after a restart', async () => {
  const first = await startNode()
  await sluice(first.rpc, 'sale', 'create', '--file', 'sale.json')
  expect(await ended(first.child, 'SIGTERM')).toBe(0)
  const again = await startNode()
  expect((await sluice(again.rpc, 'sale', 'list')).out).toContain('drop')
})

test('CLI-14 an RPC port that others can reach wants a key', async () => {
  const { rpc } = await startNode('--rpc-host', '0.0.0.0')
  expect(await sluice(rpc, 'sku', 'status', 'shoe', '--data-folder', 'nowhere')).toMatchObject({ code: 1, out: '' })
  expect((await sluice(rpc, 'sku', 'status', 'shoe', '--data-folder', 'data')).err).toContain('UNKNOWN_SKU')
  expect((await sluice(rpc, 'sku', 'status', 'shoe', '--key', 'a wrong one')).err).toContain('UNAUTHORIZED')
})

function nodeWords(dataFolder: string): readonly string[] {
  return ['start', '--web-port', '0', '--rpc-port', '0', '--ops-port', '0', '--shards', '4', '--data-folder', dataFolder]
}

async function startNode(...words: readonly string[]) {
  const child = spawn(process.execPath, [main, ...nodeWords('data'), ...words], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  started.push(child)
  for await (const line of createInterface({ input: child.stdout })) {
    const ready = readyLine.safeParse(JSON.parse(line))
    if (!ready.success) continue
    const { web, rpc, ops } = ready.data
    return { child, web, rpc, ops }
  }
  throw new Error('the node ended before it was ready')
}

/** Runs one command to its end, against the node on this RPC port. */
function sluice(
  rpcPort: number,
  ...words: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const env = { ...process.env, SLUICE_RPC: `127.0.0.1:${rpcPort}` }
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [main, ...words], { cwd: folder, env, timeout: 20_000 }, (_error, out, err) => {
      resolve({ code: child.exitCode ?? -1, out, err })
    })
  })
}

/** The exit code after a signal; -1 if the signal itself ended it. */
function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode ?? -1)
  return new Promise((resolve) => {
    child.once('exit', (code) => resolve(code ?? -1))
    child.kill(signal)
  })
}
