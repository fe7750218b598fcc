import type { ArticleEstimate } from './article-estimate.ts'
import type { Crowd, Means } from './crowd.ts'
import { type Limit, type PlannedRole, type SalePlan, usualLineMax } from './sale-plan.ts'

const roleNames: Readonly<Record<PlannedRole['role'], string>> = {
  gateway: 'gateways',
  actors: 'actor nodes',
  orders: 'orders workers',
  nats: 'NATS servers',
  redis: 'Redis servers',
}

/** The article's rule, with both readings of it. */
export function articleLines(dailyVisits: number, { perMinute, perSecond, purchasesPerSecond }: ArticleEstimate): readonly string[] {
  return [
    "The article's estimate, (total x 50 %) / (60 x 2) x 5:",
    `  ${count(dailyVisits)} visits a day: ${count(perMinute)} requests a minute at the peak (its 60 x 2 are minutes), which is ${count(perSecond)} a second`,
    `  20 % of them buy: ${count(purchasesPerSecond)} purchases a second`,
  ]
}

/** A plan for a reader at a terminal. */
export function planLines(crowd: Crowd, means: Means, machine: string, plan: SalePlan): readonly string[] {
  const { users, rushSeconds, hotShare, transport } = crowd
  return [
    `From what was measured (${machine}):`,
    `  ${count(users)} people by ${transport === 'ws' ? 'WebSocket' : 'HTTP'}, who all buy within ${rushSeconds} s: ${count(plan.buysPerSecond)} buys a second, ${percent(hotShare)} of them for one product`,
    ...plan.roles.map(roleLine),
    `  ${plan.nodes} machines of ${means.coresPerNode} cores, used to ${percent(means.coreShare)}${priceText(means, plan)}`,
    `  network while they buy: clients ${bitsText(plan.network.clients)}, NATS ${bitsText(plan.network.bus)}, Redis ${bitsText(plan.network.store)}`,
    `  everyone who wants that product has an answer within ${tenths(plan.hotSeconds)} s; ${count(crowd.stock)} units are paid for after ${tenths(plan.paymentSeconds)} s, with ${means.providerMs} ms a payment`,
    ...(plan.foundFull === 0
      ? []
      : [
          `  its line takes ${count(usualLineMax)} people, unless the sale gives it another lineMax: ${count(plan.foundFull)} find it full`,
        ]),
    ...limitLines(plan.limits),
  ]
}

function roleLine({ role, processes, busyCores, bytesEach, reason }: PlannedRole): string {
  const memory = bytesEach < leastMb * mb ? '' : `, ${count(bytesEach / mb)} MB each`
  return `  ${String(processes).padStart(5)} ${roleNames[role].padEnd(14)} ${busyCores < 0.05 ? 'hardly a core busy' : `${tenths(busyCores)} cores busy`}${memory} (${reason})`
}

/** The first to end, and the two after it: what is far away is no news. */
function limitLines(limits: readonly Limit[]): readonly string[] {
  const [first] = limits
  if (first === undefined) return []
  const isTooMuch = first.asked > first.most
  const lines = limits
    .slice(0, 3)
    .map(({ name, most, asked }) => `    ${percent(asked / most).padStart(5)} of ${name}: ${count(asked)} of ${count(most)} buys/s`)
  const advice = isTooMuch
    ? [
        `  That is more than one owner decides: the rest waits, or is told BUSY and when to come back. --admit-per-second ${count(Math.floor(first.most / 2)).replaceAll(',', '')} lets in what it takes at half load.`,
      ]
    : []
  return [isTooMuch ? '  what breaks:' : '  what would break first:', ...lines, ...advice]
}

function priceText({ hours, nodeHourPrice }: Means, { price }: SalePlan): string {
  return price === undefined || nodeHourPrice === undefined
    ? ''
    : `: ${price.toFixed(2)} for ${hours} h at ${nodeHourPrice} a machine and hour`
}

const mb = 1e6
const leastMb = 1

function bitsText(bytesPerSecond: number): string {
  const megabits = (bytesPerSecond * 8) / 1e6
  return megabits < 10_000 ? `${count(megabits)} Mbit/s` : `${count(megabits / 1000)} Gbit/s`
}

function percent(share: number): string {
  return `${count(share * 100)} %`
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function tenths(value: number): string {
  return (Math.round(value * 10) / 10).toLocaleString('en-US')
}
