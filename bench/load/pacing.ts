/** A connection, as far as pacing needs to know it. */
export interface Sender {
  readonly index: number
  /** Calls without an answer. */
  readonly underWay: number
  /** Sends calls as if all had been sent at `sentAt`. */
  send(count: number, sentAt: number): void
}

/** Decides when a connection sends. */
export interface Pacing {
  /** Sends what the connection is to send by `now`, as far as its depth allows. */
  refill(connection: Sender, now: number): void
}

/** Closed loop: every answer is followed by the next call, so that `depth` calls are always under way. Shows what the server can do at most. */
export function closedLoop(depth: number): Pacing {
  return {
    refill(connection, now) {
      const room = depth - connection.underWay
      if (room > 0) connection.send(room, now)
    },
  }
}

export interface Schedule {
  /** Calls a second, all connections together. */
  readonly rate: number
  readonly connections: number
  readonly depth: number
  /** When the first call is due. */
  readonly startAt: number
}

/**
 * Open loop: call `k` of connection `c` is due at a time fixed beforehand, whatever became of the calls before it. What is sent late, because the
 * depth is used up or this process was busy, still counts from the time it was due; a slow server cannot hide by being asked less (coordinated
 * omission). Calls are due in groups on every millisecond, which is as fine as Node's timers.
 */
export function openLoop({ rate, connections, depth, startAt }: Schedule): Pacing {
  const sent = new Float64Array(connections)
  const dueAt = (index: number, call: number): number => startAt + Math.floor(((call * connections + index) * 1000) / rate)
  return {
    refill(connection, now) {
      const { index } = connection
      let call = sent[index] as number
      while (connection.underWay < depth) {
        const due = dueAt(index, call)
        if (due > now) break
        const first = call
        const most = call + depth - connection.underWay
        do call++
        while (call < most && dueAt(index, call) === due)
        connection.send(call - first, due)
      }
      sent[index] = call
    },
  }
}
