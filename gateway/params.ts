import {
  type OrderId,
  formatOrderId,
  type OrderParts,
  parseOrderId,
  parseProductId,
  parseRequestId,
  parseSaleId,
  parseSkuId,
  parseUserId,
  type ProductId,
  type SaleId,
  type SkuId,
  type UserId,
} from '../protocol/ids.ts'
import { Malformed } from '../protocol/msgpack-reader.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import type { UserInfo } from '../protocol/results.ts'
import { parseUserInfo, userInfoRule } from '../protocol/user-info.ts'
import { parseRange } from './address-ranges.ts'

const nodeName = /^[a-z0-9-]{1,64}$/
const rangeCharactersMax = 64
/** A time, and behind it the order that went on then. */
const markText = /^\d{1,16}(?:\.[\x21-\x7e]{1,80})?$/
const paymentToken = /^[\x21-\x7e]{1,200}$/

/** The params of one call, read in order. Every reader throws {@link Malformed} with a text that names the param. */
export class Params {
  private readonly values: readonly Plain[]
  private at = 0

  constructor(values: readonly Plain[]) {
    this.values = values
  }

  /** As they came. */
  get all(): readonly Plain[] {
    return this.values
  }

  get count(): number {
    return this.values.length
  }

  user(): UserId {
    return this.read('user', 'a string of 1 to 64 bytes without control characters', parseUserId)
  }

  sku(): SkuId {
    return this.read('sku', 'a string of 1 to 48 letters, digits, dots, dashes or underscores', parseSkuId)
  }

  product(): ProductId {
    return this.read('product', 'a string of 1 to 48 letters, digits, dots, dashes or underscores', parseProductId)
  }

  sale(): SaleId {
    return this.read('sale', 'a string of 1 to 48 letters, digits, dots, dashes or underscores', parseSaleId)
  }

  order(): { readonly id: OrderId; readonly parts: OrderParts } {
    return this.read('order', 'an order id', (value) => {
      const parts = parseOrderId(value)
      return parts === undefined ? undefined : { id: formatOrderId(parts), parts }
    })
  }

  /** The name of a process of the cluster. */
  node(): string {
    return this.read('node', 'a string of 1 to 64 small letters, digits or dashes', (value) =>
      typeof value === 'string' && nodeName.test(value) ? value : undefined,
    )
  }

  payment(): string {
    return this.read('payment', 'a token of 1 to 200 visible ASCII characters', (value) =>
      typeof value === 'string' && paymentToken.test(value) ? value : undefined,
    )
  }

  requestId(): string | undefined {
    return this.optional(() => this.read('requestId', 'a string of 1 to 64 visible ASCII characters', parseRequestId))
  }

  /** A solved challenge, which is looked into only where one is asked for; null if the caller left it out. */
  proof(): Plain {
    return (
      this.optional(() =>
        this.read('proof', 'a map with challenge and solution', (value) =>
          typeof value === 'object' && !Array.isArray(value) ? value : undefined,
        ),
      ) ?? null
    )
  }

  neededRequestId(): string {
    return this.read('requestId', 'a string of 1 to 64 visible ASCII characters', parseRequestId)
  }

  /** An integer from `least` to `most`; `absent` if the caller left it out or nil. */
  integer(name: string, least: number, most: number, absent?: number): number {
    const read = () =>
      this.read(name, `an integer from ${least} to ${most}`, (value) =>
        typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most ? value : undefined,
      )
    return absent === undefined ? read() : (this.optional(read) ?? absent)
  }

  /** True or false; `absent` if the caller left it out or nil. */
  flag(name: string, absent: boolean): boolean {
    const read = () => this.read(name, 'true or false', (value) => (typeof value === 'boolean' ? value : undefined))
    return this.optional(read) ?? absent
  }

  /** Up to `most` bytes in lower-case hex. */
  hex(name: string, most: number): string {
    return this.read(name, `1 to ${most} bytes in lower-case hex`, (value) =>
      typeof value === 'string' && value.length <= 2 * most && /^(?:[0-9a-f]{2})+$/.test(value) ? value : undefined,
    )
  }

  /** A text of this shape. */
  text(name: string, rule: string, shape: RegExp): string {
    return this.read(name, rule, (value) => (typeof value === 'string' && shape.test(value) ? value : undefined))
  }

  /** One of a few words. */
  choice<const Words extends readonly string[]>(name: string, words: Words): Words[number] {
    return this.read(name, words.join(' or '), (value) => words.find((word) => word === value))
  }

  /** A range of addresses, in its one form. */
  range(): string {
    return this.read('range', 'an IPv4 address, or a network such as 203.0.113.0/24 or 2001:db8::/48 (of IPv6 at most 64 bits)', (value) =>
      typeof value === 'string' && value.length <= rangeCharactersMax ? parseRange(value)?.text : undefined,
    )
  }

  /** Up to `most` characters without control characters. */
  line(name: string, most: number, absent: string): string {
    const isLine = (text: string): boolean => text.length <= most && !/\p{Cc}/u.test(text)
    return (
      this.optional(() =>
        this.read(name, `at most ${most} characters without control characters`, (value) =>
          typeof value === 'string' && isLine(value) ? value : undefined,
        ),
      ) ?? absent
    )
  }

  /** A list of 1 to `most`. */
  list(name: string, most: number): readonly Plain[] {
    return this.read(name, `a list of 1 to ${most}`, (value) =>
      isList(value) && value.length > 0 && value.length <= most ? value : undefined,
    )
  }

  /** Where a page goes on: what the page before named; null for the first one. */
  mark(): string | null {
    return this.optional(() => this.read('after', 'what the page before had as `next`', parseMark)) ?? null
  }

  /** What a shop says of a user: at least one of `displayName` and `tier`, each a text or nil for none. */
  userInfo(): Partial<UserInfo> {
    return this.read('info', userInfoRule, parseUserInfo)
  }

  any(): Plain {
    return this.values[this.at++] ?? null
  }

  /** Every call ends with this: a param too many is a mistake of the caller, not something to pass over. */
  end(): void {
    if (this.at < this.values.length) throw new Malformed(`takes ${this.at} params, not ${this.values.length}`)
  }

  private optional<T>(read: () => T): T | undefined {
    const value = this.values[this.at]
    if (value !== undefined && value !== null) return read()
    this.at++
    return undefined
  }

  private read<T>(name: string, rule: string, parse: (value: Plain | undefined) => T | undefined): T {
    const parsed = parse(this.values[this.at++])
    if (parsed === undefined) throw new Malformed(`param ${this.at} (${name}) must be ${rule}`)
    return parsed
  }
}

function isList(value: Plain | undefined): value is readonly Plain[] {
  return Array.isArray(value)
}

function parseMark(value: Plain | undefined): string | undefined {
  return typeof value === 'string' && markText.test(value) ? value : undefined
}
