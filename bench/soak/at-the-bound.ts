import { setTimeout as delay } from 'node:timers/promises'
import type { Timers } from '../../cluster/world.ts'
import type { RpcClient } from '../../protocol/client/rpc-client.ts'
import { BenchFault } from '../bench-fault.ts'
import { Holders } from '../flood/checkouts.ts'
import { newRun } from '../load/peer-load.ts'
import { rpcWire } from '../load/rpc-wire.ts'
import { type SteadyPlan, SteadyLoad } from './steady-load.ts'

export interface BoundFigures {
  /** Newcomers who came while it was measured, and for how long. */
  readonly offered: number
  readonly seconds: number
  /** What they were told, by what was full; `served` had room still. */
  readonly answers: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Memory of all processes that no file stands behind, once all was full, and at the end. */
  readonly fromMb: number
  readonly toMb: number
  readonly checkouts: { readonly done: number; readonly refused: number; readonly p99Ms: number }
}

export interface BoundParts {
  readonly client: RpcClient
  readonly host: string
  readonly rpcPort: number
  readonly key: string
  readonly timers: Timers
  readonly plan: SteadyPlan
  readonly seconds: number
  /** Of all processes, in bytes. */
  readonly memory: () => Promise<number>
  readonly stop: AbortSignal
}

const sale = 'bound'
/** Small, so that they are reached in a moment; what happens there does not depend on how many they are. */
const lineMax = 1_000
const usersMax = 2_000
const stock = 100
const plenty = 1_000_000
const checkoutsPerSecond = 20
const lookMs = 500
const fillMsMax = 120_000
const mb = 1024 * 1024

const skus = { 'the line was full': `${sale}-line`, 'the table of users was full': `${sale}-users` } as const

/** Fills a SKU's line, and the users that another one remembers; then goes on with newcomers for so long, while people who had a hold before check out. */
export async function measureBound(parts: BoundParts): Promise<BoundFigures> {
  const { client, seconds, plan, timers, stop } = parts
  await client.saleCreate({
    ...{ sale, title: 'Bound', opensAt: 0 },
    skus: [
      { sku: skus['the line was full'], title: 'Line', priceMinor: 100, stock, lineMax },
      { sku: skus['the table of users was full'], title: 'Users', priceMinor: 100, stock: plenty, usersMax },
    ],
  })
  await client.saleOpen(sale)
  const holders = await Holders.of(client, skus['the table of users was full'], Math.ceil(checkoutsPerSecond * seconds))
  const crowds = new Map<string, SteadyLoad>()
  try {
    for (const [what, sku] of Object.entries(skus)) {
      const wire = rpcWire({ sku, run: newRun() }, parts.key)
      const half = { ...plan, rate: plan.rate / Object.keys(skus).length }
      crowds.set(what, await SteadyLoad.start({ host: parts.host, port: parts.rpcPort, wire }, half, timers))
    }
    await untilFull([...crowds.values()], stop)
    const from = await parts.memory()
    const { done, codes, p99Ms } = await holders.checkOut(checkoutsPerSecond, seconds, timers, stop)
    const answers = Object.fromEntries(
      Array.from(crowds, ([what, crowd]) => {
        const { calls, codes: refused } = crowd.window()
        return [what, { ...(calls === 0 ? {} : { served: calls }), ...refused }]
      }),
    )
    const to = await parts.memory()
    const offered = Object.values(answers).reduce((sum, one) => sum + total(one), 0)
    const refused = total(codes)
    return { offered, seconds, answers, fromMb: Math.round(from / mb), toMb: Math.round(to / mb), checkouts: { done, refused, p99Ms } }
  } finally {
    for (const crowd of crowds.values()) crowd.stop()
  }
}

/** Until for a while nobody was served. */
async function untilFull(crowds: readonly SteadyLoad[], stop: AbortSignal): Promise<void> {
  const until = performance.now() + fillMsMax
  for (;;) {
    await delay(lookMs, undefined, { signal: stop })
    const windows = crowds.map((crowd) => crowd.window())
    if (windows.every(({ calls, codes }) => calls === 0 && total(codes) > 0)) return
    if (performance.now() > until)
      throw new BenchFault('newcomers are still served, though the line and the table of users are small: give a higher --rate')
  }
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, one) => sum + one, 0)
}
