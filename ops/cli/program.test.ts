import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { pseudonymOf } from '../../actors/pseudonym.ts'
import { type Code, refusal } from '../../protocol/codes.ts'
import { decodeMessage, writeError, writeResult } from '../../protocol/envelope.ts'
import { MsgpackWriter, type Plain } from '../../protocol/msgpack-writer.ts'
import { StreamSplitter } from '../../protocol/stream-splitter.ts'
import { loadSecrets } from '../secrets.ts'
import { listSettings, flagOf, variableOf } from '../settings.ts'
import { StartFault } from '../start-fault.ts'
import { realRandom } from '../world.ts'
import { runProgram } from './program.ts'
import type { StartNode } from './start-command.ts'
import type { Terminal } from './terminal.ts'

const skuStatus = { sku: 'shoe', available: 3, held: 2, ordered: 1, sold: 4, waiting: 12_345, state: 'open' }
const skuInfo = {
  ...skuStatus,
  sale: 'drop',
  product: 'shoe',
  title: 'Shoe',
  description: '',
  image: '',
  priceMinor: 12_900,
  currency: 'EUR',
  opensAt: 0,
  perUserMax: 1,
}
const saleFile = {
  sale: 'drop',
  title: 'The drop',
  opensAt: '2026-01-31T10:00:00Z',
  skus: [{ sku: 'shoe', title: 'Shoe', priceMinor: 12_900, stock: 10 }],
}

let folder = ''
let server: Server
let sockets: Set<Socket>
/** What the node was asked, and how it answers: a result, or a code to refuse with. */
let asked: [method: string, params: readonly Plain[]][]
let answers: Record<string, Plain | { readonly refuse: Code }>
let wantedKey: string | undefined
/** What somebody at the keyboard answers; undefined if nobody is there. */
let answerTyped: string | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-cli-'))
  asked = []
  sockets = new Set()
  wantedKey = undefined
  answerTyped = undefined
  answers = {
    'sku.status': skuStatus,
    'sku.restock': skuStatus,
    'sale.list': [{ sale: 'drop', title: 'D', opensAt: 0, state: 'open', skus: [skuInfo] }],
  }
  server = createServer(serve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true, force: true })
})

test('CLI-2 a sale file is checked and sent with its defaults filled in', async () => {
  await writeFile(join(folder, 'sale.json'), JSON.stringify(saleFile))
  const run = await sluice('sale', 'create', '--file', 'sale.json')
  expect(run).toMatchObject({ code: 0, err: '' })
  expect(asked).toMatchObject([
    ['sale.create', [{ sale: 'drop', opensAt: Date.parse(saleFile.opensAt), skus: [{ currency: 'EUR', holdTtlMs: 120_000 }] }]],
  ])
  expect(run.out).toBe(
    'sale drop stands: 1 SKU, opens 2026-01-31T10:00:00Z\nSKU   title  price       stock  per user\nshoe  Shoe   EUR 129.00     10         1\n',
  )
})

test('CLI-30 a change is shown with what it would do, and done when somebody says yes', async () => {
  await writeFile(join(folder, 'change.json'), JSON.stringify({ skus: [{ sku: 'shoe', priceMinor: 9_900 }] }))
  const effect = '2 open holds keep EUR 129.00'
  const changes = [{ sku: 'shoe', setting: 'priceMinor', before: 12_900, after: 9_900, effect }]
  answers['sale.update'] = { sale: 'drop', preview: true, changes }
  answerTyped = 'n'
  const refused = await sluice('sale', 'update', 'drop', '--file', 'change.json')
  expect(refused.code).toBe(0)
  expect(refused.out).toMatch(/2 open holds keep EUR 129\.00\nchange sale drop\? \[y\/N\] nothing was changed\n$/)
  const change = { sale: 'drop', skus: [{ sku: 'shoe', priceMinor: 9_900 }] }
  expect(asked).toEqual([['sale.update', [change, true, expect.any(String)]]])
  answerTyped = 'y'
  answers['sale.update'] = { sale: 'drop', preview: false, changes }
  expect((await sluice('sale', 'update', 'drop', '--file', 'change.json')).out).toContain('sale drop is changed:')
  expect(asked.at(-1)).toEqual(['sale.update', [change, false, expect.any(String)]])
})

test('CLI-30 where nobody can be asked, a change needs --yes or is only looked at', async () => {
  await writeFile(join(folder, 'change.json'), JSON.stringify({ sale: 'drop', title: 'Another' }))
  answers['sale.update'] = { sale: 'drop', preview: true, changes: [] }
  const unasked = await sluice('sale', 'update', 'drop', '--file', 'change.json')
  expect(unasked.code).toBe(2)
  expect(unasked.err).toContain('--yes')
  expect(asked).toEqual([])
  expect((await sluice('sale', 'update', 'drop', '--file', 'change.json', '--preview')).out).toBe('sale drop is so already\n')
  answers['sale.update'] = {
    sale: 'drop',
    preview: false,
    changes: [{ sku: 'shoe', setting: 'saleTitle', before: 'A', after: 'B', effect: 'e' }],
  }
  const run = await sluice('sale', 'update', 'drop', '--file', 'change.json', '--yes', '--json')
  expect(JSON.parse(run.out)).toMatchObject({ sale: 'drop', changes: [{ setting: 'saleTitle' }] })
})

test('CLI-30 what a change file may not say is told with its reason', async () => {
  await writeFile(join(folder, 'change.json'), JSON.stringify({ saleLimitPerUser: 2, skus: [{ sku: 'shoe', currency: 'USD', stock: 9 }] }))
  const run = await sluice('sale', 'update', 'drop', '--file', 'change.json', '--yes')
  expect(run).toMatchObject({ code: 2 })
  for (const line of [
    'saleLimitPerUser: cannot be changed, for what',
    'skus[0].currency: cannot be changed, for holds',
    'skus[0].stock: cannot be changed, for units are added by sku.restock',
  ])
    expect(run.err).toContain(`change.json: ${line}`)
  await writeFile(join(folder, 'change.json'), JSON.stringify({ sale: 'other', title: 'T' }))
  expect((await sluice('sale', 'update', 'drop', '--file', 'change.json', '--yes')).err).toContain(
    'sale: is other, and the change is asked for drop',
  )
})

test('CLI-32 keys are listed, added, withdrawn and rotated', async () => {
  const key = { name: 'night', role: 'operator', fingerprint: 'ab12', from: 'kept', madeAt: 0 }
  answers['keys.list'] = {
    keys: [key],
    userSecrets: [
      { fingerprint: 'cd34', until: null },
      { fingerprint: 'ef56', until: 0 },
    ],
  }
  answers['keys.add'] = { role: 'operator', name: 'night', fingerprint: 'ab12', key: 'k-e-y' }
  answers['keys.withdraw'] = key
  answers['keys.rotate'] = { use: 'users', fingerprint: 'cd34', formerUntil: 0, secret: 's-e-c-r-e-t' }
  expect((await sluice('keys', 'list')).out).toMatch(
    /^night +operator +ab12 +kept +1970[^]*^cd34 +signs and verifies\nef56 +verifies until 1970/m,
  )
  expect((await sluice('keys', 'add', 'operator', 'night')).out).toBe('operator night: k-e-y\n')
  expect((await sluice('keys', 'withdraw', 'night')).out).toBe('operator night counts no more\n')
  expect((await sluice('keys', 'rotate', 'users', '--overlap', '12h')).out).toContain('users: s-e-c-r-e-t\n')
  expect(asked.slice(1)).toEqual([
    ['keys.add', ['operator', 'night']],
    ['keys.withdraw', ['night']],
    ['keys.rotate', ['users', 43_200, null]],
  ])
  expect((await sluice('keys', 'rotate', 'users', '--overlap', 'soon')).code).toBe(2)
})

test('CLI-33 limits are shown, set and taken back', async () => {
  const limit = { name: 'userBurst', value: 9, configured: 40, set: 9, unit: 'calls', allowed: 'a whole number from 1 to 10' }
  answers['limits.get'] = { limits: [limit] }
  answers['limits.set'] = limit
  expect((await sluice('limits', 'show')).out).toMatch(/^userBurst +9 +calls +40 +set$/m)
  await sluice('limits', 'set', 'userBurst', '9')
  await sluice('limits', 'unset', 'userBurst')
  expect(asked.slice(1)).toEqual([
    ['limits.set', ['userBurst', 9]],
    ['limits.set', ['userBurst', null]],
  ])
  expect((await sluice('limits', 'set', 'userBurst', 'many')).code).toBe(2)
})

test('TOP-5 it is looked at for a second, as text or JSON, or drawn until somebody quits', async () => {
  answers['cluster.status'] = { nodes: [], unowned: [] }
  const once = await sluice('top', '--once', '--ops', '127.0.0.1:1')
  expect(once).toMatchObject({ code: 0, err: '' })
  expect(once.out).toContain('every shard has an owner')
  expect(once.out).toContain('127.0.0.1:1            ? does not answer')
  const json: unknown = JSON.parse((await sluice('top', '--json', '--ops', '127.0.0.1:1')).out)
  expect(json).toMatchObject({ skus: [{ sku: 'shoe', soldPerSecond: 0 }], nodes: [], processes: [{ answers: false }] })
  answerTyped = ''
  const drawn = await sluice('top', '--ops', '127.0.0.1:1')
  expect(drawn.out.startsWith('\u001b[?1049h')).toBe(true)
  expect(drawn.out.endsWith('\u001b[?1049l')).toBe(true)
  expect(drawn.out).toContain('shoe')
  expect((await sluice('top', '--ops', 'no port here')).code).toBe(2)
})

test('CLI-31 what operators did is shown page by page, and of it what concerns a user', async () => {
  const entry = (who: string, user: string) => ({
    ...{
      at: 0,
      endedAt: 1,
      who,
      address: '10.0.0.1',
      method: 'ban.add',
      params: { kind: 'user', target: pseudonymOf(user) },
      outcome: 'done',
    },
    ...{ message: null, before: null, after: { until: null } },
  })
  answers['audit.list'] = { entries: [entry('night shift', 'ann'), entry('day shift', 'bob')], next: null }
  const run = await sluice('audit', '--last', '7')
  expect(asked).toEqual([['audit.list', [null, 7]]])
  expect(run.out).toMatch(
    /^1970-01-01T00:00:00Z +night shift +10\.0\.0\.1 +ban\.add +kind user, target erased-\S+ +done +- -> until null$/m,
  )
  const ofAnn: unknown = JSON.parse((await sluice('audit', '--user', 'ann', '--all', '--json')).out)
  expect(ofAnn).toMatchObject([{ who: 'night shift' }])
  answers['audit.list'] = { entries: [], next: null }
  expect((await sluice('audit')).out).toBe('no operator has changed anything\n')
  expect((await sluice('audit', '--last', '0')).code).toBe(2)
})

test('CLI-2 a sale file can come from standard input', async () => {
  expect(await sluice('sale', 'create', '--file', '-')).toMatchObject({ code: 0 })
  expect(asked).toHaveLength(1)
})

test.each([
  ['missing.json', undefined, ['missing.json: there is no such file']],
  ['.', undefined, ['.: is a folder']],
  ['bad.json', '{\n  "sale": "drop",\n}', ['bad.json: not JSON at line 3, column 1']],
  ['bad.json', '[]', ['bad.json: the sale: must be an object']],
  [
    'bad.json',
    JSON.stringify({ ...saleFile, opensAt: 'soon', skus: [{ sku: 'a b', title: '', priceMinor: 1.5, stock: -1, colour: 'red' }] }),
    [
      'bad.json: opensAt: must be a number, or must be an ISO 8601 time with its offset, such as 2026-01-31T10:00:00Z',
      'bad.json: skus[0].sku: must be 1 to 48 letters, digits, dots, dashes or underscores',
      'bad.json: skus[0].title: must not be empty',
      'bad.json: skus[0].priceMinor: must be a whole number',
      'bad.json: skus[0].stock: must be at least 0',
      'bad.json: skus[0]: has a field that is not known: colour',
    ],
  ],
  ['bad.json', '{"sale": "drop"}', ['bad.json: title: is missing', 'bad.json: opensAt: is missing', 'bad.json: skus: is missing']],
])('CLI-3 a bad sale file is told line by line and never sent: %s %s', async (name, text, lines) => {
  if (text !== undefined) await writeFile(join(folder, name), text)
  const run = await sluice('sale', 'create', '--file', name)
  expect(run).toMatchObject({ code: 2, out: '' })
  expect(run.err.trimEnd().split('\n')).toEqual(lines.map((line) => `sluice: ${line}`))
  expect(asked).toEqual([])
})

test.each(['open', 'pause', 'resume', 'close'])('CLI-4 sale %s asks the node for it', async (change) => {
  const run = await sluice('sale', change, 'drop')
  expect(run).toMatchObject({ code: 0, err: '' })
  expect(run.out).toContain('sale drop ')
  expect(asked).toEqual([[`sale.${change}`, ['drop', expect.any(String)]]])
})

test('CLI-4 stock and sales are shown as tables, or as JSON', async () => {
  const status = 'SKU   state  available  held  ordered  sold  waiting\nshoe  open           3     2        1     4    12345\n'
  expect((await sluice('sku', 'status', 'shoe')).out).toBe(status)
  expect((await sluice('sku', 'restock', 'shoe', '5')).out).toBe(status)
  expect(JSON.parse((await sluice('sku', 'status', 'shoe', '--json')).out)).toEqual(skuStatus)
  expect((await sluice('sale', 'list')).out).toContain('drop  open   1970-01-01T00:00:00Z  shoe')
  expect(asked.map(([method]) => method)).toEqual(['sku.status', 'sku.restock', 'sku.status', 'sale.list'])
  expect(asked[1]).toEqual(['sku.restock', ['shoe', 5, expect.any(String)]])
})

const lampLine = JSON.stringify({ product: 'lamp', title: 'Lamp', priceMinor: 12_900, categories: ['Light'] })

test('CLI-20 products are checked line by line, and sent as many at a time as go into a call', async () => {
  answers['catalogue.put'] = { products: 1 }
  const lines = Array.from({ length: 230 }, (_, n) => lampLine.replace('"lamp"', `"lamp-${n}"`))
  await writeFile(join(folder, 'shop.jsonl'), `${lines.join('\n')}\n\n`)
  expect(await sluice('catalogue', 'import', 'shop.jsonl', '--check')).toMatchObject({ code: 0, out: '230 products could be imported\n' })
  expect(asked).toEqual([])
  expect(await sluice('catalogue', 'import', 'shop.jsonl')).toMatchObject({ code: 0, err: '', out: '230 products imported\n' })
  expect(asked.map(([method, [some]]) => [method, Array.isArray(some) ? some.length : 0])).toEqual([
    ['catalogue.put', 100],
    ['catalogue.put', 100],
    ['catalogue.put', 30],
  ])
  expect(JSON.stringify(asked[0]?.[1])).toMatch(/^\[\[\{"product":"lamp-0",.*"currency":"EUR"/)
})

test.each([
  ['missing.jsonl', undefined, ['missing.jsonl: there is no such file']],
  ['.', undefined, ['.: is a folder']],
  ['bad.jsonl', '\n', ['bad.jsonl: has no products']],
  [
    'bad.jsonl',
    `${lampLine}\n{"product": "chair",}\n{"product": "a b", "title": ""}\n${lampLine}`,
    [
      'bad.jsonl:2: not JSON at column 21',
      'bad.jsonl:3: product: must be 1 to 48 letters, digits, dots, dashes or underscores',
      'bad.jsonl:3: title: must not be empty',
      'bad.jsonl:3: priceMinor: is missing',
      'bad.jsonl:4: product: lamp stands in line 1 already',
    ],
  ],
])('CLI-20 a file of products that is wrong is told line by line and never sent: %s %j', async (name, text, lines) => {
  if (text !== undefined) await writeFile(join(folder, name), text)
  const run = await sluice('catalogue', 'import', name)
  expect(run).toMatchObject({ code: 2, out: '' })
  expect(run.err.trimEnd().split('\n')).toEqual(lines.map((line) => `sluice: ${line}`))
  expect(asked).toEqual([])
})

test('CLI-21 products are searched by words and filters, and shown with the sales that they are in', async () => {
  const offer = {
    sku: 'lamp',
    sale: 'drop',
    saleTitle: 'D',
    title: 'Lamp',
    opensAt: 0,
    state: 'open',
    available: 3,
    priceMinor: 9_900,
    currency: 'EUR',
  }
  const summary = {
    product: 'lamp',
    title: 'Lamp',
    picture: '',
    categories: ['Light', 'Desk'],
    priceMinor: 9_900,
    currency: 'EUR',
    usualPriceMinor: 12_900,
    state: 'open',
    offers: [offer],
  }
  answers['catalogue.search'] = { total: 12, products: [summary], categories: [{ name: 'Light', count: 12 }] }
  answers['catalogue.get'] = { ...summary, description: 'Lights the page.', pictures: [] }
  expect(await sluice('catalogue', 'search', 'reading', 'lam', '--state', 'onsale', '--price-max', '10000', '--limit', '1')).toMatchObject({
    code: 0,
    err: '',
    out: 'product  title  price      state  categories\nlamp     Lamp   EUR 99.00  open   Light, Desk\nand 11 more\n',
  })
  expect(asked).toEqual([['catalogue.search', ['reading lam', { state: 'onsale', priceMax: 10_000, skip: 0, limit: 1 }]]])
  expect((await sluice('catalogue', 'show', 'lamp')).out).toBe(
    `Lamp (lamp)
Lights the page.
usual price: EUR 129.00
categories: Light, Desk

sale  SKU   state  price      available
drop  lamp  open   EUR 99.00          3
`,
  )
  answers['catalogue.search'] = { total: 0, products: [], categories: [] }
  expect((await sluice('catalogue', 'search', 'nothing')).out).toBe('nothing found\n')
  const wrong = await sluice('catalogue', 'search', '--state', 'gone', '--price-min', 'cheap')
  expect(wrong).toMatchObject({
    code: 2,
    err: 'sluice: --state: must be open, scheduled, paused, soldout, none or onsale\nsluice: --price-min: must be a whole number\n',
  })
})

test('CLI-22 products are removed, and the index is made anew now or when it is quiet', async () => {
  Object.assign(answers, {
    'catalogue.remove': { products: 2 },
    'catalogue.reindex': {},
    'catalogue.status': { products: 5, search: { state: 'ready' } },
  })
  expect((await sluice('catalogue', 'remove', 'lamp', 'chair')).out).toBe('2 products removed\n')
  expect((await sluice('catalogue', 'reindex')).out).toBe('the index is made anew in the next quiet minute\n')
  expect((await sluice('catalogue', 'reindex', '--now')).out).toBe('the index is being made anew\n')
  expect((await sluice('catalogue', 'status')).out).toContain('products: 5')
  expect(asked).toEqual([
    ['catalogue.remove', [['lamp', 'chair']]],
    ['catalogue.reindex', ['quiet']],
    ['catalogue.reindex', ['now']],
    ['catalogue.status', []],
  ])
})

test('CLI-4 what a user has is shown whatever its fields are', async () => {
  const claims = [
    { sku: 'shoe', state: 'held', expiresAt: 0 },
    { sku: 'hat', state: 'paid', order: 'o' },
  ]
  answers['user.get'] = { user: 'ann', devices: 2, lastSeenAt: null, claims, orders: [] }
  expect((await sluice('user', 'get', 'ann')).out).toBe(
    `user: ann
devices: 2
lastSeenAt: -

claims:
sku   state  expiresAt             order
shoe  held   1970-01-01T00:00:00Z  -
hat   paid   -                     o

orders:
none
`,
  )
})

test('CLI-5 what the node refuses is told with its code, exit 1', async () => {
  answers['sale.open'] = { refuse: 'UNKNOWN_SALE' }
  expect(await sluice('sale', 'open', 'drop')).toEqual({
    code: 1,
    out: '',
    err: 'sluice: sale.open: UNKNOWN_SALE: There is no such sale.\n',
  })
})

test('CLI-16 bans are added, listed and removed by kind and target', async () => {
  const ban = { kind: 'user', target: 'ann', until: null, reason: 'many accounts', bannedAt: 0 }
  const range = { ...ban, kind: 'range', target: '203.0.113.0/24', until: 60_000, reason: '' }
  answers['ban.add'] = ban
  answers['ban.list'] = { total: 2, bans: [ban, range] }
  answers['ban.remove'] = { kind: 'user', target: 'ann', removed: true }
  const row = 'user  ann     1970-01-01T00:00:00Z  for good  many accounts\n'
  expect((await sluice('ban', 'user', 'ann', '--reason', 'many accounts')).out).toBe(
    `kind  banned  since                 until     reason\n${row}`,
  )
  const before = Date.now()
  expect(await sluice('ban', 'range', '203.0.113.7/24', '--for', '2h')).toMatchObject({ code: 0, err: '' })
  expect(await sluice('ban', 'user', 'ben', '--until', '2026-01-31T10:00:00+01:00')).toMatchObject({ code: 0, err: '' })
  expect((await sluice('ban', 'list')).out).toContain('range  203.0.113.0/24  1970-01-01T00:00:00Z  1970-01-01T00:01:00Z  -')
  expect(JSON.parse((await sluice('ban', 'list', '--json')).out)).toEqual([ban, range])
  expect((await sluice('ban', 'remove', 'user', 'ann')).out).toBe('user ann is let in again\n')
  expect(asked.filter(([method]) => method !== 'ban.list')).toEqual([
    ['ban.add', ['user', 'ann', null, 'many accounts']],
    ['ban.add', ['range', '203.0.113.7/24', expect.any(Number), null]],
    ['ban.add', ['user', 'ben', Date.parse('2026-01-31T09:00:00Z'), null]],
    ['ban.remove', ['user', 'ann']],
  ])
  const until = Number(asked[1]?.[1][2])
  expect(until).toBeGreaterThanOrEqual(before + 2 * 3_600_000)
  expect(until).toBeLessThanOrEqual(Date.now() + 2 * 3_600_000)
})

test('CLI-17 a user is named, their history is shown whole, and they are erased', async () => {
  const order = {
    kind: 'order',
    at: 60_000,
    order: 'shoe:i1:1',
    sku: 'shoe',
    qty: 2,
    amountMinor: 1,
    currency: 'EUR',
    state: 'paid',
    updatedAt: 60_000,
  }
  answers['user.set'] = { user: 'ann', displayName: 'Ann', tier: null }
  answers['user.history'] = { entries: [order, { kind: 'visit', at: 0 }], next: null }
  answers['user.erase'] = { pseudonym: 'erased-1', connected: true }
  expect((await sluice('user', 'set', 'ann', '--name', 'Ann', '--tier', '')).out).toBe('user: ann\ndisplayName: Ann\ntier: -\n')
  expect(await sluice('user', 'set', 'ann')).toMatchObject({ code: 2, out: '' })
  expect((await sluice('user', 'history', 'ann')).out).toBe(
    `when                  what   order      units
1970-01-01T00:01:00Z  paid   shoe:i1:1  2
1970-01-01T00:00:00Z  visit
`,
  )
  expect(JSON.parse((await sluice('user', 'history', 'ann', '--json')).out)).toHaveLength(2)
  expect((await sluice('user', 'erase', 'ann')).out).toBe(
    'erased; in orders and journals stands erased-1\na device of theirs is connected: what it does from now on is remembered anew\n',
  )
  expect(asked).toEqual([
    ['user.set', ['ann', { displayName: 'Ann', tier: null }]],
    ['user.history', ['ann', null, 100]],
    ['user.history', ['ann', null, 100]],
    ['user.erase', ['ann']],
  ])
})

test('CLI-5 where no node answers, one line says so at once', async () => {
  const run = await sluice('sale', 'open', 'drop', '--rpc', '127.0.0.1:1')
  expect(run).toMatchObject({ code: 1, out: '' })
  expect(run.err).toMatch(/^sluice: no node answers on 127\.0\.0\.1:1 \(.*ECONNREFUSED.*\); is it running\? --rpc names another\n$/)
})

test('CLI-6 a node that wants a key gets the given one, or else that of its data folder', async () => {
  const { operatorKey } = await loadSecrets(folder, {}, realRandom)
  wantedKey = operatorKey
  expect(await sluice('sku', 'status', 'shoe', '--data-folder', folder)).toMatchObject({ code: 0 })
  expect(asked.map(([method]) => method)).toEqual(['sku.status', 'auth', 'sku.status'])
  expect(await sluice('sku', 'status', 'shoe', '--key', operatorKey)).toMatchObject({ code: 0 })
  const refused = await sluice('sku', 'status', 'shoe', '--key', 'wrong')
  expect(refused).toMatchObject({ code: 1, out: '' })
  expect(refused.err).toMatch(/^sluice: sku\.status: UNAUTHORIZED: .*\n$/)
  expect(await sluice('sku', 'status', 'shoe', '--data-folder', tmpdir())).toMatchObject({ code: 1 })
})

test.each([
  [['sale', 'open'], "sluice: missing required argument 'sale'"],
  [['sale', 'create'], "sluice: required option '--file <file>' not specified"],
  [['frob'], "sluice: unknown command 'frob'"],
  [['sku', 'restock', 'shoe', '0'], 'sluice: units: "0" must be a whole number from 1 to 1000000000'],
  [['ban', 'user', 'ann', '--for', 'ever'], 'sluice: --for: "ever" must be a number with s, m, h or d, such as 12h'],
  [['ban', 'user', 'ann', '--for', '1h', '--until', '2026-01-31T10:00:00Z'], 'sluice: --for and --until: choose one of them'],
  [['sku', 'status', 'shoe', '--rpc', 'nowhere'], 'sluice: --rpc: "nowhere" must be host:port, such as 127.0.0.1:7082'],
  [['start', '--web-port', 'x'], 'sluice: webPort: "x" from --web-port is not allowed; it must be a whole number from 0 to 65535'],
])('CLI-7 %j is told in one line, exit 2', async (words, line) => {
  const run = await sluice(...words)
  expect(run).toEqual({ code: 2, out: '', err: `${line}\n` })
})

test('CLI-8 the help of start names every setting with flag, variable and default', async () => {
  const { out, code } = await sluice('start', '--help')
  expect(code).toBe(0)
  const help = out.replaceAll(/\s+/g, ' ')
  const expected = listSettings().flatMap(({ name, unit, fallback, secret }) => {
    if (secret) return [variableOf(name)]
    return [`${flagOf(name)} <${unit}>`, fallback === '' ? variableOf(name) : `(${variableOf(name)}; default ${fallback})`]
  })
  expect(expected.filter((text) => !help.includes(text))).toEqual([])
  expect(help).not.toContain('--operator-key')
})

test('CLI-9 a start that fails leaves no data folder behind', async () => {
  const run = await sluiceWith(() => Promise.reject(new StartFault('the port is taken')), 'start', '--data-folder', 'new/data')
  expect(run).toMatchObject({ code: 1, err: 'sluice: the port is taken\n' })
  expect(await readdir(folder)).toEqual([])
})

test('CLI-9 a data folder that cannot be made ends the start before anything else', async () => {
  await writeFile(join(folder, 'file'), '')
  const run = await sluiceWith(() => Promise.reject(new Error('not reached')), 'start', '--data-folder', 'file/data')
  expect(run).toMatchObject({ code: 1, out: '' })
  expect(run.err).toBe(
    `sluice: the data folder ${folder}/file/data cannot be made: a file is in the way; choose another with --data-folder\n`,
  )
})

test('CLI-10 a node runs until it is asked to stop, then drains', async () => {
  const steps: string[] = []
  const started: StartNode = (config) => {
    steps.push(`started on ${config.webPort}`)
    queueMicrotask(() => stop('SIGTERM'))
    return Promise.resolve({ ended: new Promise(() => {}), stop: async () => void steps.push('stopped') })
  }
  expect(await sluiceWith(started, 'start', '--web-port', '7000')).toMatchObject({ code: 0, err: '' })
  expect(steps).toEqual(['started on 7000', 'stopped'])
})

test('CLI-10 a node that cannot go on is closed, and its reason told', async () => {
  const steps: string[] = []
  const failing: StartNode = () =>
    Promise.resolve({ ended: Promise.reject(new StartFault('the disk is full')), stop: async () => void steps.push('stopped') })
  expect(await sluiceWith(failing, 'start')).toMatchObject({ code: 1, err: 'sluice: the disk is full\n' })
  expect(steps).toEqual(['stopped'])
})

test('CLI-10 a bug is told with its stack, unlike a fault', async () => {
  const run = await sluiceWith(() => Promise.reject(new TypeError('x is undefined')), 'start')
  expect(run.code).toBe(1)
  expect(run.err).toMatch(/^sluice: this is a bug: TypeError: x is undefined\n {4}at /)
})

test('CLI-10 a misspelt variable is warned of', async () => {
  const started: StartNode = () => Promise.resolve({ ended: Promise.resolve(), stop: () => Promise.resolve() })
  const run = await sluiceWith(started, 'start')
  expect(run.out).not.toContain('this variable is no setting')
  environment['SLUICE_WEBPORT'] = '1'
  expect((await sluiceWith(started, 'start')).out).toContain('"variable":"SLUICE_WEBPORT"')
})

let environment: Record<string, string> = {}
let stop: (signal: string) => void = () => {}

beforeEach(() => {
  environment = {}
})

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

function sluice(...words: readonly string[]): Promise<Run> {
  return sluiceWith(() => Promise.reject(new Error('no node is started here')), ...words)
}

async function sluiceWith(startNode: StartNode, ...words: readonly string[]): Promise<Run> {
  const printed = { out: '', err: '' }
  const address = server.address()
  const terminal: Terminal = {
    out: (text) => {
      printed.out += text
    },
    err: (text) => {
      printed.err += text
    },
    interactive: answerTyped !== undefined,
    colours: false,
    columns: 200,
    environment: { SLUICE_RPC: `127.0.0.1:${isAddress(address) ? address.port : 0}`, ...environment },
    workingFolder: folder,
    onKey: (listener) => {
      setTimeout(() => listener('q'), 20)
      return () => {}
    },
    ask: (question) => {
      printed.out += question
      return Promise.resolve(answerTyped ?? '')
    },
    readInput: () => Promise.resolve(JSON.stringify(saleFile)),
    onStopSignal: (listener) => {
      stop = listener
    },
  }
  const code = await runProgram(words, terminal, startNode)
  return { code, ...printed }
}

function isAddress(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}

function serve(socket: Socket): void {
  sockets.add(socket)
  const splitter = new StreamSplitter(65_536)
  let role = wantedKey === undefined ? 'operator' : 'nobody'
  socket.on('data', (chunk) => {
    splitter.feed(chunk, (bytes, from, to) => {
      const message = decodeMessage(bytes, from, to)
      if (message.kind !== 'request') return
      const { method, params, msgid } = message
      asked.push([method, params])
      if (method === 'auth' && params[0] === wantedKey) role = 'operator'
      const answer = role === 'nobody' ? { refuse: 'UNAUTHORIZED' as const } : (answers[method] ?? { done: true })
      const writer = new MsgpackWriter()
      if (isRefusal(answer)) writeError(writer, msgid, refusal(answer.refuse))
      else writeResult(writer, msgid, answer)
      socket.write(writer.finish())
    })
  })
  socket.on('error', () => socket.destroy())
}

function isRefusal(answer: Plain | { readonly refuse: Code }): answer is { readonly refuse: Code } {
  return typeof answer === 'object' && answer !== null && 'refuse' in answer
}
