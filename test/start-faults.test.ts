import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RunningNode } from './running-node.ts'
import { runSluice } from './sluice-process.ts'

// What a person sees who starts it wrongly: a clear line, an exit code, and nothing that was not there before.

const anyPorts = ['--web-port', '0', '--rpc-port', '0', '--ops-port', '0', '--shards', '2']

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-start-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test.each<readonly [string, readonly string[], Readonly<Record<string, string>>, readonly RegExp[]]>([
  [
    'a value that is none',
    ['start', '--web-port', 'many'],
    {},
    [/webPort: "many" from --web-port is not allowed; it must be a whole number/],
  ],
  [
    'two values that are none',
    ['start', '--shards', '0'],
    { SLUICE_DURABILITY: 'never' },
    [/shards: "0" from --shards/, /durability: "never" from SLUICE_DURABILITY/],
  ],
  ['ports that are the same', ['start', '--web-port', '7', '--rpc-port', '7'], {}, [/two of them are the same/]],
  ['a host that is none', ['start', '--host', 'nonsense'], {}, [/host: "nonsense" from --host/]],
  [
    'an address of another machine',
    ['start', '--host', '192.0.2.1', ...anyPorts],
    {},
    [/cannot listen on 192\.0\.2\.1 port 0: this machine does not have that address/],
  ],
  ['a flag that does not exist', ['start', '--no-such-flag', '1'], {}, [/unknown option '--no-such-flag'/]],
  ['a data folder that has no name', ['start', '--data-folder', ''], {}, [/dataFolder: "" from --data-folder/]],
  ['a secret that is short', ['start'], { SLUICE_JWT_SECRET: 'short' }, [/jwtSecret: the value from SLUICE_JWT_SECRET is not allowed/]],
  [
    'a file where the data folder should be',
    ['start', ...anyPorts, '--data-folder', 'file'],
    {},
    [/data folder .*file cannot be made: a file is in the way/],
  ],
  [
    'a data folder below a file',
    ['start', ...anyPorts, '--data-folder', 'file/data'],
    {},
    [/data folder .*file\/data cannot be made: a file is in the way/],
  ],
  [
    'a data folder where none can be',
    ['start', ...anyPorts, '--data-folder', '/proc/sluice'],
    {},
    [/data folder \/proc\/sluice cannot be used/],
  ],
  ['secrets that are damaged', ['start', ...anyPorts, '--data-folder', 'damaged'], {}, [/damaged\/secrets\.json is damaged; put it back/]],
  [
    'a database of somebody else',
    ['start', ...anyPorts, '--data-folder', 'foreign'],
    {},
    [/foreign: data\.mdb in it is not a database of this program/],
  ],
])('SYS-30 %s is told in a line each, and nothing is left behind', async (_, words, environment, lines) => {
  await writeFile(join(folder, 'file'), 'x')
  await mkdir(join(folder, 'foreign'))
  await writeFile(join(folder, 'foreign/data.mdb'), Buffer.alloc(8_192, 0x5a))
  await mkdir(join(folder, 'damaged'))
  await writeFile(join(folder, 'damaged/secrets.json'), '{')
  const before = await treeOf(folder)
  const run = await runSluice(words, { workingFolder: folder, environment })
  expect(run).toMatchObject({ out: '', signal: null })
  expect(run.code).toBeGreaterThan(0)
  const said = run.err.trimEnd().split('\n')
  expect(said).toHaveLength(lines.length)
  for (const line of said) expect(line).toMatch(/^sluice: /)
  for (const line of lines) expect(run.err).toMatch(line)
  const after = await treeOf(folder)
  // The store looks at a folder that exists already from inside, and leaves its own files there.
  expect(after.filter((path) => !/^damaged\/(data|lock)\.mdb$/.test(path))).toEqual(before)
})

test('SYS-30 a data folder that may only be read is told in a line, and stays as it is', async (context) => {
  const readOnly = join(folder, 'read-only')
  await mkdir(readOnly)
  await chmod(folder, 0o755)
  await chmod(readOnly, 0o555)
  // Root may write everywhere, so that somebody else has to try.
  const under = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : []
  const version = await runSluice(['--help'], { under, workingFolder: '/' }).catch(() => undefined)
  if (version?.code !== 0) return context.skip('nobody but root can run the program here')
  const run = await runSluice(['start', ...anyPorts, '--data-folder', readOnly], { under, workingFolder: '/' })
  expect(run).toMatchObject({ code: 1, out: '' })
  expect(run.err).toMatch(/^sluice: the data folder \S+read-only cannot be written to by this user; choose another with --data-folder\n$/)
  expect(await readdir(readOnly)).toEqual([])
})

test.each(['web', 'rpc', 'ops'])(
  'SYS-31 a %s port in use is told with the flag that chooses another, and a data folder that was there is as good as before',
  async (which) => {
    const first = await RunningNode.start({ settings: { shards: 2 }, dataFolder: join(folder, 'data') })
    await first.createSku('lamp', { stock: 3 })
    await first.terminate()
    const taken = createServer()
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => {
        const address = taken.address()
        resolve(typeof address === 'object' ? (address?.port ?? 0) : 0)
      })
    })
    const run = await runSluice(['start', ...anyPorts, `--${which}-port`, String(port), '--data-folder', first.dataFolder])
    taken.close()
    expect(run).toMatchObject({ code: 1, out: '' })
    expect(run.err).toMatch(
      new RegExp(`^sluice: .* cannot listen on 127\\.0\\.0\\.1 port ${port}: the port is in use; .*--${which}-port\\n$`),
    )
    await first.restart()
    const operator = first.operator()
    expect(await operator.skuStatus('lamp')).toMatchObject({ available: 3 })
    operator.close()
    await first.stop()
  },
)

test('SYS-32 other settings than the folder was made with are told, and the folder stays usable', async () => {
  const node = await RunningNode.start({ settings: { shards: 2 }, dataFolder: join(folder, 'data') })
  await node.terminate()
  const run = await runSluice(['start', ...anyPorts, '--shards', '4', '--data-folder', node.dataFolder])
  expect(run).toMatchObject({ code: 1, out: '' })
  expect(run.err).toMatch(/^sluice: [^\n]*shards[^\n]*\n$/)
  await node.restart()
  await node.stop()
})

test('SYS-33 commands that ask for what is not there, or bring a bad sale, are told why, and nothing is made', async () => {
  const node = await RunningNode.start({ settings: { shards: 2 } })
  const rpc = `127.0.0.1:${node.ports.rpc}`
  const bad = { sale: 'drop', title: 'Drop', opensAt: 'soon', skus: [{ sku: 'lamp', title: 'Lamp', priceMinor: -1, stock: 1 }] }
  await writeFile(join(folder, 'bad.json'), JSON.stringify(bad))
  await writeFile(join(folder, 'broken.json'), '{"sale": ')
  const tries: readonly (readonly [readonly string[], RegExp])[] = [
    [['sku', 'status', 'no-such-sku'], /UNKNOWN_SKU/],
    [['sku', 'restock', 'no-such-sku', '5'], /UNKNOWN_SKU/],
    [['sku', 'restock', 'no-such-sku', '-5'], /./],
    [['sale', 'open', 'no-such-sale'], /UNKNOWN_SALE/],
    [['sale', 'create', '--file', 'bad.json'], /bad\.json: opensAt[^]*bad\.json: skus\[0\]\.priceMinor/],
    [['sale', 'create', '--file', 'broken.json'], /broken\.json: not JSON/],
    [['sale', 'create', '--file', 'missing.json'], /missing\.json: there is no such file/],
  ]
  for (const [words, said] of tries) {
    const run = await runSluice([...words, '--rpc', rpc], { workingFolder: folder })
    expect([words, run.out, run.code === 0]).toEqual([words, '', false])
    expect(run.err).toMatch(said)
    expect(
      run.err
        .trimEnd()
        .split('\n')
        .every((line) => line.startsWith('sluice: ')),
    ).toBe(true)
  }
  expect(await runSluice(['sale', 'list', '--json', '--rpc', rpc])).toMatchObject({ code: 0, out: '[]\n' })
  await node.stop()
  const away = await runSluice(['sale', 'list', '--rpc', rpc])
  expect(away).toMatchObject({ code: 1, out: '' })
  expect(away.err).toMatch(/^sluice: no node answers on [^\n]*\n$/)
})

/** Every path below, with the contents of small files. */
async function treeOf(path: string): Promise<string[]> {
  const names = await readdir(path, { recursive: true })
  const small = await Promise.all(['file', 'foreign/data.mdb', 'damaged/secrets.json'].map((name) => readFile(join(path, name), 'latin1')))
  return [...names.toSorted(), ...small]
}
