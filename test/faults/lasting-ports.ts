import { createServer } from 'node:net'
import type { Chance } from '../checkers/chance.ts'

/** Below the ports that Linux gives to outgoing connections; `net.ipv4.ip_local_port_range` begins at 32768 there. */
const lowest = 20_000
const highest = 32_000

/**
 * Ports for a node that goes away and comes back. While it is away its clients dial, and each dial takes some outgoing port: one of those that the
 * system hands out would sooner or later be the node's own, and the node could not listen on it again.
 */
export async function lastingPorts(chance: Chance): Promise<{ webPort: number; opsPort: number; rpcPort: number }> {
  return { webPort: await freePort(chance), opsPort: await freePort(chance), rpcPort: await freePort(chance) }
}

async function freePort(chance: Chance): Promise<number> {
  for (;;) {
    const port = lowest + chance.below(highest - lowest)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
