// Has a node of any version go through a scenario and keeps its journal, with what everybody was told at the end, for test/kept-journals.test.ts:
//
//   git archive VERSION | tar x -C /tmp/tree && (cd /tmp/tree && npm ci)
//   node scripts/keep-journal.mjs /tmp/tree refunds test/fixtures/journal-10-whatever
//
// Whoever changes what journals or snapshots have in them adds a folder, written by the first version that has the change. Folders are never written anew.
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { WebSocket } from 'ws'

const [tree = '.', scenario = '', out = ''] = process.argv.slice(2)
const load = (path) => import(pathToFileURL(join(resolve(tree), 'dist', path)).href)
const { RunningNode } = await load('test/running-node.js')
const { connectSocket } = await load('protocol/client/index.js')

const hour = 3_600_000
/** By SKU: whose claims are noted at the end. */
const users = new Map()
const settings = { shards: 2, simulatedDelayMs: 0, snapshotEveryBytes: 65_536, addressRatePerSecond: 1_000_000, addressBurst: 1_000_000 }

const scenarios = {
  /** Orders whose ids carry an epoch, one that is given up, a second owner. */
  'order-tags': async () => {
    await sale('lamp', [{ sku: 'lamp', stock: 4 }])
    for (const user of ['ann', 'bob', 'cyd', 'dee', 'eve']) await buy(user, 'lamp')
    await pay('ann', 'lamp')
    await restart()
    await pay('bob', 'lamp')
    await operator.as('cyd').checkout('lamp', 'tok_late')
    const { order } = await operator.as('cyd').claim('lamp')
    await operator.call('order.cancel', ['cyd', order])
    await until(() => hasOrder('cyd', ({ state }) => state === 'refunded' || state === 'cancelled'))
  },
  'sale-limit': async () => {
    await sale(
      'desk',
      ['pen', 'ink'].map((sku) => ({ sku, stock: 5, priceMinor: 100 })),
      { saleLimitPerUser: 1 },
    )
    for (const user of ['ann', 'bob', 'cyd']) await buy(user, 'pen')
    await pay('ann', 'pen')
    await operator.as('bob').leave('pen')
    await until(() =>
      buy('bob', 'ink').then(
        () => true,
        () => false,
      ),
    )
    note('ink', 'ann', 'cyd')
  },
  refunds: async () => {
    await sale('lamp', [{ sku: 'lamp', stock: 5, refundRestocks: true }])
    for (const user of ['ann', 'bob', 'cyd']) {
      await buy(user, 'lamp')
      await pay(user, 'lamp')
    }
    const orderOf = async (user) => (await operator.as(user).orders())[0].order
    await operator.orderRefund(await orderOf('ann'))
    await operator.orderRefund(await orderOf('bob'), { amountMinor: 900 })
    await until(() => hasOrder('ann', ({ state }) => state === 'refunded'))
    await until(() => hasOrder('bob', ({ refundedMinor }) => refundedMinor === 900))
    await buy('dee', 'lamp')
  },
  /** One that is over, and a lobby. */
  draw: async () => {
    await sale('lamp', [{ sku: 'lamp', stock: 2, draw: {} }], { opensAt: Date.now() + 4_000 })
    for (const user of names('user-', 7)) await buy(user, 'lamp')
    await until(async () => (await operator.skuStatus('lamp')).waiting === 5)
    await sale('mug', [{ sku: 'mug', stock: 2, draw: {} }], { opensAt: Date.UTC(2100, 0, 1) })
    for (const user of names('user-', 3)) await buy(user, 'mug')
  },
  absence: async () => {
    await sale('lamp', [{ sku: 'lamp', stock: 1, absenceMs: 1_000 }])
    for (const user of ['ann', 'cyd']) await buy(user, 'lamp')
    note('lamp', 'bob')
    const page = connectSocket({ url: node.socketUrl, token: node.tokenOf('bob'), WebSocket })
    await page.buy('lamp')
    page.close()
    await until(async () => (await operator.as('bob').claim('lamp')).reason === 'absent')
  },
  /** Holds and orders at several prices, other limits, an end that was moved, a second owner. */
  edits: async () => {
    await sale('lamp', [{ sku: 'lamp', stock: 6, perUserMax: 2 }], { closesAt: Date.now() + hour })
    for (const user of ['ann', 'bob']) await operator.as(user).buy('lamp', { qty: 2 })
    note('lamp', 'ann', 'bob')
    await operator.saleUpdate({
      sale: 'lamp',
      closesAt: Date.UTC(2100, 0, 1),
      skus: [{ sku: 'lamp', priceMinor: 3_900, perUserMax: 1, holdTtlMs: 2 * hour }],
    })
    await pay('ann', 'lamp')
    await buy('cyd', 'lamp')
    await restart()
    await pay('cyd', 'lamp')
    await operator.saleUpdate({ sale: 'lamp', title: 'Lamps', skus: [{ sku: 'lamp', priceMinor: 4_500, refundRestocks: true }] })
    await buy('dee', 'lamp')
    await pay('dee', 'lamp', 'tok_declined', 'declined')
  },
  /** More than one snapshot's worth of journal, and some behind it. */
  snapshot: async () => {
    await sale('lamp', [{ sku: 'lamp', stock: 40 }])
    const crowd = names('someone-with-a-name-', 1_500)
    await Promise.all(crowd.map((user) => operator.as(user).buy('lamp')))
    note('lamp', ...crowd.slice(0, 12), ...crowd.slice(-3))
    for (const user of crowd.slice(0, 4)) await pay(user, 'lamp')
    await operator.as(crowd[4]).leave('lamp')
    await pay(crowd[5], 'lamp', 'tok_declined', 'declined')
    await Promise.all(crowd.slice(100, 1_400).map((user) => operator.as(user).leave('lamp')))
    await wait(6_000)
    for (const user of names('later-', 5)) await buy(user, 'lamp')
  },
}

const run = scenarios[scenario]
if (run === undefined || out === '') {
  process.stderr.write(`usage: keep-journal.mjs <tree> <${Object.keys(scenarios).join(' | ')}> <folder>\n`)
  process.exit(2)
}
const node = await RunningNode.start({ settings })
const operator = node.operator()
try {
  await run()
  const told = await everythingTold()
  operator.close()
  await node.terminate()
  await mkdir(out)
  await copyFile(join(node.dataFolder, 'data.mdb'), join(out, 'data.mdb'))
  // Seeds of draws are sealed with a key that is in there.
  if (scenario === 'draw') await copyFile(join(node.dataFolder, 'secrets.json'), join(out, 'secrets.json'))
  await writeFile(join(out, 'told.json'), `${JSON.stringify(told, undefined, 1)}\n`)
} finally {
  await node.stop()
}

async function everythingTold() {
  const [skus, claims, orders] = [[], [], []]
  for (const [sku, who] of users) {
    skus.push(await operator.skuStatus(sku))
    for (const user of who) {
      // What moves with time is left out.
      const { expiresAt: _expiresAt, payBy: _payBy, eta: _eta, odds: _odds, ...claim } = await operator.as(user).claim(sku)
      claims.push({ user, sku, claim })
    }
  }
  for (const user of new Set([...users.values()].flat()))
    for (const { order, sku, state, amountMinor, refundedMinor } of await operator.as(user).orders())
      orders.push({ user, order, sku, state, amountMinor, ...(refundedMinor ? { refundedMinor } : {}) })
  return { skus, claims, orders }
}

async function sale(id, skus, more = {}) {
  const whole = skus.map((sku) => ({ title: `Thing ${sku.sku}`, priceMinor: 4_900, holdTtlMs: hour, ...sku }))
  await operator.saleCreate({ sale: id, title: `Sale ${id}`, opensAt: 0, skus: whole, ...more })
  const opens = more.opensAt === undefined ? 'open' : 'scheduled'
  for (const { sku } of skus) await until(async () => (await operator.skuStatus(sku)).state === opens)
}

async function buy(user, sku) {
  note(sku, user)
  return operator.as(user).buy(sku)
}

async function pay(user, sku, token = 'tok_ok', end = 'paid') {
  await operator.as(user).checkout(sku, token)
  await until(() => hasOrder(user, (order) => order.sku === sku && order.state === end))
}

async function hasOrder(user, isIt) {
  return (await operator.as(user).orders()).some(isIt)
}

/** The client comes back by itself. */
async function restart() {
  await node.terminate()
  await node.restart()
}

function note(sku, ...who) {
  users.set(sku, [...new Set([...(users.get(sku) ?? []), ...who])])
}

function names(prefix, count) {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`)
}

async function until(holds) {
  for (const end = Date.now() + 30_000; Date.now() < end; await wait(20)) if (await holds()) return
  throw new Error('waited 30 s in vain')
}
