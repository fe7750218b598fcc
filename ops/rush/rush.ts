import type { World } from '../../cluster/world.ts'
import type { RpcClient } from '../../protocol/client/rpc-client.ts'
import { Crowd, type CrowdSettings, type Visit } from './crowd.ts'
import type { OutcomeCounts, StageCounts } from './rush-counts.ts'
import { type Percentiles, RushMeters, type Timing } from './rush-meters.ts'
import { socketsFrom, sourceAddresses } from './source-addresses.ts'
import { type StockReport, StockWatch } from './stock-watch.ts'
import type { Tokens } from './tokens.ts'
import { verdictOf } from './verdict.ts'

export interface RushSettings extends CrowdSettings {
  /** The longest that the rush may take. */
  readonly maxMs: number
}

export interface RushParts {
  readonly world: World
  /** Acts as operator, to look at the stock. */
  readonly rpc: RpcClient
  readonly tokens: Tokens
  /** Called ten times a second, and a last time at the end. */
  readonly onProgress: (progress: RushProgress) => void
}

export interface RushProgress {
  readonly users: number
  readonly done: number
  readonly stages: StageCounts
  readonly outcomes: OutcomeCounts
}

export interface RushSummary {
  readonly users: number
  readonly tookMs: number
  /** Source addresses; 0 for whichever the system chose. */
  readonly addresses: number
  readonly outcomes: OutcomeCounts
  readonly latency: Readonly<Record<Timing, Percentiles>>
  readonly codes: Readonly<Record<string, number>>
  readonly connectionsLost: number
  readonly stock: readonly StockReport[]
  /** What should not be; the rush is fine if there is nothing. */
  readonly problems: readonly string[]
}

export interface RushResult {
  readonly summary: RushSummary
  readonly visits: readonly Visit[]
}

const progressEveryMs = 100

/** A rush under way. */
export interface Rush {
  readonly result: Promise<RushResult>
  /** Sends everyone home; the result follows soon. */
  stop(): void
}

/**
 * Lets a crowd in and looks at the stock meanwhile. Ends by itself when everyone has an answer, or after `maxMs`.
 * The result rejects with a `SluiceError` if the stock cannot be looked at.
 */
export async function startRush(settings: RushSettings, parts: RushParts): Promise<Rush> {
  const { world, tokens } = parts
  const meters = new RushMeters()
  const addresses = await sourceAddresses(new URL(settings.url).hostname, settings.users)
  const crowd = new Crowd(settings, { world, meters, socket: socketsFrom(addresses), token: tokens })
  return { result: run(settings, parts, crowd, meters, addresses.length), stop: () => crowd.end('stopped') }
}

async function run(settings: RushSettings, parts: RushParts, crowd: Crowd, meters: RushMeters, addresses: number): Promise<RushResult> {
  const { world, rpc } = parts
  const { users } = settings
  const tell = () => parts.onProgress({ users, done: crowd.counts.done, stages: crowd.counts.stages, outcomes: crowd.counts.outcomes })
  const beganAt = world.clock.monotonic()
  const watches = await Promise.all(
    settings.skus.map((sku) =>
      StockWatch.start(
        world.timers,
        () => rpc.skuStatus(sku),
        () => crowd.end('stopped'),
      ),
    ),
  )
  const limit = world.timers.after(settings.maxMs, () => crowd.end('time is over'))
  const ticker = world.timers.every(progressEveryMs, tell)
  try {
    await crowd.run()
  } finally {
    limit.cancel()
    ticker.cancel()
  }
  tell()
  const stock = await Promise.all(watches.map((watch) => watch.stop()))
  const { outcomes } = crowd.counts
  const summary = {
    users,
    tookMs: Math.round(world.clock.monotonic() - beganAt),
    addresses,
    outcomes,
    latency: latencyOf(meters),
    codes: meters.codes,
    connectionsLost: meters.connectionsLost,
    stock,
    problems: verdictOf(stock, crowd.visits),
  }
  return { summary, visits: crowd.visits }
}

function latencyOf(meters: RushMeters): RushSummary['latency'] {
  return {
    connect: meters.percentiles('connect'),
    buy: meters.percentiles('buy'),
    hold: meters.percentiles('hold'),
    payment: meters.percentiles('payment'),
  }
}
