import { createServer } from 'node:net'

/** Below the ports that Linux gives to outgoing connections; `net.ipv4.ip_local_port_range` begins at 32768 there. */
const lowest = 20_000
const highest = 32_000

/**
 * Free ports for a node that goes away and comes back. While it is away its clients dial, and each dial takes some outgoing port: one of those that
 * the system hands out would sooner or later be the node's own. (And a server that was given its port by the system cannot have it again while
 * the connections to it linger: uWebSockets.js marks only ports that it was asked for as reusable.)
 */
export async function lastingPorts(): Promise<{ webPort: number; opsPort: number; rpcPort: number }> {
  return { webPort: await freePort(), opsPort: await freePort(), rpcPort: await freePort() }
}

async function freePort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest))
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
