import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { secrets } from '../cluster/small-cluster.ts'
import { until } from '../servers/until.ts'
import { runSluice } from '../sluice-process.ts'
import { queriesOf, readDashboards } from './dashboards.ts'
import { alertsOf, hurried, measuredBy, recordsOf, ruleText } from './rule-files.ts'
import { WatchedCluster } from './watched-cluster.ts'

// A real Prometheus, which scrapes a real cluster; alerts fire after a second, which is all that differs from what is shipped.

vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 })
const queriesWithinMs = 120_000

let watched: WatchedCluster

beforeAll(async () => {
  watched = await WatchedCluster.start()
  const rpc = watched.operator()
  const sku = (name: string, stock: number) => ({
    sku: name,
    title: name,
    priceMinor: 9_900,
    stock,
    paymentTtlMs: 600_000,
    holdTtlMs: 600_000,
  })
  await rpc.saleCreate({ sale: 'drop', title: 'Drop', opensAt: 0, skus: [sku('shoe', 200), sku('hat', 1_000_000)] })
  await until(async () => (await rpc.skuStatus('hat')).state === 'open')
  // Which worker gets an order is chance; what the simulated provider has is told only once it has something.
  for (let i = 0; !(await watched.page('orders-1')).includes('sluice_simulated_balance_minor{'); i++) await order(`early-${i}`)
  rpc.close()
})
afterAll(() => watched.stop())

async function order(...users: readonly string[]): Promise<void> {
  const rpc = watched.operator()
  try {
    for (const user of users) {
      await rpc.as(user).buy('hat')
      await rpc.as(user).checkout('hat', 'card')
    }
  } finally {
    rpc.close()
  }
}

/** Resolves when all of these fire, with what each says. */
async function allFire(alerts: readonly string[]): Promise<readonly string[]> {
  return (await Promise.all(alerts.map((alert) => watched.fires(alert)))).flat()
}

async function allClear(alerts: readonly string[]): Promise<void> {
  await Promise.all(alerts.map((alert) => watched.clears(alert)))
}

/** Resolves when somebody has bought; others go on, whatever becomes of them, until they are told to stop. */
async function keepBuying(prefix: string): Promise<{ stop(): Promise<void> }> {
  const rpc = watched.operator()
  const ending = new AbortController()
  let bought = 0
  const round = async (): Promise<void> => {
    for (let i = 0; !ending.signal.aborted; i++) {
      const buys = await Promise.allSettled(Array.from({ length: 8 }, (_, n) => rpc.as(`${prefix}-${i}-${n}`).buy('hat')))
      bought += buys.filter(({ status }) => status === 'fulfilled').length
      await delay(20)
    }
  }
  const over = round()
  await until(() => bought > 0)
  return {
    stop: async () => {
      ending.abort()
      rpc.close()
      await over
    },
  }
}

test('OBS-40 during a rush every query of every dashboard, every recorded rule and what every alert compares has data in a real Prometheus', async () => {
  const text = hurried(`${ruleText('rules.yml')}${ruleText('alerts.yml')}`)
  const asked = [
    ...queriesOf(readDashboards(), '15s'),
    ...[...recordsOf(text).keys()].map((name) => ({ where: 'rules.yml', expr: name })),
    ...alertsOf(text).map((alert) => ({ where: alert.name, expr: measuredBy(alert) })),
  ]
  expect(asked.length).toBeGreaterThan(150)
  const { rpcUrl, socketUrl } = watched.node('gateway-1')
  const where = ['--rpc', rpcUrl.replace('tcp://', ''), '--key', secrets.operatorKey, '--url', socketUrl.replace('/v1/ws', '')]
  const crowd = [
    '--users',
    '800',
    '--sku',
    'shoe',
    '--think-ms',
    '1000',
    '--arrive-seconds',
    '15',
    '--lapse-share',
    '0',
    '--max-seconds',
    '40',
    '--json',
  ]
  const rush = runSluice(['rush', ...where, ...crowd], { environment: { SLUICE_JWT_SECRET: secrets.jwtSecret } })
  let missing = asked
  const deadline = Date.now() + queriesWithinMs
  while (missing.length > 0 && Date.now() < deadline) {
    const counts = await Promise.all(missing.map(({ expr }) => watched.prometheus.count(expr)))
    missing = missing.filter((_, i) => counts[i] === 0)
    await delay(500)
  }
  expect(missing).toEqual([])
  // On a busy machine a shopper may be left without an answer; that units add up and nobody falls back holds on any.
  expect((await rush).err).not.toMatch(/add up|told of a payment|fell back/)
})

test('OBS-41 actor nodes that are killed are missed, and their shards, and calls that fail; until they are there again', async () => {
  const nodes = ['actors-1', 'actors-2', 'actors-3']
  const alerts = ['SluiceProcessDown', 'SluiceRoleGone', 'SluiceShardsUnowned', 'SluiceCallsFail']
  const buys = await keepBuying('kept-out')
  await Promise.all(nodes.map((name) => watched.node(name).kill()))
  try {
    const said = await allFire(alerts)
    expect(said.join()).toMatch(/actors-\d \(actors\) does not answer/)
    expect(said).toContain('no process with the role actors answers')
  } finally {
    await Promise.all(nodes.map((name) => watched.launch(name)))
  }
  await allClear(alerts)
  await buys.stop()
})

test('OBS-42 a Redis that is away is noticed by what it does to shards, gateways and readiness; until it is there again', async () => {
  const alerts = ['SluiceStoreAway', 'SluiceStoreFaults', 'SluiceNotReady', 'SluiceAdmissionAlone']
  const buys = await keepBuying('kept-waiting')
  await watched.cluster.redis.kill()
  try {
    expect((await allFire(alerts)).join()).toMatch(/actors-\d has no connection to Redis/)
  } finally {
    await watched.cluster.redis.start()
  }
  await allClear(alerts)
  await buys.stop()
})

test('OBS-43 a NATS that is away is noticed; until it is there again', async () => {
  const alerts = ['SluiceBusAway', 'SluiceNotReady']
  await watched.cluster.nats.halt()
  try {
    expect((await allFire(alerts)).join()).toMatch(/-\d has no connection to NATS/)
  } finally {
    await watched.cluster.nats.resume()
  }
  await allClear(alerts)
})

test('OBS-44 a payment provider that fails is noticed, and the orders that pile up before it; until it works again', async () => {
  const alerts = ['SluicePaymentsFail', 'SluicePaymentsStopped', 'SluiceOrdersBacklog']
  await watched.node('orders-1').kill()
  watched.provider.climate = { fails: 1 }
  try {
    await order(...Array.from({ length: 400 }, (_, i) => `unlucky-${Date.now()}-${i}`))
    expect(await allFire(alerts)).toContain('payments stand still: the provider fails')
  } finally {
    watched.provider.climate = {}
    await watched.launch('orders-1')
  }
  await allClear(alerts)
})

test('OBS-45 an event loop that comes round late is noticed; until it does not any more', async () => {
  const { run } = watched.node('gateway-2')
  const ending = new AbortController()
  const hiccups = (async () => {
    while (!ending.signal.aborted) {
      run.signal('SIGSTOP')
      await delay(400)
      run.signal('SIGCONT')
      await delay(200)
    }
  })()
  // On a busy machine others may come round late, too.
  try {
    const late = /the event loop of gateway-2 comes round .*s late/
    expect(await watched.fires('SluiceLoopLate', late)).toHaveLength(1)
  } finally {
    ending.abort()
    await hiccups
  }
  await watched.clears('SluiceLoopLate')
})

test('OBS-46 units that do not add up are noticed, and no text of an alert has a fault', async () => {
  watched.told = '# TYPE sluice_sku_conservation_difference_units gauge\nsluice_sku_conservation_difference_units{sku="ghost"} 3\n'
  expect(await watched.fires('SluiceConservation')).toEqual(['the units of ghost miss what was put in by 3'])
  const texts = (await watched.prometheus.firing()).flatMap(({ annotations }) => Object.values(annotations))
  expect(texts.filter((text) => text.includes('error'))).toEqual([])
  watched.told = ''
  await watched.clears('SluiceConservation')
})
