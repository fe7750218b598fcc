import { randomInt } from 'node:crypto'
import { startSluiceCluster } from '../servers/cluster-peer.ts'
import { startFastify } from '../servers/fastify-peer.ts'
import type { Peer } from '../servers/peer.ts'
import { startRedis } from '../servers/redis-peer.ts'
import { figuresBetween, type ServerCounters } from '../servers/server-figures.ts'
import { runningSluice, startSluice } from '../servers/sluice-peer.ts'
import type { LoadOptions } from './load-options.ts'
import { progressBar } from './load-progress.ts'
import { type LoadReport, reportOf } from './load-report.ts'
import { type LoadPlan, runLoad } from './load-run.ts'
import type { Load } from './load.ts'
import { runDigits } from './wire.ts'

/** Starts or finds the peer, puts the load on it, reads its counters before and after, and stops it again if it was started here. */
export async function loadPeer(load: Load, options: LoadOptions, stop: AbortSignal): Promise<LoadReport> {
  const peer = await peerOf(load, options)
  const plan: LoadPlan = {
    connections: load.connections,
    depth: load.depth,
    seconds: options.seconds,
    warmupSeconds: options.warmup,
    rate: options.rate,
  }
  const progress = progressBar(load.peer, plan)
  const readings: Promise<Reading>[] = []
  const read = (): void => {
    const reading = readingOf(peer)
    // Awaited below; if the run fails first, that is what has to be told.
    reading.catch(() => {})
    readings.push(reading)
  }
  try {
    stop.throwIfAborted()
    // The first reading of a fresh server takes much longer than all others; it is made before anything is measured.
    const idle = await readingOf(peer)
    const tally = await runLoad(
      plan,
      peer.target,
      { measuring: read, measured: read, progress: (...args) => progress.update(...args) },
      stop,
    )
    const [before = idle, after = idle] = await Promise.all(readings)
    return reportOf(load, options.rate, peer, tally, figuresBetween(before.counters, after.counters, (after.at - before.at) / 1000))
  } finally {
    progress.stop()
    await peer.stop()
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

function peerOf({ peer, transport, isSoldOut = false }: Load, options: LoadOptions): Promise<Peer> {
  const run = newRun()
  const { cluster, port, durability, snapshots, profileServer } = options
  if (peer === 'redis') return startRedis({ run, durability, rewrites: snapshots })
  if (peer === 'fastify') return startFastify({ run, durability, rewrites: snapshots, processes: options.fastifyProcesses })
  const started = { transport, durability, run, snapshots, isSoldOut, profileFolder: profileServer }
  if (cluster) return startSluiceCluster(started)
  if (port === undefined) return startSluice(started)
  const { host, opsPort, key, sku, userHeader } = options
  return Promise.resolve(runningSluice({ transport, host, port, opsPort, key, sku, userHeader, run }))
}

/** Another for every run, so that the users of one are new to a node that has seen the other. */
function newRun(): string {
  return randomInt(36 ** runDigits)
    .toString(36)
    .padStart(runDigits, '0')
}
