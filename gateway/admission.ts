import type { Clock } from '../cluster/world.ts'
import { type Code, type Refusal, refusal } from '../protocol/codes.ts'
import { AddressRanges, parseRange } from './address-ranges.ts'
import { BanTable } from './ban-table.ts'
import type { Connection } from './connection.ts'
import { FramePace } from './frame-pace.ts'
import type { GatewayCounters } from './gateway-counters.ts'
import type { Identity } from './identity.ts'
import { TokenBucket, TokenBuckets } from './token-bucket.ts'

export interface AdmissionLimits {
  readonly connectionsMax: number
  readonly connectionsPerAddressMax: number
  readonly handshakeRatePerSecond: number
  readonly handshakeBurst: number
  readonly addressHandshakeRatePerSecond: number
  readonly addressHandshakeBurst: number
  readonly frameRatePerSecond: number
  readonly frameBurst: number
  readonly perConnectionInFlightMax: number
  readonly addressRatePerSecond: number
  readonly addressBurst: number
  readonly userRatePerSecond: number
  readonly userBurst: number
  /** Addresses whose calls and handshakes are counted apart, and as many users. */
  readonly addressesMax: number
  /** Networks in which many people have one address, and how many times the share of an address each address of them has. */
  readonly sharedNetworks: readonly string[]
  readonly sharedNetworkTimes: number
}

const inFlightRetryMs = 100
const connectionsRetryMs = 1_000

/**
 * Who is let in, and how much of it: bans, handshakes and connections, frames per connection, calls per address and user, calls under way per connection.
 * Services are not rated. Whatever it keeps by address or user is bounded, and what is idle goes first.
 */
export class Admission {
  private limits: AdmissionLimits
  private readonly clock: Clock
  private readonly counters: GatewayCounters
  private readonly bans: BanTable
  private readonly sharedNetworks: AddressRanges<true>
  /** Of open connections, so no larger than there may be. */
  private readonly perAddress = new Map<string, number>()
  private handshakes: TokenBucket
  private addressHandshakes: TokenBuckets
  private addresses: TokenBuckets
  private users: TokenBuckets
  private connections = 0

  constructor(limits: AdmissionLimits, clock: Clock, counters: GatewayCounters, bans = new BanTable(clock)) {
    const now = clock.monotonic()
    this.limits = limits
    this.clock = clock
    this.counters = counters
    this.bans = bans
    const shared = limits.sharedNetworks.map(parseRange).filter((range) => range !== undefined)
    this.sharedNetworks = new AddressRanges(shared.map((range) => [range, true]))
    this.handshakes = new TokenBucket(limits.handshakeRatePerSecond, limits.handshakeBurst, now)
    this.addressHandshakes = bucketsOf(limits, limits.addressHandshakeRatePerSecond, limits.addressHandshakeBurst, now)
    this.addresses = bucketsOf(limits, limits.addressRatePerSecond, limits.addressBurst, now)
    this.users = bucketsOf(limits, limits.userRatePerSecond, limits.userBurst, now)
  }

  /** Goes by other limits from now on. Of a rate that is another one everybody's count begins anew; connections that are there stay. */
  use(changed: Partial<AdmissionLimits>): void {
    const now = this.clock.monotonic()
    const former = this.limits
    const limits = { ...former, ...changed }
    this.limits = limits
    const isOther = (rate: keyof AdmissionLimits, burst: keyof AdmissionLimits) =>
      limits[rate] !== former[rate] || limits[burst] !== former[burst]
    if (isOther('handshakeRatePerSecond', 'handshakeBurst'))
      this.handshakes = new TokenBucket(limits.handshakeRatePerSecond, limits.handshakeBurst, now)
    if (isOther('addressHandshakeRatePerSecond', 'addressHandshakeBurst'))
      this.addressHandshakes = bucketsOf(limits, limits.addressHandshakeRatePerSecond, limits.addressHandshakeBurst, now)
    if (isOther('addressRatePerSecond', 'addressBurst'))
      this.addresses = bucketsOf(limits, limits.addressRatePerSecond, limits.addressBurst, now)
    if (isOther('userRatePerSecond', 'userBurst')) this.users = bucketsOf(limits, limits.userRatePerSecond, limits.userBurst, now)
  }

  /** Why this address may not make another connection; undefined counts it in, and {@link disconnected} counts it out. Before anything is known of who it is. */
  refusesConnection(address: string, mayBeBanned = true): Refusal | undefined {
    return (mayBeBanned ? this.refusesAddress(address) : undefined) ?? this.refusesHandshake(address) ?? this.refusesCount(address)
  }

  disconnected(address: string): void {
    this.connections--
    const count = (this.perAddress.get(address) ?? 1) - 1
    if (count === 0) this.perAddress.delete(address)
    else this.perAddress.set(address, count)
  }

  /** Why whoever comes from this address is kept out. */
  refusesAddress(address: string): Refusal | undefined {
    return this.banned(this.bans.hasAddress(address))
  }

  /** Why whoever has shown this identity is kept out. */
  refusesIdentity(identity: Identity): Refusal | undefined {
    return identity.role === 'user' ? this.banned(this.bans.hasUser(identity.user)) : undefined
  }

  /** How often a connection may send. */
  framePace(): FramePace {
    return new FramePace(this.limits.frameRatePerSecond, this.limits.frameBurst, this.clock.monotonic())
  }

  /** Why the next call of this connection is refused, or undefined. */
  refuses(connection: Connection): { readonly code: Code; readonly retryAfterMs: number } | undefined {
    const { layers, passed } = this.counters
    if (connection.inFlight >= this.limits.perConnectionInFlightMax) {
      layers.inFlight++
      return { code: 'BUSY', retryAfterMs: inFlightRetryMs }
    }
    passed.inFlight++
    const { identity } = connection
    if (identity.role === 'backend' || identity.role === 'operator') return undefined
    const now = this.clock.monotonic()
    const address = this.addresses.of(connection.address, now, this.timesOf)
    if (address.take(1, now) === 0) {
      layers.address++
      return { code: 'RATE_LIMITED', retryAfterMs: address.waitMs() }
    }
    passed.address++
    if (identity.role !== 'user') return undefined
    const user = this.users.of(identity.user, now)
    if (user.take(1, now) === 0) {
      layers.user++
      return { code: 'RATE_LIMITED', retryAfterMs: user.waitMs() }
    }
    passed.user++
    return undefined
  }

  sweep(): void {
    const now = this.clock.monotonic()
    this.addressHandshakes.sweep(now)
    this.addresses.sweep(now)
    this.users.sweep(now)
  }

  private banned(isBanned: boolean): Refusal | undefined {
    if (isBanned) {
      this.counters.layers.bans++
      return bannedRefusal
    }
    this.counters.passed.bans++
    return undefined
  }

  /** The address's own share first: whoever has used that up takes nothing from the others. */
  private refusesHandshake(address: string): Refusal | undefined {
    const { layers, passed } = this.counters
    const now = this.clock.monotonic()
    const own = this.addressHandshakes.of(address, now, this.timesOf)
    if (own.take(1, now) === 0) {
      layers.addressHandshakes++
      return refusal('RATE_LIMITED', tooManyHandshakes, own.waitMs())
    }
    passed.addressHandshakes++
    if (this.handshakes.take(1, now) === 0) {
      layers.handshakes++
      return refusal('RATE_LIMITED', tooManyHandshakes, this.handshakes.waitMs())
    }
    passed.handshakes++
    return undefined
  }

  private refusesCount(address: string): Refusal | undefined {
    const { layers, passed } = this.counters
    const count = this.perAddress.get(address) ?? 0
    const most = this.limits.connectionsPerAddressMax
    // Which network it is in takes longer to find out than to count, and matters to few.
    if (count >= most && count >= most * this.timesOf(address)) {
      layers.addressConnections++
      return refusal('BUSY', tooManyConnections, connectionsRetryMs)
    }
    passed.addressConnections++
    if (this.connections >= this.limits.connectionsMax) {
      layers.connections++
      return refusal('BUSY', tooManyConnections, connectionsRetryMs)
    }
    passed.connections++
    this.connections++
    this.perAddress.set(address, count + 1)
    return undefined
  }

  private readonly timesOf = (address: string): number =>
    this.sharedNetworks.find(address, () => true) === true ? this.limits.sharedNetworkTimes : 1
}

function bucketsOf({ addressesMax }: AdmissionLimits, ratePerSecond: number, burst: number, now: number): TokenBuckets {
  return new TokenBuckets(ratePerSecond, burst, addressesMax, now)
}

export const bannedRefusal = refusal('FORBIDDEN', 'You are banned.')
const tooManyHandshakes = 'Too many new connections; wait before the next one.'
const tooManyConnections = 'Too many connections.'
