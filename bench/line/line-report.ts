/** The outcome, as `--json` prints it. */
export interface LineReport {
  readonly sockets: number
  readonly gateways: number
  /** Who left the line or was served while it was measured, a second. */
  readonly departuresPerSecond: number
  readonly seconds: number
  /** The bound that the gateways state. */
  readonly boundMs: number
  /** For how long a place that was shown had been wrong when the next one came; each client counts with its worst. */
  readonly lag: { readonly p50Ms: number; readonly p99Ms: number; readonly mostMs: number; readonly clientsBeyondBound: number }
  readonly rises: number
  /** Places better than the truth. */
  readonly tooGood: number
  /** Clients whose last place was not that of the shard, as long after the last change as the gateways state. */
  readonly wrongAtEnd: number
  /** Of so many the shard was asked by RPC as well. */
  readonly askedByRpc: { readonly clients: number; readonly wrong: number }
  readonly framesPerSecond: number
  readonly gatewayFigures: readonly GatewayFigures[]
  /** p99 of the delay of an event loop that had nothing to do, by the same measure: what the machine does to everybody. */
  readonly idleLoopDelayP99Ms: number
  readonly generatorLoopDelayP99Ms: readonly number[]
  readonly loadAverage: number
  readonly restart?: RestartFigures
}

export interface GatewayFigures {
  /** As Node's own histogram has it, which counts the 10 ms between two of its looks. */
  readonly loopDelayP99Ms: number
  readonly loopDelayMeanMs: number
  readonly slicesOver10Ms: number
  readonly cores: number
  readonly bytesPerSocket: number
  readonly framesPerSecond: number
  readonly roundsEncoded: number
}

export interface RestartFigures {
  readonly clients: number
  /** From the kill until the new process was ready. */
  readonly downMs: number
  /** From then until the last client had its place again. */
  readonly allBackMs: number
  readonly backP50Ms: number
  /** The most that came back within a tenth of a second. */
  readonly mostInATenth: number
  readonly lost: number
}

export function linesOf(report: LineReport): readonly string[] {
  const { lag, restart, askedByRpc } = report
  return [
    `${report.sockets} sockets on ${report.gateways} gateways, ${report.departuresPerSecond} people a second left or were served for ${report.seconds} s`,
    `a place was wrong for ${lag.p50Ms} ms (p50 of the clients' worst), ${lag.p99Ms} ms (p99), ${lag.mostMs} ms at most; the gateways state ${report.boundMs} ms, ${lag.clientsBeyondBound} clients were beyond`,
    `${report.rises} places rose, ${report.tooGood} were better than the truth, ${report.wrongAtEnd} wrong at the end; by RPC ${askedByRpc.wrong} of ${askedByRpc.clients}`,
    `${report.framesPerSecond} places a second were told`,
    ...report.gatewayFigures.map(
      (one, i) =>
        `gateway ${i + 1}: loop delay p99 ${one.loopDelayP99Ms} ms (idle process ${report.idleLoopDelayP99Ms} ms), ${one.slicesOver10Ms} of slices over 10 ms, ${one.cores} cores, ${one.bytesPerSocket} bytes a socket, ${one.roundsEncoded} rounds by a worker`,
    ),
    `load average ${report.loadAverage}; generators' loop delay p99 ${report.generatorLoopDelayP99Ms.join(', ')} ms`,
    ...(restart === undefined
      ? []
      : [
          `restart under ${restart.clients} clients: down ${restart.downMs} ms, then p50 ${restart.backP50Ms} ms and ${restart.allBackMs} ms until all were back, at most ${restart.mostInATenth} in a tenth of a second, ${restart.lost} lost`,
        ]),
  ]
}

/** The least value that at least this part of all values do not exceed, in whole ms. */
export function quantile(sorted: readonly number[], part: number): number {
  return Math.round(sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0)
}
