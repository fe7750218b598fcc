import { once } from 'node:events'
import type { Server } from 'node:net'

/** Lets a server listen on loopback, on any free port or the one given. */
export async function listenOn(server: Server, port = 0): Promise<Server> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

export function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port')
  return address.port
}
