import { BlockList, isIP, isIPv6 } from 'node:net'

/**
 * The address that limits count against. Behind a proxy that is trusted by its address, it is the last one in `X-Forwarded-For` that no trusted
 * proxy has added; anyone else's header is ignored.
 */
export class ClientAddress {
  private readonly trusted = new BlockList()
  /** There are no trusted networks: only loopback is believed, and only about users. */
  private readonly trustsLoopback: boolean
  /** Many calls come from the same few peers, and how an address is limited takes a while to find out: the last answers are kept. */
  private lastPeer = ''
  private lastLimited = ''
  private lastAsked = ''
  private lastAnswer = false

  /** `networks` are addresses or CIDR ranges. */
  constructor(networks: readonly string[]) {
    for (const network of networks) {
      const [address = '', bits] = network.split('/')
      const family = isIPv6(address) ? 'ipv6' : 'ipv4'
      if (bits === undefined) this.trusted.addAddress(address, family)
      else this.trusted.addSubnet(address, Number(bits), family)
    }
    this.trustsLoopback = networks.length === 0
  }

  /** `peer` is the socket's other end; `forwardedFor` the header, all its lines with commas between, empty if there is none. */
  of(peer: string, forwardedFor: string): string {
    if (forwardedFor !== '' && this.isProxy(peer)) return limitedAs(this.before(peer, forwardedFor))
    if (peer !== this.lastPeer) {
      this.lastLimited = limitedAs(peer)
      this.lastPeer = peer
    }
    return this.lastLimited
  }

  private before(peer: string, forwardedFor: string): string {
    let address = peer
    for (const hop of forwardedFor.split(',').toReversed()) {
      const named = addressIn(hop)
      // Whoever handed on what is no address counts for it: names that nobody has checked would each have a share of their own.
      if (named === undefined) return address
      address = named
      if (!this.isProxy(address)) return address
    }
    return address
  }

  /** Whether this is one of the networks whose word about others is taken. */
  isProxy(address: string): boolean {
    if (this.trustsLoopback) return false
    if (address !== this.lastAsked) {
      this.lastAnswer = this.check(address)
      this.lastAsked = address
    }
    return this.lastAnswer
  }

  /** Whether the peer may say who the user is: a trusted proxy, or with none configured something on this machine. */
  isTrusted(peer: string): boolean {
    return this.isProxy(peer) || (this.trustsLoopback && (peer.startsWith('127.') || peer === '::1'))
  }

  /** Takes microseconds. */
  private check(address: string): boolean {
    try {
      return this.trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
    } catch {
      // Not an address at all: a header may say anything.
      return false
    }
  }
}

/** The address that one element of `X-Forwarded-For` names. Some balancers write the port behind it, which is another one for each connection. */
function addressIn(element: string): string | undefined {
  const text = element.trim()
  const address = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text
  return isIP(address) === 0 ? undefined : address
}

/** uWebSockets.js writes IPv6 in full, and an IPv4 peer on a dual-stack socket as a mapped address: here one peer has one name, as others write it. */
export function plainAddress(text: string): string {
  const mapped = /^(?:0000:){5}ffff:([0-9a-f]{2})([0-9a-f]{2}):([0-9a-f]{2})([0-9a-f]{2})$/.exec(text)
  if (mapped !== null)
    return mapped
      .slice(1)
      .map((part) => Number.parseInt(part, 16))
      .join('.')
  return text === '0000:0000:0000:0000:0000:0000:0000:0001' ? '::1' : text
}

/**
 * What stands for an address where limits count: itself, but of IPv6 its network of 64 bits, which is the least that a customer of a provider gets:
 * whoever has one has 2^64 addresses.
 */
export function limitedAs(address: string): string {
  const [text = ''] = address.split('%')
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1]
  if (mapped !== undefined) return mapped
  if (!isIPv6(text)) return address
  const [front = '', back] = text.split('::')
  const groups = front === '' ? [] : front.split(':')
  const after = back === undefined || back === '' ? [] : back.split(':')
  const zeros = back === undefined ? [] : Array<string>(Math.max(0, 8 - groups.length - after.length)).fill('0')
  const network = [...groups, ...zeros, ...after].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16))
  return `${network.join(':')}::/64`
}
