import { isIP, isIPv4, isIPv6 } from 'node:net'
import { limitedAs } from './client-address.ts'

/** The first 32 bits of an IPv4 address, or the first 64 of an IPv6 one: as much as limits count. */
interface AddressBits {
  readonly version: 4 | 6
  readonly bits: bigint
}

export interface AddressRange extends AddressBits {
  readonly prefix: number
  /** In the one form that a range has: `203.0.113.0/24`, `2001:db8:0:0::/32`. */
  readonly text: string
}

const widths = { 4: 32, 6: 64 } as const

/**
 * An address or a network such as `203.0.113.0/24`. Of IPv6 a network has at most 64 bits, for that is what limits count as one; a single address of it
 * is none, and undefined like everything else.
 */
export function parseRange(text: string): AddressRange | undefined {
  const [address = '', prefixText, ...rest] = text.split('/')
  const version = isIP(address)
  if (rest.length > 0 || (version !== 4 && version !== 6)) return undefined
  const width = widths[version]
  if (prefixText !== undefined && !/^\d{1,3}$/.test(prefixText)) return undefined
  const prefix = prefixText === undefined ? (version === 4 ? width : 128) : Number(prefixText)
  const parsed = bitsOf(address)
  // A mapped address is an IPv4 one in the clothes of IPv6: its prefix would count other bits.
  if (prefix > width || parsed?.version !== version) return undefined
  const bits = masked(parsed.bits, width, prefix)
  return { version, bits, prefix, text: `${textOf(version, bits)}/${prefix}` }
}

/**
 * Values by range of addresses. A look costs a step per length of prefix that occurs, not per range.
 */
export class AddressRanges<T> {
  private readonly byPrefix = { 4: new Map<number, Map<bigint, T>>(), 6: new Map<number, Map<bigint, T>>() }
  readonly size: number

  constructor(entries: readonly (readonly [AddressRange, T])[]) {
    this.size = entries.length
    for (const [{ version, prefix, bits }, value] of entries) {
      const known = this.byPrefix[version].get(prefix) ?? new Map<bigint, T>()
      this.byPrefix[version].set(prefix, known.set(bits, value))
    }
  }

  /** The value of a range that has the address and whose value will do; `address` as {@link limitedAs} gives it. */
  find(address: string, willDo: (value: T) => boolean): T | undefined {
    if (this.size === 0) return undefined
    const parsed = bitsOf(address)
    if (parsed === undefined) return undefined
    const { version, bits } = parsed
    for (const [prefix, values] of this.byPrefix[version]) {
      const value = values.get(masked(bits, widths[version], prefix))
      if (value !== undefined && willDo(value)) return value
    }
    return undefined
  }
}

function bitsOf(address: string): AddressBits | undefined {
  const [text = ''] = limitedAs(address.endsWith('/64') ? address.slice(0, -3) : address).split('/')
  if (isIPv4(text)) return { version: 4, bits: text.split('.').reduce((all, part) => all * 256n + BigInt(part), 0n) }
  if (!isIPv6(text)) return undefined
  const groups = text.split('::', 1)[0]?.split(':') ?? []
  return { version: 6, bits: groups.reduce((all, group) => all * 65_536n + BigInt(`0x${group}`), 0n) }
}

function masked(bits: bigint, width: number, prefix: number): bigint {
  const rest = BigInt(width - prefix)
  return (bits >> rest) << rest
}

function textOf(version: 4 | 6, bits: bigint): string {
  const parts = version === 4 ? [24n, 16n, 8n, 0n].map((by) => String((bits >> by) & 255n)) : []
  if (version === 4) return parts.join('.')
  return `${[48n, 32n, 16n, 0n].map((by) => ((bits >> by) & 65_535n).toString(16)).join(':')}::`
}
