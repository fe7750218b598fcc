import { randomInt } from 'node:crypto'
import { type Slowing, startLink, startSlowed } from '../links/link-peers.ts'
import type { Durability } from '../servers/bench-redis.ts'
import { startFastify } from '../servers/fastify-peer.ts'
import { startNginx } from '../servers/nginx-peer.ts'
import type { Peer } from '../servers/peer.ts'
import { startPostgres } from '../servers/postgres-peer.ts'
import { startRedis } from '../servers/redis-peer.ts'
import { figuresBetween, type ServerCounters } from '../servers/server-figures.ts'
import { type RunningOptions, runningSluice } from '../servers/sluice-peer.ts'
import { progressBar } from './load-progress.ts'
import { type LoadReport, reportOf } from './load-report.ts'
import { type LoadPlan, type LoadTarget, runLoad } from './load-run.ts'
import type { Load } from './load.ts'
import { runDigits } from './wire.ts'

/** What a load is run with, whoever is put under it. */
export interface RunSettings {
  readonly durability: Durability
  /** Whether servers compact their journals meanwhile, as they would. */
  readonly snapshots: boolean
  readonly seconds: number
  readonly warmupSeconds: number
  /** Of an open loop, in calls a second. */
  readonly rate?: number | undefined
  readonly profileFolder?: string | undefined
  /** A node that somebody else started. */
  readonly running?: Omit<RunningOptions, 'transport' | 'run'> | undefined
  /** What is slowed on purpose of a Sluice that is started here. */
  readonly slowing?: Slowing
}

/** Starts or finds the peer, puts the load on it, reads its counters before and after, and stops it again if it was started here. */
export async function loadPeer(load: Load, settings: RunSettings, stop: AbortSignal): Promise<LoadReport> {
  const peer = await peerOf(load, settings)
  try {
    stop.throwIfAborted()
    return await loadStarted(peer, load, settings, stop)
  } finally {
    await peer.stop()
  }
}

/** The same with a peer that is up, and goes on. `target` is its own, or one with users that it has not seen. */
export async function loadStarted(
  peer: Peer,
  load: Load,
  settings: Pick<RunSettings, 'seconds' | 'warmupSeconds' | 'rate'>,
  stop: AbortSignal,
  target: LoadTarget = peer.target,
): Promise<LoadReport> {
  const { connections, depth, threads = 1 } = load
  const { seconds, warmupSeconds, rate } = settings
  const plan: LoadPlan = { connections, depth, seconds, warmupSeconds, rate, threads }
  const progress = progressBar(load.link ?? load.peer, plan)
  const readings: Promise<Reading>[] = []
  const read = (): void => {
    const reading = readingOf(peer)
    // Awaited below; if the run fails first, that is what has to be told.
    reading.catch(() => {})
    readings.push(reading)
  }
  try {
    // The first reading of a fresh server takes much longer than all others; it is made before anything is measured.
    const idle = await readingOf(peer)
    const tally = await runLoad(plan, target, { measuring: read, measured: read, progress: (...args) => progress.update(...args) }, stop)
    const [before = idle, after = idle] = await Promise.all(readings)
    return reportOf(load, rate, peer, tally, figuresBetween(before.counters, after.counters, (after.at - before.at) / 1000))
  } finally {
    progress.stop()
  }
}

/** What the server counted, and when it said so: under load that may be a little later than it was asked. */
interface Reading {
  readonly counters: ServerCounters
  readonly at: number
}

async function readingOf(peer: Peer): Promise<Reading> {
  const counters = await peer.readCounters()
  return { counters, at: performance.now() }
}

/** Starts or finds it. */
export function peerOf({ peer, transport, link, processes = 1, isSoldOut = false, ...shop }: Load, settings: RunSettings): Promise<Peer> {
  const run = newRun()
  const { durability, snapshots, profileFolder, running, slowing = {} } = settings
  const behindHttp = { run, durability, rewrites: snapshots, processes }
  const { mix, settings: nodeSettings, actors = 1 } = shop
  const started = { transport, durability, run, snapshots, isSoldOut, profileFolder, mix, settings: nodeSettings, actors }
  switch (peer) {
    case 'sluice':
    case 'cluster':
      if (running !== undefined) return Promise.resolve(runningSluice({ ...running, transport, run }))
      return link === undefined ? startSlowed(peer, started, slowing) : startLink(peer, link, started, slowing)
    case 'redis':
      return startRedis({ run, durability, rewrites: snapshots })
    case 'fastify':
      return startFastify(behindHttp)
    case 'nginx':
      return startNginx(behindHttp)
    case 'postgres-update':
    case 'postgres-skip-locked':
      return startPostgres(peer, { run, durability })
  }
}

/** Another for every run, so that the users of one are new to a node that has seen the other. */
export function newRun(): string {
  return randomInt(36 ** runDigits)
    .toString(36)
    .padStart(runDigits, '0')
}
