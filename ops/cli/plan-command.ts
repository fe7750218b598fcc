import type { Command } from 'commander'
import { z } from 'zod'
import { articleEstimate } from '../plan/article-estimate.ts'
import { measuredCapacity } from '../plan/capacity.ts'
import { type Crowd, type Means, usualCrowd, usualMeans } from '../plan/crowd.ts'
import { articleLines, planLines } from '../plan/plan-text.ts'
import { planSale } from '../plan/sale-plan.ts'
import { CommandFault } from './command-fault.ts'
import type { Terminal } from './terminal.ts'

/** Of a day's visitors those who come for the sale; the article has the same half of them in its peak. */
const usualShare = 0.5
const usersMax = 10_000_000_000

/** `sluice plan`: what it takes to carry a sale, by the article's rule and from measured figures. Asks nobody. */
export function addPlanCommand(program: Command, terminal: Terminal): void {
  const plan = program
    .command('plan')
    .description('estimate what a sale needs: processes, machines, memory, network, money, and what breaks first')
    .option('--daily-visits <count>', 'visits on an ordinary day')
    .option('--peak-users <count>', 'people who are there when the sale opens, if that is known')
    .requiredOption('--stock <count>', 'units that are sold')
    .option('--share <percent>', "of a day's visitors those who come for the sale", String(usualShare * 100))
    .option('--rush-seconds <s>', 'time within which they all press "buy"', String(usualCrowd.rushSeconds))
    .option('--hot-share <percent>', 'of their buys those for the product that is wanted most', String(usualCrowd.hotShare * 100))
    .option('--transport <name>', 'ws: everyone has a WebSocket and sees the line; http: calls alone', usualCrowd.transport)
    .option('--core-share <percent>', 'how much of a core to plan with', String(usualMeans.coreShare * 100))
    .option('--cores <count>', 'cores of a machine', String(usualMeans.coresPerNode))
    .option('--node-hour <price>', 'what a machine costs for an hour, in whatever currency')
    .option('--hours <h>', 'how long the machines are kept', String(usualMeans.hours))
    .option('--provider-ms <ms>', 'how long the payment provider takes to answer', String(usualMeans.providerMs))
    .option('--json', 'print one JSON object')
  plan.action(() => {
    const { crowd, means, dailyVisits, json } = expectationOf(plan.opts())
    const capacity = measuredCapacity()
    const sale = planSale(crowd, means, capacity)
    const article = dailyVisits === undefined ? undefined : { dailyVisits, ...articleEstimate(dailyVisits) }
    if (json)
      return terminal.out(`${JSON.stringify({ ...(article === undefined ? {} : { article }), crowd, means, capacity, plan: sale })}\n`)
    const lines = [
      ...(article === undefined ? [] : articleLines(article.dailyVisits, article)),
      ...planLines(crowd, means, capacity.machine, sale),
    ]
    terminal.out(`${lines.join('\n')}\n`)
  })
}

const count = (most: number) => z.coerce.number().int().min(1).max(most)
const above = (most: number) => z.coerce.number().gt(0).max(most)

const schema = z.object({
  dailyVisits: count(usersMax).optional(),
  peakUsers: count(usersMax).optional(),
  stock: count(usersMax),
  share: above(100),
  rushSeconds: above(86_400),
  hotShare: above(100),
  transport: z.enum(['ws', 'http']),
  coreShare: above(100),
  cores: count(1_024),
  nodeHour: above(1_000_000).optional(),
  hours: above(1_000_000),
  providerMs: above(3_600_000),
  json: z.boolean().default(false),
})

interface Expectation {
  readonly crowd: Crowd
  readonly means: Means
  readonly dailyVisits: number | undefined
  readonly json: boolean
}

function expectationOf(raw: unknown): Expectation {
  const read = schema.safeParse(raw)
  if (!read.success) throw new CommandFault(...read.error.issues.map(({ path, message }) => `${flagOf(String(path[0]))}: ${message}`))
  const { dailyVisits, peakUsers, stock, share, rushSeconds, hotShare, transport, coreShare, cores, nodeHour, hours, providerMs, json } =
    read.data
  const users = peakUsers ?? (dailyVisits === undefined ? undefined : Math.ceil((dailyVisits * share) / 100))
  if (users === undefined) throw new CommandFault('say how many come: --daily-visits, or --peak-users')
  const crowd: Crowd = { users, stock, rushSeconds, hotShare: hotShare / 100, transport }
  const means: Means = { coreShare: coreShare / 100, coresPerNode: cores, nodeHourPrice: nodeHour, hours, providerMs }
  return { crowd, means, dailyVisits, json }
}

function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}
