import { BlockList, isIPv6 } from 'node:net'
import type { HttpResponse } from './uws.ts'

/**
 * The address that limits count against. Behind a proxy that is trusted by its address, it is the last one in `X-Forwarded-For` that no trusted
 * proxy has added; anyone else's header is ignored.
 */
export class ClientAddress {
  private readonly trusted = new BlockList()
  private readonly trustsLoopback: boolean

  /** `networks` are addresses or CIDR ranges. With none, only loopback is believed, and only about users. */
  constructor(networks: readonly string[]) {
    for (const network of networks) {
      const [address = '', bits] = network.split('/')
      const family = isIPv6(address) ? 'ipv6' : 'ipv4'
      if (bits === undefined) this.trusted.addAddress(address, family)
      else this.trusted.addSubnet(address, Number(bits), family)
    }
    this.trustsLoopback = networks.length === 0
  }

  of(res: HttpResponse, forwardedFor: string): string {
    let address = remoteAddress(res)
    if (forwardedFor === '' || !this.has(address)) return address
    for (const hop of forwardedFor.split(',').toReversed()) {
      address = hop.trim()
      if (!this.has(address)) return address
    }
    return address
  }

  /** Whether the peer may say who the user is: a trusted proxy, or with none configured something on this machine. */
  isTrusted(res: HttpResponse): boolean {
    const address = remoteAddress(res)
    return this.has(address) || (this.trustsLoopback && (address.startsWith('127.') || address === '::1'))
  }

  private has(address: string): boolean {
    try {
      return this.trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
    } catch {
      // Not an address at all: a header may say anything.
      return false
    }
  }
}

const utf8 = new TextDecoder()

/** As text; uWebSockets.js writes IPv6 in full, and an IPv4 peer on a dual-stack socket as a mapped address. */
function remoteAddress(res: HttpResponse): string {
  const text = utf8.decode(res.getRemoteAddressAsText())
  return text
    .replace(/^(0000:){5}ffff:/, '')
    .replace(/^([0-9a-f]{2})([0-9a-f]{2}):([0-9a-f]{2})([0-9a-f]{2})$/, (_, a: string, b: string, c: string, d: string) =>
      [a, b, c, d].map((part) => Number.parseInt(part, 16)).join('.'),
    )
}
