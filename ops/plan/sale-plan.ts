import { saleFileSchema } from '../../protocol/sku-settings.ts'
import type { Capacity } from './capacity.ts'
import type { Crowd, Means } from './crowd.ts'

/** Processes of one kind. */
export interface PlannedRole {
  readonly role: 'gateway' | 'actors' | 'orders' | 'nats' | 'redis'
  readonly processes: number
  /** Cores that all of them need together while the rush lasts, without any reserve. */
  readonly busyCores: number
  /** Memory of one of them, for what grows with the sale. */
  readonly bytesEach: number
  readonly reason: string
}

/** Something that ends, and the buys a second at which it does. */
export interface Limit {
  readonly name: string
  readonly most: number
  /** What the plan asks of it. */
  readonly asked: number
}

export interface SalePlan {
  readonly buysPerSecond: number
  readonly hotPerSecond: number
  /** Those who find the line of the most wanted product full, unless its SKU has a longer one than usual. */
  readonly foundFull: number
  /** How long the most wanted product needs for all its buys. */
  readonly hotSeconds: number
  readonly roles: readonly PlannedRole[]
  readonly nodes: number
  readonly price: number | undefined
  /** Bytes a second while the rush lasts. */
  readonly network: { readonly clients: number; readonly bus: number; readonly store: number }
  /** How long all units take to be paid. */
  readonly paymentSeconds: number
  /** The one that ends first comes first. */
  readonly limits: readonly Limit[]
}

/** One may die. */
const spare = 1
const actorsLeast = 3
const ordersLeast = 2
const natsServers = 3
/** A primary and a replica. */
const redisServers = 2
/** A rewrite of the log copies what is changed meanwhile, in the worst case all. */
const rewriteTimes = 2
/** Payments of one orders worker under way: the default of its setting. */
const paymentsAtOnce = 64
const redisThreads = 1

/** The `lineMax` of a SKU that does not say it. */
export const usualLineMax = lineMaxOf({ sku: 'any', title: 'Any', priceMinor: 0, stock: 0 })

function lineMaxOf(sku: { sku: string; title: string; priceMinor: number; stock: number }): number {
  return saleFileSchema.parse({ sale: 'any', title: 'Any', opensAt: 0, skus: [sku] }).skus[0]?.lineMax ?? 0
}

/** Sizes every role by what was measured of it. Pure: the same expectation and figures give the same plan. */
export function planSale(crowd: Crowd, means: Means, capacity: Capacity): SalePlan {
  const { users, stock, rushSeconds, hotShare } = crowd
  const buysPerSecond = users / rushSeconds
  const hotPerSecond = buysPerSecond * hotShare
  const gateways = gatewayRole(crowd, means, capacity, buysPerSecond)
  const roles = [
    gateways,
    actorsRole(crowd, means, capacity, buysPerSecond),
    ordersRole(),
    natsRole(means, capacity, buysPerSecond),
    redisRole(crowd, capacity, buysPerSecond),
  ]
  const { bytesPerCall } = capacity
  const nodes = Math.ceil(roles.reduce((sum, role) => sum + coresOf(role, means), 0) / means.coresPerNode)
  return {
    buysPerSecond,
    hotPerSecond,
    foundFull: Math.max(0, Math.round(users * hotShare) - stock - usualLineMax),
    hotSeconds: (users * hotShare) / Math.min(capacity.hotSkuPerSecond, hotPerSecond),
    roles,
    nodes,
    price: means.nodeHourPrice === undefined ? undefined : nodes * means.hours * means.nodeHourPrice,
    network: {
      clients: buysPerSecond * bytesPerCall.client[crowd.transport],
      bus: buysPerSecond * (bytesPerCall.bus.call + bytesPerCall.bus.toEachGateway * gateways.processes),
      store: buysPerSecond * bytesPerCall.storeNetwork,
    },
    paymentSeconds: (stock * means.providerMs) / 1000 / (paymentsAtOnce * ordersLeast),
    limits: limitsOf(crowd, means, capacity, roles, { buysPerSecond, hotPerSecond }),
  }
}

/** A process has at least a core of its own; one that is busier has as many as it can use. */
function coresOf({ processes, busyCores }: PlannedRole, { coreShare }: Means): number {
  return Math.max(processes, Math.ceil(busyCores / coreShare))
}

function gatewayRole({ users, transport }: Crowd, { coreShare }: Means, capacity: Capacity, buysPerSecond: number): PlannedRole {
  const forSockets = transport === 'ws' ? Math.ceil(users / capacity.socketsPerGateway) : 0
  const busyCores = buysPerSecond / capacity.callsPerCore.gateway[transport] + (transport === 'ws' ? users * capacity.coresPerSocket : 0)
  const forCalls = Math.ceil(busyCores / coreShare)
  const serving = Math.max(1, forSockets, forCalls)
  const sockets = transport === 'ws' ? Math.ceil(users / serving) * capacity.bytesPerSocket : 0
  return {
    role: 'gateway',
    processes: serving + spare,
    busyCores,
    bytesEach: sockets + users * capacity.bytesPerTicket.view,
    reason: `${forSockets > forCalls ? 'sockets' : 'calls'} ask for ${serving}, and one may die`,
  }
}

function actorsRole(
  { users }: Crowd,
  { coreShare }: Means,
  { callsPerCore, bytesPerTicket }: Capacity,
  buysPerSecond: number,
): PlannedRole {
  const busyCores = buysPerSecond / callsPerCore.actors
  const needed = Math.ceil(busyCores / coreShare)
  return {
    role: 'actors',
    processes: Math.max(actorsLeast, needed + spare),
    busyCores,
    // Whoever owns the most wanted product has all of its line.
    bytesEach: users * bytesPerTicket.owner,
    reason: needed + spare > actorsLeast ? `calls ask for ${needed}, and one may die` : 'the least of which one may die',
  }
}

function ordersRole(): PlannedRole {
  return { role: 'orders', processes: ordersLeast, busyCores: 0, bytesEach: 0, reason: 'the provider sets the pace, and one may die' }
}

function natsRole({ coreShare }: Means, { callsPerCore }: Capacity, buysPerSecond: number): PlannedRole {
  const busyCores = buysPerSecond / callsPerCore.nats
  const each = Math.max(1, Math.ceil(busyCores / coreShare / natsServers))
  return {
    role: 'nats',
    processes: natsServers,
    busyCores,
    bytesEach: 0,
    reason: `a cluster of which one may die, ${coresText(each)} each`,
  }
}

function redisRole(
  { users }: Crowd,
  { callsPerCore, bytesPerTicket, bytesPerUser, bytesPerCall }: Capacity,
  buysPerSecond: number,
): PlannedRole {
  const kept = bytesPerUser + bytesPerTicket.snapshot + bytesPerCall.storeMemory
  return {
    role: 'redis',
    processes: redisServers,
    busyCores: buysPerSecond / callsPerCore.redis,
    bytesEach: users * kept * rewriteTimes,
    reason: 'a primary, which uses one core, and a replica',
  }
}

interface Rates {
  readonly buysPerSecond: number
  readonly hotPerSecond: number
}

/** What the plan's processes can do at most, all of their cores used. Sockets are none of it: a gateway takes several times as many as it is planned with. */
function limitsOf(
  { users, transport }: Crowd,
  means: Means,
  capacity: Capacity,
  roles: readonly PlannedRole[],
  { buysPerSecond, hotPerSecond }: Rates,
): readonly Limit[] {
  const { callsPerCore } = capacity
  const rolesCores = new Map(roles.map((role) => [role.role, coresOf(role, means)]))
  const cores = (role: PlannedRole['role']): number => rolesCores.get(role) ?? 0
  const forCalls = Math.max(0, cores('gateway') - (transport === 'ws' ? users * capacity.coresPerSocket : 0))
  const limits: Limit[] = [
    { name: 'the owner of the most wanted product', most: capacity.hotSkuPerSecond, asked: hotPerSecond },
    { name: 'gateways', most: forCalls * callsPerCore.gateway[transport], asked: buysPerSecond },
    { name: 'actor nodes together', most: cores('actors') * callsPerCore.actors, asked: buysPerSecond },
    { name: 'NATS', most: cores('nats') * callsPerCore.nats, asked: buysPerSecond },
    { name: 'Redis', most: redisThreads * callsPerCore.redis, asked: buysPerSecond },
  ]
  return limits.toSorted((a, b) => b.asked / b.most - a.asked / a.most)
}

export function coresText(cores: number): string {
  return cores === 1 ? '1 core' : `${cores} cores`
}
