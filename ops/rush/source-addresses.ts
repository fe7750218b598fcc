import { createServer } from 'node:net'
import { WebSocket } from 'ws'
import type { SocketConstructor } from '../../protocol/client/index.ts'

/** Few enough that the limits per address of a server with default settings are not met. */
const shoppersPerAddress = 100

/**
 * Loopback addresses for a crowd to come from, a hundred shoppers each, because a server counts connections and calls per address. None where
 * the server is on another machine, or where this system has only 127.0.0.1.
 */
export async function sourceAddresses(serverHost: string, users: number): Promise<readonly string[]> {
  if (!isIpv4Loopback(serverHost) || !(await canBind('127.0.0.2'))) return []
  const count = Math.ceil(users / shoppersPerAddress)
  return Array.from({ length: count }, (_, i) => `127.0.${Math.floor((i + 2) / 250)}.${((i + 2) % 250) + 1}`)
}

/** WebSockets that connect from these addresses, shopper after shopper; with none, from whichever the system takes. */
export function socketsFrom(addresses: readonly string[]): (number: number) => SocketConstructor {
  const anywhere = socketFrom(undefined)
  const constructors = addresses.map((address) => socketFrom(address))
  return (number) => constructors[number % constructors.length] ?? anywhere
}

function socketFrom(address: string | undefined): SocketConstructor {
  const options = { perMessageDeflate: false, ...(address === undefined ? {} : { localAddress: address }) }
  return class extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols, options)
    }
  }
}

function isIpv4Loopback(host: string): boolean {
  return host === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

/** Linux has all of 127.0.0.0/8; other systems only what somebody configured. */
function canBind(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(0, address, () => server.close(() => resolve(true)))
  })
}
