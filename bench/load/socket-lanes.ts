import type { LaneListener, OpenLanes } from './lane.ts'
import { LoadConnection, ReadBuffer } from './load-connection.ts'
import type { PartPlan, SocketTarget } from './load-run.ts'
import { repeatedWire, wireOf } from './wire-spec.ts'

const openAtOnce = 64
const addressesPerNetwork = 250

/** Opens all connections of a part. Rejects if one cannot be opened, or with the signal's reason. */
export async function openSockets(plan: PartPlan, target: SocketTarget, listener: LaneListener, stop: AbortSignal): Promise<OpenLanes> {
  const { connections, depth, firstConnection } = plan
  const { host, port, isRepeated = false, isFromMany = false } = target
  const wire = isRepeated ? repeatedWire(wireOf(target.wire, target.run)) : wireOf(target.wire, target.run)
  const buffer = new ReadBuffer()
  const opened: LoadConnection[] = []
  const closeAll = (): void => {
    for (const connection of opened) connection.close(() => {})
  }
  try {
    while (opened.length < connections) {
      const from = opened.length
      const count = Math.min(openAtOnce, connections - from)
      const opening = Array.from({ length: count }, (_, i) => {
        const index = from + i
        const number = firstConnection + index
        const localAddress = isFromMany ? addressOf(number) : undefined
        return LoadConnection.open({ index, number, wire, host, port, depth, buffer, listener, localAddress })
      })
      opened.push(...(await Promise.all(opening)))
      stop.throwIfAborted()
    }
    return { lanes: opened, depth, close: () => Promise.resolve() }
  } catch (error) {
    closeAll()
    throw error
  }
}

/** One of this machine's loopback addresses. */
function addressOf(connection: number): string {
  return `127.0.${1 + Math.floor(connection / addressesPerNetwork)}.${1 + (connection % addressesPerNetwork)}`
}
