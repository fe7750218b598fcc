import { expect, test } from 'vitest'
import { articleEstimate } from './article-estimate.ts'
import { type Capacity, capacityOf, measuredCapacity } from './capacity.ts'
import { type Crowd, usualCrowd, usualMeans } from './crowd.ts'
import { planSale, type SalePlan } from './sale-plan.ts'

/** Round figures, so that what follows can be reckoned in the head. */
const capacity: Capacity = {
  machine: 'a machine',
  callsPerCore: { gateway: { ws: 10_000, http: 5_000, rpc: 50_000 }, actors: 20_000, nats: 40_000, redis: 80_000 },
  hotSkuPerSecond: 15_000,
  socketsPerGateway: 1_000,
  coresPerSocket: 0.0001,
  bytesPerSocket: 2_000,
  bytesPerTicket: { owner: 100, view: 1, snapshot: 50 },
  bytesPerUser: 400,
  bytesPerCall: { client: { ws: 100, http: 300 }, bus: { call: 50, toEachGateway: 1 }, storeNetwork: 40, storeMemory: 50 },
}
const means = { ...usualMeans, nodeHourPrice: 0.1 }

function planOf(crowd: Partial<Crowd>, over: Partial<typeof means> = {}): SalePlan {
  return planSale({ ...usualCrowd, users: 10_000, stock: 1_000, ...crowd }, { ...means, ...over }, capacity)
}

function processesOf({ roles }: SalePlan): Record<string, number> {
  return Object.fromEntries(roles.map(({ role, processes }) => [role, processes]))
}

test.each([
  [0, 0, 0],
  [240, 5 * 1, 1],
  [10_000_000, 208_333, 694],
])(
  'PLAN-1 the estimate of the article for %i visits is %i requests a minute, of whose seconds a fifth buys',
  (visits, perMinute, purchases) => {
    const estimate = articleEstimate(visits)
    expect(Math.round(estimate.perMinute)).toBe(perMinute)
    expect(estimate.perSecond).toBeCloseTo(estimate.perMinute / 60)
    expect(Math.ceil(estimate.purchasesPerSecond)).toBe(Math.ceil((perMinute / 60) * 0.2))
    expect(Math.round(estimate.purchasesPerSecond)).toBe(visits === 10_000_000 ? purchases : 0)
  },
)

test.each<[string, Partial<Crowd>, Record<string, number>]>([
  // 10,000 people in 10 s are 1,000 buys a second: 0.1 cores for calls and 1 for sockets, of which half a core each is planned with.
  ['sockets', {}, { gateway: 10 + 1, actors: 3 }],
  // 100,000 in a second: 10 cores for calls, 10 for sockets, at half load 40; 5 cores of actors, at half load 10, and one to spare.
  ['sockets, still', { users: 100_000, rushSeconds: 1 }, { gateway: 100 + 1, actors: 10 + 1 }],
  // By HTTP there are no sockets to count: 100,000 calls are 20 cores, at half load 40.
  ['calls', { users: 100_000, rushSeconds: 1, transport: 'http' }, { gateway: 40 + 1, actors: 10 + 1 }],
  ['the least there is', { users: 1, transport: 'http' }, { gateway: 1 + 1, actors: 3 }],
])('PLAN-2 gateways and actor nodes follow from %s', (_name, crowd, expected) => {
  expect(processesOf(planOf(crowd))).toEqual({ ...expected, orders: 2, nats: 3, redis: 2 })
})

test('PLAN-2 memory, network and payments grow with the sale', () => {
  const plan = planOf({ users: 100_000, stock: 12_800 })
  const bytesOf = Object.fromEntries(plan.roles.map(({ role, bytesEach }) => [role, bytesEach]))
  expect(bytesOf).toEqual({
    gateway: 1_000 * 2_000 + 100_000 * 1,
    actors: 100_000 * 100,
    orders: 0,
    nats: 0,
    redis: 100_000 * (400 + 50 + 50) * 2,
  })
  expect(plan.network).toEqual({ clients: 10_000 * 100, bus: 10_000 * (50 + 101 * 1), store: 10_000 * 40 })
  // Two workers with 64 payments each, half a second a payment.
  expect(plan.paymentSeconds).toBe(50)
})

test('PLAN-2 a machine has so many cores, and a process at least one of them; the price is by machine and hour', () => {
  const plan = planOf({})
  expect(plan.nodes).toBe(Math.ceil((11 + 3 + 2 + 3 + 2) / 4))
  expect(plan.price).toBeCloseTo(plan.nodes * 2 * 0.1)
  expect(planOf({}, { coresPerNode: 1, hours: 1 }).nodes).toBe(21)
  expect(planSale({ ...usualCrowd, users: 1, stock: 1 }, usualMeans, capacity).price).toBeUndefined()
})

test.each<[string, Partial<Crowd>, boolean]>([
  ['the owner of the most wanted product', { users: 1_000_000 }, true],
  ['the owner of the most wanted product', { users: 100_000 }, false],
  ['Redis', { users: 1_000_000, hotShare: 0.01 }, true],
  ['Redis', { users: 1_000_000, hotShare: 0.01, transport: 'http' }, true],
])('PLAN-3 what breaks first is %s', (name, crowd, breaks) => {
  const [first] = planOf(crowd).limits
  expect(first?.name).toBe(name)
  expect((first?.asked ?? 0) > (first?.most ?? 0)).toBe(breaks)
})

test('PLAN-3 one product is decided as fast as one owner decides, however many machines there are', () => {
  // 1,000,000 in ten seconds, of which one owner takes 15,000 each.
  expect(planOf({ users: 1_000_000 }).hotSeconds).toBeCloseTo(1_000_000 / 15_000)
  expect(planOf({ users: 1_000_000, hotShare: 0.1 }).hotSeconds).toBeCloseTo(10)
  expect(planOf({ users: 10_000 }).hotSeconds).toBeCloseTo(10)
})

test('PLAN-3 whoever finds the line full is counted, after those who get a unit at once', () => {
  expect(planOf({ users: 2_001_000, stock: 1_000 }).foundFull).toBe(0)
  expect(planOf({ users: 2_001_001, stock: 1_000 }).foundFull).toBe(1)
  expect(planOf({ users: 20_010_000, stock: 1_000, hotShare: 0.1 }).foundFull).toBe(0)
})

test('PLAN-4 the figures that come with the program are whole, and others are refused', () => {
  expect(measuredCapacity().hotSkuPerSecond).toBeGreaterThan(0)
  expect(() => capacityOf('{}')).toThrow('callsPerCore')
  expect(() => capacityOf(JSON.stringify({ ...capacity, hotSkuPerSecond: -1 }))).toThrow('hotSkuPerSecond')
})
