import { createServer } from 'node:net'

/** Below the ports that Linux gives to outgoing connections (32768 up), one of which could take a node's port while the node is down. */
const [lowest, highest] = [10_000, 32_000]
const triesMax = 100

/**
 * Different ports of 127.0.0.1 that nothing listens on. A node that is to be started again on its port must not get it by asking for port 0: such a
 * socket has no SO_REUSEADDR, and so its closed connections keep the port for a minute.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>()
  for (let tries = 0; ports.size < count; tries++) {
    if (tries === triesMax) throw new Error(`${triesMax} ports in a row were in use`)
    const port = lowest + Math.floor(Math.random() * (highest - lowest))
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
